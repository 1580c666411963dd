/** Page contents by name, as scenarios give them. */

export const CONTENT_KINDS = ['zero', 'tail', 'head', 'rand'] as const;
export type ContentKind = (typeof CONTENT_KINDS)[number];

const GOLDEN = 0x9e3779b97f4a7c15n;
const MIX_1 = 0xbf58476d1ce4e5b9n;
const MIX_2 = 0x94d049bb133111ebn;

/**
 * Fills `page` (8 bytes or more) with the content: zeroes; the argument as last or first u64 of
 * zeroes; splitmix64 seeded with the argument.
 */
export function fillContent(page: Uint8Array, kind: ContentKind, argument: bigint): void {
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  if (kind === 'rand') {
    let state = argument;
    for (let offset = 0; offset < page.length; offset += 8) {
      state = BigInt.asUintN(64, state + GOLDEN);
      view.setBigUint64(offset, splitmix(state), true);
    }
    return;
  }
  page.fill(0);
  if (kind === 'tail') view.setBigUint64(page.length - 8, BigInt.asUintN(64, argument), true);
  else if (kind === 'head') view.setBigUint64(0, BigInt.asUintN(64, argument), true);
}

function splitmix(state: bigint): bigint {
  let z = state;
  z = BigInt.asUintN(64, (z ^ (z >> 30n)) * MIX_1);
  z = BigInt.asUintN(64, (z ^ (z >> 27n)) * MIX_2);
  return z ^ (z >> 31n);
}
