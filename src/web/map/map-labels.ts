/**
 * Names of guests and regions on the map. One that is too long for its place is shortened in the
 * middle: names often differ at their ends only.
 */
import { made } from '../elements.js';
import type { Arrangement } from './arrangement.js';

/** Right of a name, for the next one not to touch it. CSS pixels. */
const PADDING_PX = 4;

export class MapLabels {
  private readonly pen: CanvasRenderingContext2D;

  constructor(private readonly labels: HTMLElement) {
    const pen = document.createElement('canvas').getContext('2d');
    if (pen === null) throw new Error('this browser draws no pictures');
    this.pen = pen;
  }

  show({ labels, cell }: Arrangement): void {
    this.labels.replaceChildren(
      ...labels.map(({ kind, x, y, columns }) => {
        const label = made('span', '', kind);
        label.style.transform = `translate(${x * cell.width}px, ${y * cell.height}px)`;
        label.style.maxWidth = `${columns * cell.width}px`;
        return label;
      }),
    );
    // Once they are on the page: the fonts are those of its styles.
    const fonts = new Map<string, string>();
    for (const [i, { text, kind, columns }] of labels.entries()) {
      const label = this.labels.children[i];
      if (!(label instanceof HTMLElement)) continue;
      const font = fonts.get(kind) ?? fontOf(label);
      fonts.set(kind, font);
      this.pen.font = font;
      const most = columns * cell.width - PADDING_PX;
      label.textContent = shortened(text, (part) => this.pen.measureText(part).width <= most);
    }
  }
}

function fontOf(label: HTMLElement): string {
  const { fontWeight, fontSize, fontFamily } = getComputedStyle(label);
  return `${fontWeight} ${fontSize} ${fontFamily}`;
}

/** The text, or as much of its beginning and end as fits. */
export function shortened(text: string, fits: (part: string) => boolean): string {
  if (fits(text)) return text;
  let low = 1;
  let high = text.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (fits(withoutMiddle(text, middle))) low = middle;
    else high = middle - 1;
  }
  return withoutMiddle(text, low);
}

/** So many characters of it, half of them from its end. */
function withoutMiddle(text: string, kept: number): string {
  const end = Math.floor(kept / 2);
  return `${text.slice(0, kept - end)}…${text.slice(text.length - end)}`;
}
