/** States of pages as run lengths, read: src/protocol/routes/live.ts describes the form. */

const UNCHANGED = 15;
const LONG = 15;

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
