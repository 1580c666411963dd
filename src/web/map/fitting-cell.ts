/**
 * How large a page's cell is: as large as lets the whole map fit into its card, so that it fills
 * it; or a step larger or smaller than it was.
 *
 * Where cells are so large that there are lines between them, they measure whole pixels, and may be
 * one higher than wide: by squares alone a quarter of the card could be left over.
 */
import type { MapGuest } from '../../protocol/routes/live.js';
import { arrange, type CellSize } from './arrangement.js';

/** Cells from this size on have lines between them. CSS pixels. */
export const LINED_FROM_PX = 6;
const SMALLEST_PX = 0.2;
const LARGEST_PX = 96;
/** A shelf is at least so many cells wide, or what rounding leaves over would be seen. */
const FEWEST_COLUMNS = 8;
/** Of one size of a cell without lines to the next. */
const FINE_STEP = 1.02;
/** Sizes that people choose. CSS pixels. */
const STEPS = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 96] as const;
/** Sizes looked at besides, above the one that halving finds. */
const NEAR = 6;
/** No browser draws higher ones. */
const MAX_ROWS = 30_000;

export interface Room {
  /** CSS pixels. */
  readonly width: number;
  readonly height: number;
}

/** Largest first. */
const FITTING: readonly CellSize[] = fittingSizes();

function fittingSizes(): CellSize[] {
  const sizes: CellSize[] = [];
  for (let size = LARGEST_PX; size >= LINED_FROM_PX; size--)
    sizes.push({ width: size, height: size + 1 }, { width: size, height: size });
  for (let size = LINED_FROM_PX / FINE_STEP; size >= SMALLEST_PX; size /= FINE_STEP)
    sizes.push({ width: size, height: size });
  return sizes;
}

/** The largest cell at which all of the map is in sight. */
export function fittingCell(guests: readonly MapGuest[], { width, height }: Room): CellSize {
  // Sizes go down by little, and a larger cell takes more room, but for what shelves are rounded
  // to: so the neighbourhood of what is found by halving is looked at one by one.
  const fits = (cell: CellSize): boolean =>
    cell.width * FEWEST_COLUMNS <= width &&
    arrange(guests, width, cell).rows * cell.height <= height;
  let low = 0;
  let high = FITTING.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (fits(FITTING[middle] ?? square(SMALLEST_PX))) high = middle;
    else low = middle + 1;
  }
  const near = FITTING.slice(Math.max(0, low - NEAR));
  return near.find(fits) ?? square(SMALLEST_PX);
}

/** A size that people choose, so many steps from this one; as far as a browser can draw the map. */
export function steppedCell(
  guests: readonly MapGuest[],
  width: number,
  from: CellSize,
  steps: 1 | -1,
): CellSize {
  const wanted =
    steps === 1
      ? STEPS.find((size) => size > from.width)
      : STEPS.findLast((size) => size < from.width);
  return drawable(guests, width, wanted === undefined ? from : square(wanted));
}

/** This size, or the largest at which a browser can draw the map. */
export function drawable(guests: readonly MapGuest[], width: number, cell: CellSize): CellSize {
  if (arrange(guests, width, cell).rows <= MAX_ROWS) return cell;
  const smaller = STEPS.findLast(
    (size) => size < cell.width && arrange(guests, width, square(size)).rows <= MAX_ROWS,
  );
  return square(smaller ?? STEPS[0]);
}

function square(size: number): CellSize {
  return { width: size, height: size };
}
