/** What a guest takes up, by the kernel's reckoning in smaps. */
import { expect, test } from 'vitest';
import { type Footprint, takeFootprint } from '../../src/inspect/footprint.js';
import type { Host } from '../../src/ksm/host.js';
import { finish } from '../../src/machine/long-work.js';
import { BenchHost, PAGE } from '../ksm/bench-host.js';

const STRETCH = 512;

function footprint(host: Host, guest: string): Footprint | undefined {
  return finish(takeFootprint(host, guest));
}

const NOTHING: Footprint = {
  rssPages: 0,
  pssBytes: 0,
  hugePages: 0,
  ksmPages: 0,
  ksmPssBytes: 0,
  forkSharedPages: 0,
};

test('a guest that has touched nothing takes up nothing', () => {
  const bench = new BenchHost();
  bench.host.createGuest('a');
  expect(footprint(bench.host, 'a')).toEqual(NOTHING);
  bench.host.map('a', 'r', 8, { address: PAGE });
  expect(footprint(bench.host, 'a')).toEqual(NOTHING);
});

test('of a frame that three pages map a third counts for each', () => {
  const bench = new BenchHost();
  bench.guest('a', [1, 1, 2]);
  bench.guest('b', [1]);
  expect(footprint(bench.host, 'a')).toEqual({ ...NOTHING, rssPages: 3, pssBytes: 3 * PAGE });
  bench.fullScans(2);
  const part = (pages: number): number => Math.floor((pages * PAGE) / 3);
  expect(footprint(bench.host, 'a')).toEqual({
    ...NOTHING,
    rssPages: 3,
    pssBytes: part(5),
    ksmPages: 2,
    ksmPssBytes: part(2),
  });
  expect(footprint(bench.host, 'b')).toEqual({
    ...NOTHING,
    rssPages: 1,
    pssBytes: part(1),
    ksmPages: 1,
    ksmPssBytes: part(1),
  });
});

test('the zero page is in none of it', () => {
  const bench = new BenchHost();
  bench.host.files.set('use_zero_pages', 1);
  bench.guest('a', [0, 0, 1]);
  bench.fullScans(2);
  expect(footprint(bench.host, 'a')).toEqual({ ...NOTHING, rssPages: 1, pssBytes: PAGE });
});

test('what a fork shares is told of each, until one of them writes', () => {
  const bench = new BenchHost();
  bench.guest('parent', [1, 2]);
  bench.host.fork('parent', 'child');
  const shared = { ...NOTHING, rssPages: 2, pssBytes: PAGE, forkSharedPages: 2 };
  expect([footprint(bench.host, 'parent'), footprint(bench.host, 'child')]).toEqual([
    shared,
    shared,
  ]);
  bench.put('child', 0, 9);
  const written = { ...shared, pssBytes: 1.5 * PAGE, forkSharedPages: 1 };
  expect([footprint(bench.host, 'parent'), footprint(bench.host, 'child')]).toEqual([
    written,
    written,
  ]);
  bench.host.exitGuest('parent');
  expect(footprint(bench.host, 'child')).toEqual({
    ...NOTHING,
    rssPages: 2,
    pssBytes: 2 * PAGE,
  });
});

test('a huge page takes up all of its pages, and is none any more once it is split', () => {
  const bench = new BenchHost('6.18', 4 * STRETCH);
  const { host } = bench;
  host.createGuest('a');
  const address = STRETCH * PAGE;
  host.map('a', 'r', STRETCH, { address, huge: true });
  host.memory.store('a', address, new Uint8Array(2 * PAGE).fill(7));
  expect(footprint(host, 'a')).toEqual({
    ...NOTHING,
    rssPages: STRETCH,
    pssBytes: STRETCH * PAGE,
    hugePages: 1,
  });
  bench.fullScans(4);
  // The two that are equal have merged; of the others, all zeroes, nothing is left.
  expect(footprint(host, 'a')).toEqual({
    ...NOTHING,
    rssPages: 2,
    pssBytes: PAGE,
    ksmPages: 2,
    ksmPssBytes: PAGE,
  });
});

test('it says that it has failed if the guest goes or regions change meanwhile', () => {
  const bench = new BenchHost();
  bench.guest('a', [1]);
  bench.host.createGuest('b');
  const gone = takeFootprint(bench.host, 'a');
  gone.next();
  bench.host.exitGuest('a');
  expect(gone.next()).toEqual({ done: true, value: undefined });
});
