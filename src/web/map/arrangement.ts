/**
 * Where on the map each page is: guests side by side on shelves, each with its regions below one
 * another, a cell a page.
 *
 * Measures are in cells, the size of which is chosen so that the whole is about as high as there is
 * room for: big cells for few pages, one pixel for many.
 */
import type { MapGuest, MapRegion } from '../../protocol/routes/live.js';

/** A region: `pages` cells, row by row. */
export interface Block {
  /** Place in guests. */
  readonly guest: number;
  readonly region: MapRegion;
  readonly x: number;
  readonly y: number;
  readonly columns: number;
}

export interface Label {
  readonly text: string;
  readonly kind: 'guest' | 'region';
  readonly x: number;
  readonly y: number;
  readonly columns: number;
}

export interface Arrangement {
  /** CSS pixels. */
  readonly cell: number;
  readonly columns: number;
  readonly rows: number;
  /** In the order of guests and of addresses. */
  readonly blocks: readonly Block[];
  readonly labels: readonly Label[];
}

/** What a page's cell may measure, in CSS pixels. */
export const CELLS = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32] as const;
/** No browser draws higher ones. */
const MAX_ROWS = 30_000;

const GAP_PX = 10;
/** Between guests too many to have names. */
const NARROW_GAP_PX = 3;
const GUEST_LABEL_PX = 18;
const REGION_LABEL_PX = 15;
/** A narrower guest has its name in the explanation only. */
const MIN_LABELLED_PX = 44;
const MIN_REGION_LABELLED_PX = 70;
/** More guests than this are not made wider for their names. */
const MAX_WIDENED_GUESTS = 60;
const MAX_LABELLED_REGIONS = 24;
/** A guest's columns over its rows. */
const ASPECT = 1.8;

/** The largest cell at which the map is no higher than `height`, in CSS pixels. */
export function fittingCell(guests: readonly MapGuest[], width: number, height: number): number {
  for (const cell of [...CELLS].reverse()) {
    const { rows } = arrange(guests, width, cell);
    if (rows * cell <= height) return cell;
  }
  return CELLS[0];
}

/** The largest cell at which a browser can draw the map. */
export function largestCell(guests: readonly MapGuest[], width: number): number {
  return (
    [...CELLS].reverse().find((cell) => arrange(guests, width, cell).rows <= MAX_ROWS) ?? CELLS[0]
  );
}

export function arrange(guests: readonly MapGuest[], width: number, cell: number): Arrangement {
  const columns = Math.max(8, Math.floor(width / cell));
  const placed = guests
    .map(({ name, regions }, guest) => ({
      name,
      regions,
      guest,
      pages: regions.reduce((sum, { pages }) => sum + pages, 0),
    }))
    .filter(({ pages }) => pages > 0);
  const total = placed.reduce((sum, { pages }) => sum + pages, 0);
  const named = placed.length <= MAX_WIDENED_GUESTS;
  const gap = Math.ceil((named ? GAP_PX : NARROW_GAP_PX) / cell);
  const widened = named ? Math.ceil(MIN_LABELLED_PX / cell) : 1;
  const rowsWanted = Math.max(1, Math.sqrt(total / Math.max(1, placed.length) / ASPECT));
  const widthOf = (pages: number, rows: number): number =>
    Math.min(columns, Math.max(widened, Math.ceil(pages / rows)));

  const blocks: Block[] = [];
  const labels: Label[] = [];
  let y = 0;
  let lastRows = rowsWanted;
  for (let from = 0; from < placed.length; ) {
    let to = from;
    for (let used = -gap; to < placed.length; to++) {
      used += gap + widthOf(placed[to]?.pages ?? 0, rowsWanted);
      if (used > columns && to > from) break;
    }
    const shelf = placed.slice(from, to);
    from = to;
    const widthAt = (rows: number): number =>
      shelf.reduce((sum, { pages }) => sum + widthOf(pages, rows), gap * (shelf.length - 1));
    // A full shelf is made to end at the right edge; what is left over at the end looks like the
    // shelf before it.
    let rows =
      to < placed.length || widthAt(lastRows) > columns * 0.7 || blocks.length === 0
        ? fewestRows(widthAt, columns, rowsWanted)
        : lastRows;
    if (widthAt(rows) > columns) rows = rowsWanted;
    lastRows = rows;
    let x = 0;
    let bottom = y;
    for (const { name, regions, guest, pages } of shelf) {
      const wide = widthOf(pages, rows);
      bottom = Math.max(
        bottom,
        placeGuest({ name, regions, guest, x, y, columns: wide, cell }, blocks, labels),
      );
      x += wide + gap;
    }
    y = bottom + gap;
  }
  return { cell, columns, rows: Math.max(1, y - gap), blocks, labels };
}

/** The fewest rows at which a shelf is not too wide. */
function fewestRows(widthAt: (rows: number) => number, columns: number, most: number): number {
  let low = 1;
  let high = Math.max(1, most);
  for (let i = 0; i < 24; i++) {
    const middle = (low + high) / 2;
    if (widthAt(middle) <= columns) high = middle;
    else low = middle;
  }
  return high;
}

interface GuestPlace {
  readonly name: string;
  readonly regions: readonly MapRegion[];
  readonly guest: number;
  readonly x: number;
  readonly y: number;
  readonly columns: number;
  readonly cell: number;
}

/** Places a guest's regions below one another; the row after them. */
function placeGuest(
  { name, regions, guest, x, y, columns, cell }: GuestPlace,
  blocks: Block[],
  labels: Label[],
): number {
  const px = columns * cell;
  let row = y;
  if (px >= MIN_LABELLED_PX) {
    labels.push({ text: name, kind: 'guest', x, y: row, columns });
    row += Math.ceil(GUEST_LABEL_PX / cell);
  }
  const labelled =
    regions.length > 1 && regions.length <= MAX_LABELLED_REGIONS && px >= MIN_REGION_LABELLED_PX;
  regions.forEach((region, i) => {
    if (labelled) {
      labels.push({ text: region.name, kind: 'region', x, y: row, columns });
      row += Math.ceil(REGION_LABEL_PX / cell);
    } else if (i > 0) row++;
    blocks.push({ guest, region, x, y: row, columns });
    row += Math.ceil(region.pages / columns);
  });
  return row;
}

export interface Cell {
  readonly x: number;
  readonly y: number;
}

/** The cell of page number `page` of a block. */
export function cellOf({ x, y, columns }: Block, page: number): Cell {
  return { x: x + (page % columns), y: y + Math.floor(page / columns) };
}

/** A page, by its block and its number in it. */
export interface Spot {
  readonly block: Block;
  readonly page: number;
}

/** The page at a cell; undefined between the blocks. */
export function pageAt({ blocks }: Arrangement, x: number, y: number): Spot | undefined {
  for (const block of blocks) {
    const column = x - block.x;
    const row = y - block.y;
    if (column < 0 || column >= block.columns || row < 0) continue;
    const page = row * block.columns + column;
    if (page < block.region.pages) return { block, page };
  }
  return undefined;
}

/** Blocks by slot, to find the one that a slot is of. */
export function bySlot({ blocks }: Arrangement): readonly Block[] {
  return [...blocks].sort((a, b) => a.region.first - b.region.first);
}

/**
 * Which of the blocks in order of slots is the first that ends after `slot`; their number if none
 * does.
 */
export function firstEndingAfter(sorted: readonly Block[], slot: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const region = sorted[middle]?.region;
    if (region !== undefined && region.first + region.pages <= slot) low = middle + 1;
    else high = middle;
  }
  return low;
}
