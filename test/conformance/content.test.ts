/** Page contents by name are byte for byte what the recordings used. */
import { expect, test } from 'vitest';
import { type ContentKind, fillContent } from '../../src/conformance/content.js';

function quadwords(kind: ContentKind, argument: bigint): bigint[] {
  const page = new Uint8Array(4096).fill(0xee);
  fillContent(page, kind, argument);
  return [...new BigUint64Array(page.buffer)];
}

test('zero, head and tail are zeroes but for one quadword', () => {
  const zeroes = Array.from({ length: 512 }, () => 0n);
  expect(quadwords('zero', 5n)).toEqual(zeroes);
  expect(quadwords('head', 5n)).toEqual([5n, ...zeroes.slice(1)]);
  expect(quadwords('tail', 5n)).toEqual([...zeroes.slice(1), 5n]);
});

test('rand is splitmix64 seeded with the argument', () => {
  // The published first outputs of splitmix64 for the seed 1234567.
  expect(quadwords('rand', 1234567n).slice(0, 5)).toEqual([
    6457827717110365317n,
    3203168211198807973n,
    9817491932198370423n,
    4593380528125082431n,
    16408922859458223821n,
  ]);
  expect(new Set(quadwords('rand', 1n)).size).toBe(512);
});
