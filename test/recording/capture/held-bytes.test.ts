/** What a capture keeps of pages between sweeps, counted. */
import { expect, test } from 'vitest';
import { Fingerprinter } from '../../../src/fingerprints/fingerprint.js';
import { FingerprintKey } from '../../../src/fingerprints/key.js';
import { Sample } from '../../../src/fingerprints/sample.js';
import { FrameOwners } from '../../../src/recording/capture/frame-owners.js';
import { PageWatch } from '../../../src/recording/capture/page-watch.js';

const PAGE = 4096;
const PAGES = 64 * 1024;
const FIRST = 2 ** 34;
const GUESTS = 4;
/** And what is not full of the last stretch. */
const MOST_BYTES_A_PAGE = 9.1;
const MOST_BYTES_A_FRAME = 8.1;

/** Bytes of all arrays of numbers that can be come to from a value. */
function heldBytes(value: unknown, seen = new Set<unknown>()): number {
  if (typeof value !== 'object' || value === null || seen.has(value)) return 0;
  seen.add(value);
  if (ArrayBuffer.isView(value)) return heldBytes(value.buffer, seen);
  if (value instanceof ArrayBuffer) return value.byteLength;
  const parts = value instanceof Map ? [...value.values()] : Object.values(value);
  return parts.reduce((sum: number, part) => sum + heldBytes(part, seen), 0);
}

test('of a page it keeps nine bytes, whatever becomes of the page', () => {
  const fingerprinter = new Fingerprinter(FingerprintKey.random(), PAGE);
  const watch = new PageWatch(1, fingerprinter, new Sample(1), () => {});
  const bytes = Buffer.alloc(PAGE);
  const sweep = (look: (page: number) => void): number => {
    watch.begin();
    watch.pass(FIRST, PAGES);
    for (let page = FIRST; page < FIRST + PAGES; page++) look(page);
    watch.end();
    watch.decide(bytes, () => true);
    return heldBytes(watch.seen) / PAGES;
  };
  for (const value of [1, 2, 3]) {
    const each = sweep((page) => {
      bytes.writeUInt32LE(page % 9, 0);
      bytes.writeUInt32LE(value, 8);
      watch.look(page, bytes, 0);
    });
    expect(each).toBeGreaterThan(8);
    expect(each).toBeLessThan(MOST_BYTES_A_PAGE);
  }
  expect(sweep((page) => watch.share(page, 2, 0))).toBeLessThan(MOST_BYTES_A_PAGE);
  watch.begin();
  watch.end();
  expect(heldBytes(watch.seen)).toBe(0);
});

test('of a frame that a family shares it keeps eight bytes, sweep after sweep', () => {
  const owners = new FrameOwners();
  for (let sweep = 0; sweep < 3; sweep++) {
    owners.begin();
    for (let guest = 1; guest <= GUESTS; guest++)
      for (let at = 1; at <= PAGES; at++) owners.ownerOf(at * 3 + sweep, FIRST + at, guest);
    const each = heldBytes(owners) / PAGES;
    expect(each).toBeGreaterThan(7);
    expect(each).toBeLessThan(MOST_BYTES_A_FRAME);
  }
  // Those of a family that has gone are kept for one sweep more.
  owners.begin();
  owners.begin();
  expect(heldBytes(owners)).toBe(0);
});
