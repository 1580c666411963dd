/** What pages of one class look like on the map and in the legend. */

export interface Look {
  readonly label: string;
  readonly meaning: string;
  /** `#rrggbb` on a light and on a dark page. */
  readonly light: string;
  readonly dark: string;
}

export type Theme = 'light' | 'dark';

/** `#rrggbb` as a pixel of ImageData, mixed with so much of `ground` (0 to 1). */
export function pixelOf(colour: string, ground: string, mixed: number): number {
  const own = channels(colour);
  const other = channels(ground);
  const [red, green, blue] = own.map((value, i) =>
    Math.round(value * (1 - mixed) + (other[i] ?? 0) * mixed),
  ) as [number, number, number];
  // Alpha, blue, green, red from the top byte down: pixels are written whole, on machines that
  // store the low byte first.
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

function channels(colour: string): [number, number, number] {
  const value = Number.parseInt(colour.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}
