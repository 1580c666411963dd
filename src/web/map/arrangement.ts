/**
 * Where on the map each page is: guests side by side on shelves, each with its regions below one
 * another, a cell a page.
 *
 * Places are counted in cells. What a cell measures is chosen so that the whole fills the room
 * there is (fitting-cell.ts): large cells for few pages, less than a pixel for very many. Shelves
 * have about as much on them each, and end at the right edge.
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

/** CSS pixels. */
export interface CellSize {
  readonly width: number;
  readonly height: number;
}

export interface Arrangement {
  readonly cell: CellSize;
  readonly columns: number;
  readonly rows: number;
  /** In the order of guests and of addresses. */
  readonly blocks: readonly Block[];
  readonly labels: readonly Label[];
}

const GAP_PX = 10;
/** Between guests too many to have names. */
const NARROW_GAP_PX = 3;
const GUEST_LABEL_PX = 18;
const REGION_LABEL_PX = 15;
/** A narrower guest has its name in the explanation only. */
const MIN_LABELLED_PX = 44;
const MIN_REGION_LABELLED_PX = 70;
/** More guests than this have no names on the map: those would take more room than their pages. */
const MAX_NAMED_GUESTS = 60;
const MAX_LABELLED_REGIONS = 24;
/** A guest's width over its height. */
const ASPECT = 1.8;

/** Of the number of shelves: so many more or fewer are as good. */
const NEAR_SHARE = 0.15;

interface Placed {
  readonly name: string;
  readonly regions: readonly MapRegion[];
  /** Place in guests. */
  readonly guest: number;
  readonly pages: number;
}

export function arrange(guests: readonly MapGuest[], width: number, cell: CellSize): Arrangement {
  const columns = Math.max(8, Math.floor(width / cell.width));
  const placed = guests
    .map(({ name, regions }, guest) => ({
      name,
      regions,
      guest,
      pages: regions.reduce((sum, { pages }) => sum + pages, 0),
    }))
    .filter(({ pages }) => pages > 0);
  const total = placed.reduce((sum, { pages }) => sum + pages, 0);
  const named = placed.length <= MAX_NAMED_GUESTS;
  const gapPx = named ? GAP_PX : NARROW_GAP_PX;
  const gap = Math.ceil(gapPx / cell.width);
  const least = Math.min(columns, named ? Math.ceil(MIN_LABELLED_PX / cell.width) : 1);
  const rowsWanted = Math.max(
    1,
    Math.sqrt((total * cell.width) / (Math.max(1, placed.length) * ASPECT * cell.height)),
  );
  const widthOf = (pages: number, rows: number): number =>
    Math.min(columns, Math.max(least, Math.ceil(pages / rows)));

  const blocks: Block[] = [];
  const labels: Label[] = [];
  let y = 0;
  const gapRows = Math.ceil(gapPx / cell.height);
  for (const shelf of shelvesOf(placed, {
    columns,
    gap,
    least,
    widthOf: ({ pages }) => widthOf(pages, rowsWanted),
  })) {
    const widthAt = (rows: number): number =>
      shelf.reduce((sum, { pages }) => sum + widthOf(pages, rows), gap * (shelf.length - 1));
    const rows = fewestRows(widthAt, columns, Math.max(1, ...shelf.map(({ pages }) => pages)));
    // What rounding leaves over goes to the first ones, a column each.
    const left = columns - widthAt(rows);
    const extra = left <= shelf.length ? left : 0;
    let x = 0;
    let bottom = y;
    for (const [i, { name, regions, guest, pages }] of shelf.entries()) {
      const wide = widthOf(pages, rows) + (i < extra ? 1 : 0);
      bottom = Math.max(
        bottom,
        placeGuest({ name, regions, guest, x, y, columns: wide, cell, named }, blocks, labels),
      );
      x += wide + gap;
    }
    y = bottom + gapRows;
  }
  return { cell, columns, rows: Math.max(1, y - gapRows), blocks, labels };
}

interface ShelfRoom {
  readonly columns: number;
  readonly gap: number;
  /** How few columns a guest may have. */
  readonly least: number;
  readonly widthOf: (guest: Placed) => number;
}

/** Guests in their order, on shelves that are about equally full. */
function shelvesOf(
  placed: readonly Placed[],
  { columns, gap, least, widthOf }: ShelfRoom,
): Placed[][] {
  const whole = placed.reduce((sum, guest) => sum + widthOf(guest) + gap, 0);
  // Fewer and higher ones where it is between two numbers: three guests stand side by side.
  const wanted = evenly(placed.length, Math.max(1, Math.floor(whole / (columns + gap) + 0.3)));
  const share = whole / wanted;
  const most = Math.max(1, Math.floor((columns + gap) / (least + gap)));
  const shelves: Placed[][] = [];
  let used = 0;
  let last: Placed[] = [];
  for (const guest of placed) {
    const wide = widthOf(guest) + gap;
    // A shelf ends where the next guest would lie more behind its end than before.
    const isFull = used + wide / 2 > share * Math.max(1, shelves.length);
    if (shelves.length === 0 || isFull || last.length >= most) {
      last = [];
      shelves.push(last);
    }
    last.push(guest);
    used += wide;
  }
  return shelves;
}

/** A number of shelves near that one on which guests are equally many, or nearly. */
function evenly(guests: number, shelves: number): number {
  const near = Math.floor(shelves * NEAR_SHARE);
  let best = shelves;
  for (let number = shelves - near; number <= shelves + near; number++) {
    const missing = (each: number): number => Math.ceil(guests / each) * each - guests;
    if (missing(number) < missing(best)) best = number;
  }
  return best;
}

/** The fewest rows at which a shelf is not too wide. */
function fewestRows(widthAt: (rows: number) => number, columns: number, most: number): number {
  let low = 1;
  let high = most;
  for (let i = 0; i < 40; i++) {
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
  readonly cell: CellSize;
  readonly named: boolean;
}

/** Places a guest's regions below one another; the row after them. */
function placeGuest(
  { name, regions, guest, x, y, columns, cell, named }: GuestPlace,
  blocks: Block[],
  labels: Label[],
): number {
  const px = columns * cell.width;
  let row = y;
  if (named && px >= MIN_LABELLED_PX) {
    labels.push({ text: name, kind: 'guest', x, y: row, columns });
    row += Math.ceil(GUEST_LABEL_PX / cell.height);
  }
  const labelled =
    named &&
    regions.length > 1 &&
    regions.length <= MAX_LABELLED_REGIONS &&
    px >= MIN_REGION_LABELLED_PX;
  regions.forEach((region, i) => {
    if (labelled) {
      labels.push({ text: region.name, kind: 'region', x, y: row, columns });
      row += Math.ceil(REGION_LABEL_PX / cell.height);
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
