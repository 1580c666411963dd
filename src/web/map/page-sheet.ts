/**
 * Where a page is explained. On a wide screen that is a column beside the map, always there and
 * always as large. On a narrow one it is a sheet at the bottom, which comes when a page is chosen
 * and goes with a button or Escape; the page scrolls so far that the sheet does not lie over the
 * page of memory that it tells of.
 */
import { element } from '../elements.js';

/** Between the page pointed at and the sheet. CSS pixels. */
const CLEARANCE_PX = 16;

export class PageSheet {
  private readonly sheet = element('page', HTMLElement);

  /** `onClose`: somebody has sent it away. */
  constructor(private readonly onClose: () => void) {
    element('close-page', HTMLButtonElement).addEventListener('click', () => this.close());
    for (const part of [this.sheet, element('map', HTMLDivElement)])
      part.addEventListener('keydown', ({ key }) => {
        if (key === 'Escape' && this.isOpen) this.close();
      });
  }

  /** It is a sheet, not a column. */
  get comesAndGoes(): boolean {
    return getComputedStyle(this.sheet).position === 'fixed';
  }

  private get isOpen(): boolean {
    return this.comesAndGoes && this.sheet.dataset.open !== undefined;
  }

  /** Opens it, with what it tells of in sight. */
  open(pointed: Element): void {
    if (!this.comesAndGoes) return;
    this.sheet.dataset.open = '';
    const { top, bottom } = pointed.getBoundingClientRect();
    const lowest = this.sheet.getBoundingClientRect().top - CLEARANCE_PX;
    if (bottom > lowest) window.scrollBy({ top: bottom - lowest });
    else if (top < CLEARANCE_PX) window.scrollBy({ top: top - CLEARANCE_PX });
  }

  /** There is nothing to tell of any more. */
  leave(): void {
    delete this.sheet.dataset.open;
  }

  private close(): void {
    this.leave();
    this.onClose();
  }
}
