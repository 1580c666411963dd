/**
 * LZO1X, as liblzo2 packs pages: its format is described in Linux's Documentation/staging/lzo.rst.
 * The one package there is has not been touched in years, and is liblzo2 in wasm, which is GPL.
 */
import { copyBack } from './lz4-block.js';

const END_MARKER = 0x11;
/** An instruction below this is literals or a short copy, by what came before it. */
const FIRST_COPY = 16;
const AFTER_LITERALS = 4;

/**
 * Unpacks all of `packed` into `out`, and says how many bytes that are; undefined if it is damaged,
 * or has more in it than there is room for.
 */
export function unlzo(packed: Uint8Array, out: Uint8Array): number | undefined {
  let from = 0;
  let to = 0;
  /** Literals that the last instruction brought: 0 to 3, or 4 for a run of them. */
  let state = 0;

  /** What a length of zero stands for: `base`, 255 for each zero byte, and the first other one. */
  const long = (base: number): number => {
    let length = base;
    while (packed[from] === 0) {
      length += 255;
      from++;
    }
    return length + (packed[from++] ?? Number.POSITIVE_INFINITY);
  };
  const literals = (count: number): boolean => {
    if (from + count > packed.length || to + count > out.length) return false;
    for (let left = count; left > 0; left--) out[to++] = packed[from++] ?? 0;
    return true;
  };

  const first = packed[0] ?? 0;
  if (first > END_MARKER) {
    from = 1;
    const count = first - END_MARKER;
    if (!literals(count)) return undefined;
    state = Math.min(count, AFTER_LITERALS);
  }
  for (;;) {
    const code = packed[from++];
    if (code === undefined) return undefined;
    let distance: number;
    let length: number;
    let next: number;
    if (code >= 64) {
      distance = ((code >> 2) & 7) + ((packed[from++] ?? 0) << 3) + 1;
      length = (code >> 5) + 1;
      next = code & 3;
    } else if (code >= FIRST_COPY) {
      const far = code < 32;
      const mask = far ? 7 : 31;
      length = code & mask;
      if (length === 0) length = long(mask);
      length += 2;
      const word = (packed[from] ?? 0) | ((packed[from + 1] ?? 0) << 8);
      from += 2;
      next = word & 3;
      distance = word >> 2;
      if (!far) distance++;
      else {
        distance += (code & 8) << 11;
        if (distance === 0) return from === packed.length ? to : undefined;
        distance += 16384;
      }
    } else if (state === 0) {
      if (!literals((code === 0 ? long(15) : code) + 3)) return undefined;
      state = AFTER_LITERALS;
      continue;
    } else {
      const near = state !== AFTER_LITERALS;
      distance = (code >> 2) + ((packed[from++] ?? 0) << 2) + (near ? 1 : 2049);
      length = near ? 2 : 3;
      next = code & 3;
    }
    if (distance > to || to + length > out.length) return undefined;
    copyBack(out, to, distance, length);
    to += length;
    if (!literals(next)) return undefined;
    state = next;
  }
}
