/** What each two guests have in common, as a square, and by which shade it is shown. */

export class Amounts {
  /** Of the two that have most in common. */
  readonly most: number;
  private readonly square: Float64Array;

  constructor(
    readonly guests: number,
    pairs: readonly number[],
  ) {
    this.square = new Float64Array(guests * guests);
    let most = 0;
    for (let at = 0; at < pairs.length; at += 3) {
      const a = pairs[at] ?? 0;
      const b = pairs[at + 1] ?? 0;
      const bytes = pairs[at + 2] ?? 0;
      this.square[a * guests + b] = bytes;
      this.square[b * guests + a] = bytes;
      most = Math.max(most, bytes);
    }
    this.most = most;
  }

  of(a: number, b: number): number {
    return this.square[a * this.guests + b] ?? 0;
  }

  /**
   * 0 for nothing, 1 for most, by the square root: of two shades one twice as far from nothing is
   * four times as much, so little is seen beside much.
   */
  shade(bytes: number): number {
    return this.most === 0 ? 0 : Math.sqrt(bytes / this.most);
  }
}

/** The bytes that a shade is of, for the legend. */
export function bytesOfShade(shade: number, most: number): number {
  return shade * shade * most;
}
