/**
 * A block of LZ4: literals, and copies of what has just been written. No package that is kept well
 * does this piece by piece with what came before, as files of linked blocks need it.
 */

const LENGTH_ON = 15;
const SHORTEST_MATCH = 4;

/**
 * Unpacks `block` into `out` from `at` on; copies may reach back to the beginning of `out`. Where
 * it ends; undefined if the block is damaged, or has more in it than there is room for.
 */
export function unlz4(block: Uint8Array, out: Uint8Array, at: number): number | undefined {
  let from = 0;
  let to = at;
  for (;;) {
    const token = block[from++];
    if (token === undefined) return undefined;
    let literals = token >> 4;
    if (literals === LENGTH_ON) {
      let more: number | undefined;
      do {
        more = block[from++];
        if (more === undefined) return undefined;
        literals += more;
      } while (more === 255);
    }
    if (from + literals > block.length || to + literals > out.length) return undefined;
    if (literals > 0) {
      out.set(block.subarray(from, from + literals), to);
      from += literals;
      to += literals;
    }
    if (from === block.length) return to;
    const low = block[from++];
    const high = block[from++];
    if (low === undefined || high === undefined) return undefined;
    const distance = low | (high << 8);
    let length = token & 15;
    if (length === LENGTH_ON) {
      let more: number | undefined;
      do {
        more = block[from++];
        if (more === undefined) return undefined;
        length += more;
      } while (more === 255);
    }
    length += SHORTEST_MATCH;
    if (distance === 0 || distance > to || to + length > out.length) return undefined;
    copyBack(out, to, distance, length);
    to += length;
  }
}

/** What lies `distance` back, again and again if it is shorter than `length`. */
export function copyBack(out: Uint8Array, to: number, distance: number, length: number): void {
  if (distance >= length) {
    out.copyWithin(to, to - distance, to - distance + length);
    return;
  }
  if (distance === 1) {
    out.fill(out[to - 1] ?? 0, to, to + length);
    return;
  }
  for (let at = to; at < to + length; at++) out[at] = out[at - distance] ?? 0;
}
