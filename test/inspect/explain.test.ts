/** One page looked at closely, in each of the states that a page can be in. */
import { expect, test } from 'vitest';
import { explainPage } from '../../src/inspect/explain.js';
import type { PageExplanation } from '../../src/inspect/page-explanation.js';
import { pageStates } from '../../src/inspect/page-state.js';
import { PAGE_STATES } from '../../src/names.js';
import { BenchHost, PAGE, times } from '../ksm/bench-host.js';

const explained = (bench: BenchHost, guest: string, page: number, maxTwins = 10): PageExplanation =>
  explainPage(bench.host, guest, (1 + page) * PAGE, maxTwins);

/** The states of all pages of a guest, in order. */
function states(bench: BenchHost, guest: string, pages: number): string[] {
  const bytes = new Uint8Array(pages);
  pageStates(bench.host.machine, bench.host.guests.firstSlot(guest, 'r'), bytes);
  return [...bytes].map((state) => PAGE_STATES[state]);
}

test('a page that nobody has written is untouched, one that is not advised is unmergeable, one that the scanner has not met waits', () => {
  const bench = new BenchHost();
  bench.guest('a', [1, 2]);
  bench.host.map('a', 'more', 2, { address: 0x10000, mergeable: false });
  bench.host.memory.store('a', 0x10000, new Uint8Array([1]));
  expect(states(bench, 'a', 2)).toEqual(['waiting', 'waiting']);
  expect(explainPage(bench.host, 'a', 0x10000, 10)).toMatchObject({
    state: 'unmergeable',
    mergeable: false,
    frame: { mappings: 1 },
  });
  expect(explainPage(bench.host, 'a', 0x10000 + PAGE, 10)).toMatchObject({
    state: 'untouched',
    frame: undefined,
    checksum: undefined,
    twinCount: 0,
  });
  expect(() => explainPage(bench.host, 'a', 0x20000, 10)).toThrow(
    expect.objectContaining({ code: 'EFAULT' }),
  );
});

test('pages go from waiting to volatile to shared or unshared; twins know each other', () => {
  const bench = new BenchHost();
  bench.guest('a', [1, 2]);
  bench.guest('b', [1, 3]);
  bench.fullScans();
  expect([states(bench, 'a', 2), states(bench, 'b', 2)]).toEqual([
    times(2, 0).map(() => 'volatile'),
    ['volatile', 'volatile'],
  ]);
  bench.fullScans();
  expect([states(bench, 'a', 2), states(bench, 'b', 2)]).toEqual([
    ['shared', 'unshared'],
    ['shared', 'unshared'],
  ]);
  const { state, twins, twinCount, ksmPages, ksmMappings, frame, page } = explained(bench, 'a', 0);
  expect({ state, twins, twinCount, ksmPages, ksmMappings, frame, page }).toEqual({
    state: 'shared',
    page: { guest: 'a', region: 'r', address: PAGE },
    twins: [{ guest: 'b', region: 'r', address: PAGE }],
    twinCount: 1,
    ksmPages: 1,
    ksmMappings: 2,
    frame: { number: frame?.number, mappings: 2 },
  });
  expect(explained(bench, 'a', 0).checksum).toBe(explained(bench, 'b', 0).checksum);
  expect(explained(bench, 'a', 0, 0)).toMatchObject({ twinCount: 1, twins: [] });
});

test('a page on its way is told what it will meet: the KSM page of its content, or the page of the unstable tree', () => {
  const bench = new BenchHost();
  bench.guest('a', [1, 2]);
  bench.guest('b', [1]);
  bench.fullScans(2);
  bench.guest('late', [1, 2]);
  expect(explained(bench, 'late', 0)).toMatchObject({
    state: 'waiting',
    ksmPages: 1,
    ksmMappings: 2,
    twinCount: 2,
  });
  expect(explained(bench, 'late', 1)).toMatchObject({
    state: 'waiting',
    ksmPages: 0,
    twins: [{ guest: 'a', address: 2 * PAGE }],
  });
  bench.fullScans();
  bench.put('late', 1, 9);
  expect(explained(bench, 'late', 1)).toMatchObject({
    state: 'volatile',
    written: true,
    twinCount: 0,
  });
});

test('a merged page that is written is volatile until the scanner has come by', () => {
  const bench = new BenchHost();
  bench.guest('a', [1, 1]);
  bench.fullScans(2);
  bench.put('a', 1, 5);
  expect(states(bench, 'a', 2)).toEqual(['shared', 'volatile']);
  expect(explained(bench, 'a', 0)).toMatchObject({ ksmMappings: 1, twinCount: 0 });
});

test('a merged page knows its twins also where the way to it through the tree is broken', () => {
  const bench = new BenchHost();
  bench.guest('a', [1, 2, 3, 4, 5, 6, 7]);
  bench.guest('b', [1, 2, 3, 4, 5, 6, 7]);
  bench.fullScans(2);
  for (let page = 1; page < 7; page++) {
    bench.put('a', page, 100 + page);
    bench.put('b', page, 110 + page);
    expect(explained(bench, 'a', 0), `${page} nodes stale`).toMatchObject({
      state: 'shared',
      ksmPages: 1,
      ksmMappings: 2,
      twinCount: 1,
      twins: [{ guest: 'b' }],
    });
  }
});

test('between two full scans, slots given to other pages are no twins', () => {
  const bench = new BenchHost();
  bench.guest('a', [1, 2, 3, 4]);
  bench.fullScans(2);
  bench.host.unmap('a', 'r');
  bench.host.map('a', 'r', 4, { address: PAGE });
  bench.guest('c', [6, 6, 6, 6]);
  for (let page = 0; page < 4; page++)
    expect(explained(bench, 'c', page)).toMatchObject({ state: 'waiting', twinCount: 0 });
});

test('the zero page, where KSM has mapped it', () => {
  const bench = new BenchHost();
  bench.host.files.set('use_zero_pages', 1);
  bench.guest('a', [0, 1]);
  bench.fullScans(2);
  expect(states(bench, 'a', 2)).toEqual(['zero', 'unshared']);
  expect(explained(bench, 'a', 0)).toMatchObject({
    state: 'zero',
    frame: undefined,
    checksum: expect.any(Number),
  });
});

/** Three equal pages, where a KSM page takes two; and which of them is one too many. */
function oneTooMany(): { bench: BenchHost; limited: number } {
  const bench = new BenchHost();
  bench.host.files.set('max_page_sharing', 2);
  bench.host.files.set('smart_scan', 0);
  bench.guest('a', times(3, 7));
  bench.fullScans(3);
  return { bench, limited: states(bench, 'a', 3).indexOf('limit') };
}

test('a page whose KSM page takes no more mappings has met the limit, until another of its kind comes', () => {
  const { bench, limited } = oneTooMany();
  expect(states(bench, 'a', 3).sort()).toEqual(['limit', 'shared', 'shared']);
  expect(explained(bench, 'a', limited)).toMatchObject({
    ksmPages: 1,
    ksmMappings: 2,
    twinCount: 2,
  });
  bench.guest('b', [7]);
  bench.fullScans(2);
  expect([...states(bench, 'a', 3), ...states(bench, 'b', 1)]).toEqual(
    times(4, 0).map(() => 'shared'),
  );
  expect(explained(bench, 'b', 0)).toMatchObject({ ksmPages: 2, ksmMappings: 4, twinCount: 3 });
});

test('a page at the limit that is written is unshared once it has settled', () => {
  const { bench, limited } = oneTooMany();
  bench.put('a', limited, 8);
  bench.fullScans(2);
  expect(states(bench, 'a', 3)[limited]).toBe('unshared');
});

test('a page that has not merged for long is skipped by smart scan, and says how often still', () => {
  const bench = new BenchHost();
  bench.guest('a', [1]);
  const seen: string[] = [];
  for (let scan = 0; scan < 12; scan++) {
    bench.fullScans();
    const { state, skips } = explained(bench, 'a', 0);
    seen.push(state === 'skipped' ? `skipped, ${skips} more` : state);
  }
  expect(seen.slice(0, 3)).toEqual(['volatile', 'unshared', 'unshared']);
  expect(seen).toContain('skipped, 0 more');
  expect(seen).toContain('skipped, 1 more');
  bench.host.files.set('smart_scan', 0);
  bench.fullScans();
  expect(states(bench, 'a', 1)).toEqual(['unshared']);
});

test('how many of its last visits in a row found a page changed outlives skips, and ends with one that does not', () => {
  const bench = new BenchHost();
  bench.guest('a', [1, 2]);
  const visits = (): number => bench.host.files.guestTotals('a').visits;
  let content = 10;
  let changes = 0;
  for (let scan = 0; scan < 60; scan++) {
    const before = visits();
    bench.put('a', 1, content++ % 250);
    bench.fullScans();
    // Of two visits one is that of the page that stays as it is; the first has seen nothing.
    if (visits() > before && scan > 0) changes++;
    expect(explained(bench, 'a', 1).changes, `scan ${scan}`).toBe(changes);
    expect(explained(bench, 'a', 0).changes).toBe(0);
  }
  expect(explained(bench, 'a', 1).state).toBe('skipped');
  expect(changes).toBeGreaterThan(8);
  bench.host.files.set('smart_scan', 0);
  bench.fullScans(2);
  expect(explained(bench, 'a', 1)).toMatchObject({ state: 'unshared', changes: 0 });
});

test('a page of a huge page knows what a split of that comes to, in all guests that map it', () => {
  const bench = new BenchHost('6.18', 4 * 512);
  const { host } = bench;
  const address = 512 * PAGE;
  host.createGuest('a');
  host.map('a', 'r', 256, { address: PAGE });
  host.memory.store('a', PAGE, new Uint8Array([1]));
  expect(explainPage(host, 'a', PAGE, 0).hugePage).toBeUndefined();
  host.unmap('a', 'r');
  bench.fullScans();
  host.map('a', 'r', 512, { address, huge: true });
  host.memory.store('a', address, new Uint8Array(12 * PAGE).fill(7));
  expect(explainPage(host, 'a', address, 0)).toMatchObject({
    hugePage: { isWhole: true, otherGuests: 0, zeroPages: 500 },
    forkSharers: 0,
  });
  host.madvise('a', address + 100 * PAGE, 10 * PAGE, 'dontneed');
  expect(explainPage(host, 'a', address, 0)).toMatchObject({
    hugePage: { isWhole: false, otherGuests: 0, zeroPages: 490 },
  });
  bench.fullScans(2);
  expect(explainPage(host, 'a', address, 0)).toMatchObject({
    state: 'shared',
    hugePage: undefined,
  });
});

test('a page that a fork shares knows how many others do, and those that wrote since do not', () => {
  const bench = new BenchHost();
  bench.guest('parent', [1, 2]);
  for (const child of ['one', 'two']) bench.host.fork('parent', child);
  expect(explained(bench, 'one', 0)).toMatchObject({ forkSharers: 2, frame: { mappings: 3 } });
  bench.put('two', 0, 9);
  expect(explained(bench, 'one', 0)).toMatchObject({ forkSharers: 1 });
  expect(explained(bench, 'two', 0)).toMatchObject({ forkSharers: 0 });
  // In a third guest the like of it, merged with all three.
  bench.guest('other', [2]);
  bench.fullScans(3);
  expect(explained(bench, 'one', 1)).toMatchObject({ state: 'shared', forkSharers: 2 });
});
