/**
 * Pages that are equal and not merged: how many, and what each waits for. Held against a recount
 * that knows nothing but bytes, frames and page states.
 */
import { expect, test } from 'vitest';
import { explainPage } from '../../src/inspect/explain.js';
import { type Likes, takeLikes, takeUnmerged, type Unmerged } from '../../src/inspect/unmerged.js';
import { finish } from '../../src/machine/long-work.js';
import { APART_REASONS, type ApartReason } from '../../src/names.js';
import { randomIntegers } from '../../src/workload/random.js';
import { BenchHost, PAGE, times } from '../ksm/bench-host.js';

function unmerged({ host }: BenchHost): Unmerged {
  const found = finish(takeUnmerged(host));
  if (found === undefined) throw new Error('nobody changes regions here');
  return found;
}

function likes({ host }: BenchHost, guest: string, page: number): Likes {
  const found = finish(takeLikes(host, guest, (1 + page) * PAGE, 5));
  if (found === undefined) throw new Error('nobody changes regions here');
  return found;
}

/** Those that there are. */
function reasons(bench: BenchHost): Partial<Record<ApartReason, number>> {
  const found = unmerged(bench);
  return Object.fromEntries(Object.entries(found.reasons).filter(([, pages]) => pages > 0));
}

/** Pages that are not merged, and equal to a page in another frame. */
function recount({ host }: BenchHost): number {
  const framesOf = new Map<string, Set<number>>();
  const unmergedPages: { content: string; frame: number }[] = [];
  for (const guest of host.guests.names())
    for (const { address, pages } of host.guests.regionsOf(guest))
      for (let page = 0; page < pages; page++) {
        const at = address + page * PAGE;
        const { frame, state } = explainPage(host, guest, at, 0);
        if (frame === undefined) continue;
        const bytes = Buffer.alloc(PAGE);
        host.memory.load(guest, at, bytes);
        const content = bytes.toString('hex');
        framesOf.set(content, (framesOf.get(content) ?? new Set()).add(frame.number));
        if (state !== 'shared') unmergedPages.push({ content, frame: frame.number });
      }
  const zeroes = Buffer.alloc(PAGE).toString('hex');
  const takesZeroPage = host.files.tunables().use_zero_pages === 1;
  return unmergedPages.filter(
    ({ content }) =>
      (framesOf.get(content)?.size ?? 0) > 1 || (takesZeroPage && content === zeroes),
  ).length;
}

test('two equal guests that came at different times: how many pages are apart, why, and what helps', () => {
  const bench = new BenchHost();
  const contents = Array.from({ length: 50 }, (_, page) => page);
  bench.guest('old', contents);
  bench.fullScans(43);
  bench.guest('new', contents);
  expect(reasons(bench)).toEqual({ neverInPhase: 100 });
  bench.fullScans(60);
  expect(bench.counters('pages_sharing')).toEqual([0]);
  expect(unmerged(bench)).toMatchObject({
    pages: 100,
    sample: 1,
    reasons: { neverInPhase: 100 },
    withoutSmartScan: { pages: 100, freedPages: 50 },
  });
  bench.host.files.set('smart_scan', 0);
  expect(reasons(bench)).toEqual({ due: 100 });
  bench.fullScans(2);
  expect(bench.counters('pages_shared', 'pages_sharing')).toEqual([50, 50]);
  expect(unmerged(bench).pages).toBe(0);
});

/** Full scans, of those that are a matter of time. */
const MERGED_WITHIN = {
  due: 3,
  notYetDue: 20,
  outOfPhase: 20,
  neverInPhase: Number.POSITIVE_INFINITY,
};

function isOfTime(reason: ApartReason | undefined): reason is keyof typeof MERGED_WITHIN {
  return reason !== undefined && reason in MERGED_WITHIN;
}

test('what smart scan is said to let meet merges in time, and what not never, wherever the scanner is', () => {
  const FULL_SCANS = 40;
  const told = { due: 0, notYetDue: 0, outOfPhase: 0, neverInPhase: 0 };
  for (let seed = 1; seed <= 500; seed++) {
    const random = randomIntegers(seed);
    const bench = new BenchHost();
    const guests = random(3) === 0 ? ['a', 'b', 'c'] : ['a', 'b'];
    for (const [index, guest] of guests.entries()) {
      // Beside each is a page without its like, so that the scanner stands between the others too.
      bench.guest(guest, [1, 10 + index]);
      for (let batch = random(20); batch > 0; batch--) bench.host.ksm.scan(1 + random(6));
    }
    const isMerged = (guest: string): boolean =>
      explainPage(bench.host, guest, PAGE, 0).state === 'shared';
    const apart = guests.filter((guest) => !isMerged(guest));
    const reasons = apart.map((guest) => likes(bench, guest, 0).reason);
    const scans = apart.map(() => 0);
    for (let scan = 0; scan < FULL_SCANS; scan++) {
      for (const [index, guest] of apart.entries()) if (!isMerged(guest)) scans[index]++;
      bench.fullScans();
    }
    for (const [index, reason] of reasons.entries()) {
      if (!isOfTime(reason)) throw new Error(`nobody writes here, and it is said: ${reason}`);
      told[reason]++;
      if (reason === 'neverInPhase') expect(scans[index]).toBe(FULL_SCANS);
      else expect(scans[index]).toBeLessThanOrEqual(MERGED_WITHIN[reason]);
    }
  }
  expect(Math.min(...Object.values(told))).toBeGreaterThan(10);
});

test('a page whose like is merged is not yet due while smart scan leaves it out', () => {
  const bench = new BenchHost();
  bench.guest('a', [1]);
  bench.fullScans(44);
  bench.guest('b', [1, 1]);
  bench.fullScans(2);
  expect(bench.counters('pages_sharing')).toEqual([1]);
  expect(unmerged(bench)).toMatchObject({
    pages: 1,
    reasons: { notYetDue: 1 },
    withoutSmartScan: { pages: 1, freedPages: 1 },
  });
  bench.fullScans(9);
  expect(unmerged(bench).pages).toBe(0);
});

test('a page that was written since it was seen, or had changed then, has changed', () => {
  const bench = new BenchHost();
  bench.guest('a', [1, 2]);
  bench.fullScans(2);
  bench.put('a', 1, 1);
  expect(reasons(bench)).toEqual({ changed: 2 });
  bench.fullScans();
  expect(reasons(bench)).toEqual({ changed: 2 });
  bench.fullScans();
  expect(unmerged(bench).pages).toBe(0);
});

test('with merge_across_nodes=0 a page whose like is on another node says so, and which it is', () => {
  const bench = new BenchHost();
  bench.host.files.set('merge_across_nodes', 0);
  bench.guest('a', [1, 2], 0);
  bench.guest('b', [1, 3], 1);
  bench.fullScans(2);
  expect(reasons(bench)).toEqual({ node: 2 });
  expect(likes(bench, 'a', 0)).toEqual({
    reason: 'node',
    count: 1,
    first: [{ guest: 'b', region: 'r', address: PAGE, numaNode: 1, reason: 'node' }],
  });
  expect(likes(bench, 'a', 1)).toEqual({ count: 0, first: [] });
});

test('a page beyond max_page_sharing is at the limit, until another of its kind comes', () => {
  const bench = new BenchHost();
  bench.host.files.set('max_page_sharing', 2);
  bench.host.files.set('smart_scan', 0);
  bench.guest('a', times(3, 7));
  bench.fullScans(3);
  expect(reasons(bench)).toEqual({ limit: 1 });
  bench.guest('b', [7]);
  expect(reasons(bench)).toEqual({ due: 2 });
});

test('a page that is not advised keeps its like from merging, and says so of both', () => {
  const bench = new BenchHost();
  bench.guest('a', [1]);
  bench.host.createGuest('b');
  bench.host.map('b', 'r', 1, { address: PAGE, mergeable: false });
  bench.host.memory.store('b', PAGE + PAGE - 1, new Uint8Array([1]));
  bench.fullScans(2);
  expect(reasons(bench)).toEqual({ unadvised: 2 });
});

test('what a fork shares is not apart; a page of zeroes is, once the zero page takes it', () => {
  const bench = new BenchHost();
  bench.guest('a', [0]);
  bench.host.fork('a', 'child');
  bench.fullScans();
  expect(reasons(bench)).toEqual({});
  bench.host.files.set('use_zero_pages', 1);
  expect(reasons(bench)).toEqual({ due: 2 });
});

test('the reasons add up to what a recount finds, and smart_scan=0 merges what it is said to', () => {
  let predicted = 0;
  for (let seed = 1; seed <= 60; seed++) {
    const random = randomIntegers(seed);
    const bench = new BenchHost('6.18', 512);
    const { host } = bench;
    host.files.set('max_page_sharing', 3 + random(3));
    if (random(3) === 0) host.files.set('merge_across_nodes', 0);
    if (random(3) === 0) host.files.set('use_zero_pages', 1);
    for (const guest of ['a', 'b', 'c', 'd']) {
      const contents = Array.from({ length: 4 + random(12) }, () => random(8));
      bench.guest(guest, contents, random(2));
      if (random(4) === 0) host.madvise(guest, PAGE, PAGE * random(4), 'unmergeable');
      for (let scan = random(20); scan > 0; scan--) {
        bench.fullScans();
        if (random(2) === 0) bench.put(guest, random(contents.length), random(8));
        const { pages, reasons } = unmerged(bench);
        expect(pages).toBe(recount(bench));
        expect(APART_REASONS.reduce((sum, reason) => sum + reasons[reason], 0)).toBe(pages);
      }
    }
    bench.fullScans();
    const { frames } = host.machine;
    const usedBefore = frames.used;
    const { reasons, withoutSmartScan } = unmerged(bench);
    host.files.set('smart_scan', 0);
    bench.fullScans(2);
    expect(reasonsLeft(bench, 'due', 'notYetDue', 'outOfPhase', 'neverInPhase')).toBe(0);
    // What merges anyway frees frames too.
    if (reasons.due + reasons.changed > 0) continue;
    expect(usedBefore - frames.used).toBe(withoutSmartScan.freedPages);
    predicted += withoutSmartScan.freedPages;
  }
  expect(predicted).toBeGreaterThan(15);
});

function reasonsLeft(bench: BenchHost, ...of: ApartReason[]): number {
  const left = unmerged(bench).reasons;
  return of.reduce((sum, reason) => sum + left[reason], 0);
}
