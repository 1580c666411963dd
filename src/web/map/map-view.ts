/**
 * The map: pixels, names of guests and regions, and marks for the scanner, the page pointed at and
 * its twins.
 *
 * Draws at most once a frame, and only when something has changed.
 */
import { element, made } from '../elements.js';
import {
  type Arrangement,
  arrange,
  type Block,
  bySlot,
  CELLS,
  cellOf,
  firstEndingAfter,
  fittingCell,
  largestCell,
  pageAt,
  type Spot,
} from './arrangement.js';
import { MapCanvas } from './map-canvas.js';
import type { Mirror } from './mirror.js';
import { pixelOf, type Theme } from './page-states.js';

/** Of the height of the window, that the map fits into. */
const HEIGHT_SHARE = 0.62;
const MIN_HEIGHT_PX = 320;
/** A mark is at least so large. */
const MARK_PX = 9;
/** Of more twins than MANY, so that they do not hide one another. */
const SMALL_MARK_PX = 4;
const MANY_TWINS = 60;
/** Cells from this size on have lines between them. */
const GRID_FROM_PX = 6;
/** How much of the ground shows through the pages that are not meant. */
const FADED = 0.82;

export class MapView {
  readonly viewport = element('map', HTMLDivElement);
  private readonly sheet = element('sheet', HTMLDivElement);
  private readonly labels = element('labels', HTMLDivElement);
  private readonly marks = element('marks', HTMLDivElement);
  private readonly grid = element('grid', HTMLDivElement);
  private readonly empty = element('empty', HTMLParagraphElement);
  private readonly canvas = new MapCanvas(element('pages', HTMLCanvasElement));
  private readonly scanner = made('div', '', 'mark scanner');
  private readonly pointed = made('div', '', 'mark pointed');
  private arrangement: Arrangement = arrange([], 1, 1);
  private sorted: readonly Block[] = [];
  /** Of what the map may take, in CSS pixels; 0 until it is known. */
  private width = 0;
  /** Undefined: what fits. */
  private chosenCell: number | undefined;
  private theme: Theme = 'light';
  /** The state that stands out; undefined: all are alike. */
  private meant: string | undefined;
  private twins: readonly number[] = [];
  private pointedSlot = -1;
  private frame = 0;

  constructor(private readonly mirror: Mirror) {
    new ResizeObserver(([entry]) => {
      const width = Math.floor(entry?.contentRect.width ?? 0);
      if (width === this.width) return;
      this.width = width;
      this.rearrange();
    }).observe(this.viewport);
  }

  get cell(): number {
    return this.arrangement.cell;
  }

  get blocks(): readonly Block[] {
    return this.arrangement.blocks;
  }

  /** Guests or regions are others, or the room is. */
  rearrange(): void {
    if (this.width === 0) return;
    const { guests } = this.mirror;
    const height = Math.max(MIN_HEIGHT_PX, window.innerHeight * HEIGHT_SHARE);
    const cell = Math.min(
      this.chosenCell ?? fittingCell(guests, this.width, height),
      largestCell(guests, this.width),
    );
    const arrangement = arrange(guests, this.width, cell);
    this.arrangement = arrangement;
    this.sorted = bySlot(arrangement);
    this.canvas.arrange(arrangement);
    this.sheet.style.width = `${arrangement.columns * cell}px`;
    this.sheet.style.height = `${arrangement.rows * cell}px`;
    this.empty.hidden = arrangement.blocks.length > 0 || !this.mirror.known;
    this.sheet.hidden = arrangement.blocks.length === 0;
    this.grid.hidden = cell < GRID_FROM_PX;
    this.grid.style.backgroundSize = `${cell}px ${cell}px`;
    this.labels.replaceChildren(
      ...arrangement.labels.map(({ text, kind, x, y, columns }) => {
        const label = made('span', text, kind);
        label.style.transform = `translate(${x * cell}px, ${y * cell}px)`;
        label.style.maxWidth = `${columns * cell}px`;
        return label;
      }),
    );
    this.repaint();
  }

  /** Chooses the size of a page: so many steps larger, or what fits. */
  zoom(steps: number | 'fit'): void {
    if (steps === 'fit') this.chosenCell = undefined;
    else {
      const at = CELLS.findIndex((cell) => cell >= this.cell) + steps;
      this.chosenCell = CELLS[Math.min(CELLS.length - 1, Math.max(0, at))];
    }
    this.rearrange();
    this.reveal();
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    this.repaint();
  }

  /** Makes the pages of one state stand out; undefined: none. */
  mean(state: string | undefined): void {
    this.meant = state;
    this.repaint();
  }

  pagesChanged(from: number, to: number): void {
    this.canvas.draw(this.mirror.states, from, to);
  }

  /** Shows what has changed, in the next frame. */
  show(): void {
    if (this.frame !== 0) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.canvas.flush();
      this.place(this.scanner, this.mirror.cursor);
    });
  }

  /** Marks the page pointed at: a slot, or -1. */
  point(slot: number): void {
    this.pointedSlot = slot;
    this.place(this.pointed, slot);
  }

  /** Lights up the pages of these slots; none: all pages are as they were. */
  light(slots: readonly number[]): void {
    const faded = this.twins.length > 0;
    this.twins = slots;
    if (faded !== slots.length > 0) this.repaint();
    else this.mark();
  }

  /** Scrolls to the page pointed at. */
  reveal(): void {
    const spot = this.spotOf(this.pointedSlot);
    if (spot === undefined) return;
    const { y } = cellOf(spot.block, spot.page);
    const { viewport, cell } = this;
    const top = y * cell;
    if (top < viewport.scrollTop) viewport.scrollTop = Math.max(0, top - viewport.clientHeight / 4);
    else if (top + cell > viewport.scrollTop + viewport.clientHeight)
      viewport.scrollTop = top - viewport.clientHeight * 0.75;
  }

  /** The page at a point of the window. */
  spotAt(clientX: number, clientY: number): Spot | undefined {
    const { left, top } = this.sheet.getBoundingClientRect();
    return pageAt(
      this.arrangement,
      Math.floor((clientX - left) / this.cell),
      Math.floor((clientY - top) / this.cell),
    );
  }

  /** The nearest page so many rows above or below another. */
  spotBelow({ block, page }: Spot, rows: 1 | -1): Spot | undefined {
    const { x, y } = cellOf(block, page);
    for (let row = y + rows; row >= 0 && row < this.arrangement.rows; row += rows) {
      const spot = pageAt(this.arrangement, x, row);
      if (spot !== undefined) return spot;
    }
    return undefined;
  }

  /** The page of a slot. */
  spotOf(slot: number): Spot | undefined {
    const block = this.sorted[firstEndingAfter(this.sorted, slot)];
    return block === undefined || slot < block.region.first
      ? undefined
      : { block, page: slot - block.region.first };
  }

  private repaint(): void {
    const { mirror, theme, meant, twins } = this;
    const ground = getComputedStyle(document.documentElement).getPropertyValue('--surface').trim();
    const palette = new Uint32Array(16);
    mirror.names.forEach((name, state) => {
      palette[state] = pixelOf(
        name,
        theme,
        ground,
        twins.length > 0 || (meant !== undefined && meant !== name) ? FADED : 0,
      );
    });
    this.canvas.setPalette(palette);
    this.canvas.drawAll(mirror.states);
    this.mark();
    this.show();
  }

  private mark(): void {
    const many = this.twins.length > MANY_TWINS;
    const lit = this.twins.map((slot) => {
      const mark = made('div', '', many ? 'mark twin small' : 'mark twin');
      this.place(mark, slot, many ? SMALL_MARK_PX : MARK_PX);
      return mark;
    });
    this.marks.replaceChildren(...lit, this.scanner, this.pointed);
    this.place(this.scanner, this.mirror.cursor);
    this.place(this.pointed, this.pointedSlot);
  }

  private place(mark: HTMLElement, slot: number, least = MARK_PX): void {
    const spot = this.spotOf(slot);
    mark.hidden = spot === undefined;
    if (spot === undefined) return;
    const { x, y } = cellOf(spot.block, spot.page);
    const { cell } = this;
    const size = Math.max(cell, least);
    mark.style.width = `${size}px`;
    mark.style.height = `${size}px`;
    const [left, top] = [x, y].map((at) => (at + 0.5) * cell - size / 2);
    mark.style.transform = `translate(${left}px, ${top}px)`;
  }
}
