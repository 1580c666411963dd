/** A host whose frames hold fingerprints: pages are of 4096 bytes, 16 are stored of each. */
import { expect, test } from 'vitest';
import { PTE_FRAME, SLOT_WORDS } from '../../src/core/layout.js';
import { checkHost } from '../../src/inspect/check.js';
import { savings } from '../../src/inspect/savings.js';
import { ManualClock } from '../../src/ksm/clock.js';
import { Host } from '../../src/ksm/host.js';
import { Directory, snapshotOf } from '../snapshot/files.js';

const PAGE = 4096;
const FRAME = 16;
const ADDRESS = 2 ** 32;

function hostOf(pages: number): Host {
  // The tables of guests and regions, and 100 bytes a page, are ample.
  const memoryBytes = 2 ** 21 + pages * 100;
  const host = Host.create({ memoryBytes, frameBytes: FRAME }, new ManualClock());
  host.files.set('smart_scan', 0);
  return host;
}

/** Fingerprints of pages: what is in each is told by its number, 0 being the zero page. */
function fingerprints(contents: readonly number[]): Uint8Array {
  const words = new Uint32Array(contents.length * (FRAME / 4));
  for (const [page, content] of contents.entries()) words[page * (FRAME / 4) + 3] = content;
  return new Uint8Array(words.buffer);
}

function stored(host: Host, guest: string, page: number): number {
  const { memory } = host.machine;
  const slot = host.guests.firstSlot(guest, 'r') + page * SLOT_WORDS;
  return memory.i32[(memory.frameByte(memory.i32[slot + PTE_FRAME]) + 12) >> 2];
}

function guest(host: Host, name: string, contents: readonly number[]): void {
  host.createGuest(name);
  host.map(name, 'r', contents.length, { address: ADDRESS });
  host.memory.storePages(name, ADDRESS, fingerprints(contents));
}

function withDirectory(use: (directory: Directory) => void): void {
  const directory = new Directory();
  try {
    use(directory);
  } finally {
    directory.remove();
  }
}

function fullScans(host: Host, scans: number): void {
  for (let scan = 0; scan < scans; scan++) host.ksm.scan(2 ** 31 - 1);
}

test('merges equal fingerprints, and counts pages: profit and savings are those of 4096 bytes', () => {
  const pages = 10_000;
  const host = hostOf(2 * pages);
  const contents = Array.from({ length: pages }, (_, page) => page + 1);
  guest(host, 'a', contents);
  guest(host, 'b', contents);
  fullScans(host, 3);
  expect(host.files.counters()).toMatchObject({
    pages_shared: pages,
    pages_sharing: pages,
    general_profit: pages * PAGE - 2 * pages * 64,
  });
  expect(savings(host, 0)).toMatchObject({ pages, bytes: pages * PAGE });
  expect(host.machine.frames.used).toBe(pages);
  expect(checkHost(host)).toEqual([]);
});

test('the zero page’s fingerprint is 16 zero bytes', () => {
  const host = hostOf(100);
  host.files.set('use_zero_pages', 1);
  guest(host, 'a', [0, 0, 7]);
  fullScans(host, 3);
  expect(host.files.counters()).toMatchObject({ ksm_zero_pages: 2, pages_unshared: 1 });
  expect(host.machine.frames.used).toBe(1);
  expect(checkHost(host)).toEqual([]);
});

test('frames that lie above 2 GiB are counted right too', () => {
  // Nothing is touched of it but what two pages take: tables come first, and take most.
  const host = Host.create({ memoryBytes: 3 * 2 ** 30, frameBytes: FRAME }, new ManualClock());
  host.files.set('smart_scan', 0);
  expect(host.machine.memory.frameByte(0)).toBeGreaterThan(2 ** 31);
  guest(host, 'a', [1, 2]);
  guest(host, 'b', [2, 3]);
  fullScans(host, 3);
  expect(host.files.counters()).toMatchObject({
    pages_shared: 1,
    pages_sharing: 1,
    pages_unshared: 2,
  });
  expect(checkHost(host)).toEqual([]);
});

test('as many pages as it has room for may all differ', () => {
  const host = hostOf(30_000);
  const pages = host.machine.frames.total;
  expect(pages).toBeGreaterThan(30_000);
  const contents = Array.from({ length: pages }, (_, page) => page + 1);
  guest(host, 'a', contents);
  expect(contents.filter((content, page) => stored(host, 'a', page) !== content)).toEqual([]);
  fullScans(host, 2);
  expect(host.files.counters()).toMatchObject({ pages_shared: 0, pages_unshared: pages });
  expect(checkHost(host)).toEqual([]);
});

test('pages are stored over regions, over what was there, and as far as frames go', () => {
  const host = hostOf(100);
  const pages = host.machine.frames.total;
  host.createGuest('a');
  host.map('a', 'r', 5, { address: ADDRESS });
  host.map('a', 'next', pages - 5, { address: ADDRESS + 5 * PAGE });
  host.memory.storePages('a', ADDRESS + 2 * PAGE, fingerprints([1, 2]));
  host.memory.storePages('a', ADDRESS, fingerprints(Array.from({ length: pages }, () => 9)));
  expect([0, 1, 2, 3, 4].map((page) => stored(host, 'a', page))).toEqual([9, 9, 9, 9, 9]);
  expect(host.machine.frames.used).toBe(pages);
  fullScans(host, 3);
  expect(checkHost(host)).toEqual([]);
  expect(() => host.memory.storePages('a', ADDRESS + 1, fingerprints([1]))).toThrow(
    expect.objectContaining({ code: 'EINVAL' }),
  );
  expect(() => host.memory.storePages('a', ADDRESS - PAGE, fingerprints([1]))).toThrow(
    expect.objectContaining({ code: 'EFAULT' }),
  );
});

test('a store of pages that finds no frame says how much of it was stored', () => {
  const host = Host.create({ memoryBytes: 2 * PAGE }, new ManualClock());
  host.createGuest('a');
  host.map('a', 'r', 3, { address: ADDRESS });
  expect(() => host.memory.storePages('a', ADDRESS, new Uint8Array(3 * PAGE).fill(1))).toThrow(
    expect.objectContaining({ code: 'ENOMEM', details: { bytesStored: 2 * PAGE } }),
  );
  expect(checkHost(host)).toEqual([]);
});

test('the bytes of a page are not there to be read or written', () => {
  const host = hostOf(10);
  guest(host, 'a', [1]);
  const refused = expect.objectContaining({ code: 'ENOTSUP' });
  expect(() => host.memory.load('a', ADDRESS, new Uint8Array(16))).toThrow(refused);
  expect(() => host.memory.store('a', ADDRESS, new Uint8Array(16))).toThrow(refused);
  expect(stored(host, 'a', 0)).toBe(1);
});

test('a snapshot of it comes back, and fits no host of whole pages', () => {
  withDirectory((directory) => {
    const host = hostOf(100);
    guest(host, 'a', [1, 1, 2, 0]);
    fullScans(host, 3);
    const file = snapshotOf(host);
    const restored = directory.restore(file, { memoryBytes: 2 ** 21, frameBytes: FRAME });
    expect([0, 1, 2, 3].map((page) => stored(restored, 'a', page))).toEqual([1, 1, 2, 0]);
    expect(restored.machine.frames.used).toBe(3);
    expect(checkHost(restored)).toEqual([]);
    expect(() => directory.restore(file)).toThrow(/16 bytes of a page, the host 4096/);
  });
});

test('a snapshot comes back of more pages and frames than are written or read at a time', () => {
  withDirectory((directory) => {
    // A MiB at a time: 262,144 pages of the maps, 65,536 frames.
    const pages = 300_000;
    const host = hostOf(pages);
    host.files.set('use_zero_pages', 1);
    const contents = Array.from({ length: pages }, (_, page) => {
      if (page % 11 === 0) return 0;
      return page % 5 === 0 ? 1 + (page % 100) : 1000 + page;
    });
    guest(host, 'a', contents);
    fullScans(host, 3);
    host.madvise('a', ADDRESS + 70_000 * PAGE, 1000 * PAGE, 'dontneed');
    const restored = directory.restore(snapshotOf(host), {
      memoryBytes: 2 ** 21 + pages * 100,
      guestPages: pages,
      frameBytes: FRAME,
    });
    const wrong = contents.filter(
      (_, page) => stored(restored, 'a', page) !== stored(host, 'a', page),
    );
    expect(wrong).toEqual([]);
    expect(restored.machine.frames.used).toBe(host.machine.frames.used);
    expect(checkHost(restored)).toEqual([]);
  });
});
