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
  type CellSize,
  cellOf,
  firstEndingAfter,
  pageAt,
  type Spot,
} from './arrangement.js';
import type { Colours } from './colours.js';
import { drawable, fittingCell, LINED_FROM_PX, steppedCell } from './fitting-cell.js';
import { pixelOf, type Theme } from './look.js';
import { MapCanvas } from './map-canvas.js';
import { MapLabels } from './map-labels.js';
import type { Mirror } from './mirror.js';

/** A mark is at least so large. */
const MARK_PX = 9;
/** Of more twins than MANY, so that they do not hide one another. */
const SMALL_MARK_PX = 4;
const MANY_TWINS = 60;
/** How much of the ground shows through the pages that are not meant. */
const FADED = 0.82;

export class MapView {
  readonly viewport = element('map', HTMLDivElement);
  private readonly sheet = element('sheet', HTMLDivElement);
  private readonly labels = new MapLabels(element('labels', HTMLDivElement));
  private readonly marks = element('marks', HTMLDivElement);
  private readonly grid = element('grid', HTMLDivElement);
  private readonly empty = element('empty', HTMLParagraphElement);
  private readonly canvas = new MapCanvas(element('pages', HTMLCanvasElement));
  private readonly scanner = made('div', '', 'mark scanner');
  private readonly pointed = made('div', '', 'mark pointed');
  private arrangement: Arrangement = arrange([], 1, { width: 1, height: 1 });
  private sorted: readonly Block[] = [];
  /** Of what the map may take, in CSS pixels; 0 until it is known. */
  private room = { width: 0, height: 0 };
  /** Undefined: what fits. */
  private chosenCell: CellSize | undefined;
  private theme: Theme = 'light';
  /** The class that stands out; undefined: all are alike. */
  private meant: number | undefined;
  private twins: readonly number[] = [];
  private pointedSlot = -1;
  private frame = 0;

  constructor(
    private readonly mirror: Mirror,
    private readonly colours: Colours,
  ) {
    new ResizeObserver(([entry]) => {
      const width = Math.floor(entry?.contentRect.width ?? 0);
      const height = Math.floor(entry?.contentRect.height ?? 0);
      if (width === this.room.width && height === this.room.height) return;
      this.room = { width, height };
      this.rearrange();
    }).observe(this.viewport);
  }

  get blocks(): readonly Block[] {
    return this.arrangement.blocks;
  }

  /** Where on the screen the page pointed at is. */
  get pointedMark(): Element {
    return this.pointed;
  }

  /** Guests or regions are others, or the room is. */
  rearrange(): void {
    const { room } = this;
    if (room.width === 0) return;
    const { guests } = this.mirror;
    const cell = drawable(guests, room.width, this.chosenCell ?? fittingCell(guests, room));
    const arrangement = arrange(guests, room.width, cell);
    this.arrangement = arrangement;
    this.sorted = bySlot(arrangement);
    this.canvas.arrange(arrangement);
    this.sheet.style.width = `${arrangement.columns * cell.width}px`;
    this.sheet.style.height = `${arrangement.rows * cell.height}px`;
    this.empty.hidden = arrangement.blocks.length > 0 || !this.mirror.known;
    this.sheet.hidden = arrangement.blocks.length === 0;
    this.grid.hidden = cell.width < LINED_FROM_PX;
    this.grid.style.backgroundSize = `${cell.width}px ${cell.height}px`;
    this.labels.show(arrangement);
    this.repaint();
  }

  /** Chooses the size of a page: a step larger or smaller, or what fits. */
  zoom(steps: 1 | -1 | 'fit'): void {
    this.chosenCell =
      steps === 'fit'
        ? undefined
        : steppedCell(this.mirror.guests, this.room.width, this.arrangement.cell, steps);
    this.rearrange();
    this.reveal();
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    this.repaint();
  }

  /** Makes the pages of one class stand out; undefined: none. */
  mean(value: number | undefined): void {
    this.meant = value;
    this.repaint();
  }

  pagesChanged(from: number, to: number): void {
    this.canvas.draw(this.colours.values, from, to);
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
    const { viewport } = this;
    const { height } = this.arrangement.cell;
    const top = y * height;
    if (top < viewport.scrollTop) viewport.scrollTop = Math.max(0, top - viewport.clientHeight / 4);
    else if (top + height > viewport.scrollTop + viewport.clientHeight)
      viewport.scrollTop = top - viewport.clientHeight * 0.75;
  }

  /** The page at a point of the window. */
  spotAt(clientX: number, clientY: number): Spot | undefined {
    const { left, top } = this.sheet.getBoundingClientRect();
    const { width, height } = this.arrangement.cell;
    return pageAt(
      this.arrangement,
      Math.floor((clientX - left) / width),
      Math.floor((clientY - top) / height),
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

  /** What the colours stand for is another thing, or all pages may be of another class. */
  repaint(): void {
    const { colours, theme, meant, twins } = this;
    const ground = getComputedStyle(document.documentElement).getPropertyValue('--surface').trim();
    const palette = new Uint32Array(16);
    for (const { value, look } of colours.classes) {
      // In the other modes the colours around them are what twins are looked at for.
      const fades = twins.length > 0 && colours.areLive;
      const isFaded = fades || (meant !== undefined && meant !== value);
      palette[value] = pixelOf(look[theme], ground, isFaded ? FADED : 0);
    }
    this.canvas.setPalette(palette);
    this.canvas.drawAll(colours.values);
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
    const { cell } = this.arrangement;
    const width = Math.max(cell.width, least);
    const height = Math.max(cell.height, least);
    mark.style.width = `${width}px`;
    mark.style.height = `${height}px`;
    const left = (x + 0.5) * cell.width - width / 2;
    const top = (y + 0.5) * cell.height - height / 2;
    mark.style.transform = `translate(${left}px, ${top}px)`;
  }
}
