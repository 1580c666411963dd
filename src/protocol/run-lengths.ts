/**
 * States of pages in run-length code, as /v1/map and /v1/live have them. An entry is a byte. Its
 * low four bits are the state (a place in `states`), or 15 for pages left as they were. Its high
 * four bits are the length less one, or 15 where the length is 16 or more. Then the length less 16
 * follows, seven bits a byte, low ones first, the top bit set in all but the last byte. The first
 * entry begins at slot 0; pages after the last one are left as they were.
 */

/** In the low four bits of an entry: left as they were. */
export const UNCHANGED = 15;
/** In its high four bits: the length follows. */
export const LONG = 15;

/**
 * Writes what the run lengths say into `states`, and tells which pages it wrote: `from` to before
 * `to`.
 */
export function applyRunLengths(
  base64: string,
  states: Uint8Array,
  written: (from: number, to: number) => void,
): void {
  const bytes = atob(base64);
  let page = 0;
  for (let at = 0; at < bytes.length; ) {
    const head = bytes.charCodeAt(at++);
    let length = (head >> 4) + 1;
    if (head >> 4 === LONG) {
      for (let shift = 1; ; shift *= 128) {
        const byte = bytes.charCodeAt(at++);
        length += (byte & 0x7f) * shift;
        if (byte < 0x80) break;
      }
    }
    const state = head & UNCHANGED;
    if (state !== UNCHANGED) {
      states.fill(state, page, page + length);
      written(page, page + length);
    }
    page += length;
  }
}
