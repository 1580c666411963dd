/** What is saved, in frames: beside a host that never scans, and apart from what forks share. */
import { describe, expect, test } from 'vitest';
import { countForkSharing, families, pagesOf } from '../../src/inspect/fork-sharing.js';
import { type Savings, savings } from '../../src/inspect/savings.js';
import { ManualClock } from '../../src/ksm/clock.js';
import { Host } from '../../src/ksm/host.js';
import { finish } from '../../src/machine/long-work.js';
import { BenchHost, PAGE, times } from '../ksm/bench-host.js';

function forkShared(host: Host): number {
  return finish(countForkSharing(host, families(host))) ?? Number.NaN;
}

function saved(host: Host): Savings {
  return savings(host, forkShared(host));
}

const FRAMES = 4096;

/** The same guests on a host that is scanned and on one that is not. */
function both(what: (bench: BenchHost) => void): { scanned: BenchHost; idle: BenchHost } {
  const scanned = new BenchHost('6.18', FRAMES);
  const idle = new BenchHost('6.18', FRAMES);
  for (const bench of [scanned, idle]) bench.host.files.set('use_zero_pages', 1);
  what(scanned);
  what(idle);
  return { scanned, idle };
}

/** Frames that went free because one of the hosts was scanned. */
function cameFree({ scanned, idle }: ReturnType<typeof both>): number {
  return idle.host.machine.frames.used - scanned.host.machine.frames.used;
}

test('where nobody was forked there is nothing to count', () => {
  const bench = new BenchHost();
  bench.guest('a', [1, 1, 2]);
  bench.guest('b', [1, 1, 2]);
  bench.fullScans(2);
  expect(families(bench.host)).toEqual([]);
  expect(saved(bench.host)).toMatchObject({ pages: 4, forkSharedPages: 0, share: 4 / 6 });
});

test('what a fork shares is not what KSM saves', () => {
  const bench = new BenchHost();
  bench.guest('parent', [1, 2, 3]);
  bench.host.fork('parent', 'child');
  bench.host.fork('child', 'grandchild');
  expect(saved(bench.host)).toMatchObject({ pages: 0, forkSharedPages: 6, share: 0 });
  bench.put('child', 0, 9);
  expect(saved(bench.host)).toMatchObject({ pages: 0, forkSharedPages: 5 });
  expect(pagesOf(bench.host, families(bench.host))).toBe(9);
});

test('of a forked family many are sharing by the kernel’s count where few frames came free', () => {
  const pages = times(64, 0).map((_, page) => page + 1);
  const hosts = both((bench) => {
    bench.host.createGuest('parent');
    bench.host.map('parent', 'r', 2 * pages.length, { address: PAGE });
    for (const [page, content] of [...pages, ...pages].entries())
      bench.put('parent', page, content);
    for (let child = 0; child < 3; child++) bench.host.fork('parent', `child-${child}`);
  });
  hosts.scanned.fullScans(4);
  // 128 pages in each of four guests, of which 64 frames are left.
  expect(hosts.scanned.counters('pages_shared', 'pages_sharing')).toEqual([64, 512 - 64]);
  expect(cameFree(hosts)).toBe(64);
  expect(saved(hosts.scanned.host)).toMatchObject({ pages: 64, forkSharedPages: 128 * 3 });
});

test('pages of zeroes that a family shares come free once', () => {
  const hosts = both((bench) => {
    bench.guest('parent', [0, 0, 7]);
    bench.host.fork('parent', 'child');
  });
  hosts.scanned.fullScans(3);
  expect(hosts.scanned.counters('ksm_zero_pages')).toEqual([4]);
  expect(cameFree(hosts)).toBe(2);
  expect(saved(hosts.scanned.host)).toMatchObject({ pages: 2, forkSharedPages: 3 });
});

test('pages that a family has written alike since the fork, at the same place, are saved', () => {
  const hosts = both((bench) => {
    bench.guest('parent', [1, 2, 3, 4, 5]);
    for (const child of ['one', 'two']) bench.host.fork('parent', child);
    for (const child of ['one', 'two']) for (const page of [0, 1]) bench.put(child, page, 9 + page);
    // Shared anew by the first child and a child of its own.
    bench.host.fork('one', 'grandchild');
    // Back to what all have: a frame of its own none the less.
    bench.put('two', 2, 8);
    bench.put('two', 2, 3);
  });
  expect(saved(hosts.scanned.host)).toMatchObject({ pages: 0, forkSharedPages: 8 + 2 });
  hosts.scanned.fullScans(4);
  expect(cameFree(hosts)).toBe(2 + 1);
  expect(saved(hosts.scanned.host)).toMatchObject({ pages: 3, forkSharedPages: 8 + 2 });
});

test('what was unmerged has a frame of its own, and is shared by no fork', () => {
  const bench = new BenchHost();
  bench.guest('parent', [1, 1]);
  bench.host.fork('parent', 'child');
  bench.fullScans(3);
  expect(saved(bench.host)).toMatchObject({ pages: 1, forkSharedPages: 2 });
  bench.host.files.set('run', 2);
  expect(bench.host.machine.frames.used).toBe(4);
  expect(saved(bench.host)).toMatchObject({ pages: 0, forkSharedPages: 0 });
});

describe('where guests are forked, written, unmapped and gone', () => {
  const hosts = both((bench) => {
    const { host } = bench;
    bench.guest('a', [1, 1, 2, 3, 0, 5]);
    bench.guest('other', [1, 2, 2]);
    host.fork('a', 'b');
    host.fork('b', 'c');
    host.fork('other', 'another');
    bench.put('a', 3, 40);
    bench.put('b', 2, 41);
    bench.put('c', 5, 1);
  });
  const { scanned, idle } = hosts;

  test('saved is what came free, before and after the scans', () => {
    expect(saved(scanned.host).pages).toBe(0);
    scanned.fullScans(4);
    expect(cameFree(hosts)).toBeGreaterThan(3);
    expect(saved(scanned.host).pages).toBe(cameFree(hosts));
  });

  test('also of pages written since', () => {
    for (const bench of [scanned, idle]) {
      bench.put('b', 0, 50);
      bench.put('another', 1, 51);
    }
    expect(saved(scanned.host).pages).toBe(cameFree(hosts));
  });

  test('also when one of a family exits, and when only one is left', () => {
    for (const gone of ['a', 'c', 'another']) {
      for (const { host } of [scanned, idle]) host.exitGuest(gone);
      expect(saved(scanned.host).pages, gone).toBe(cameFree(hosts));
    }
    expect(families(scanned.host)).toEqual([]);
  });
});

test('a count says that it has failed if regions change meanwhile', () => {
  const size = { memoryBytes: FRAMES * PAGE, pageSize: PAGE, guestPages: 1000 };
  const host = Host.create(size, new ManualClock());
  host.createGuest('a');
  host.map('a', 'r', 400, { address: PAGE });
  host.fork('a', 'b');
  const count = countForkSharing(host, families(host));
  expect(count.next()).toEqual({ done: false, value: undefined });
  host.createGuest('c');
  host.map('c', 'r', 1, { address: PAGE });
  expect(count.next()).toEqual({ done: true, value: undefined });
});
