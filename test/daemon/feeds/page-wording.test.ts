/**
 * The sentences about a page: for every state one that says why and one that says what comes next.
 */
import { expect, test } from 'vitest';
import { pageWording } from '../../../src/daemon/feeds/page-wording.js';
import type { PageExplanation } from '../../../src/inspect/page-explanation.js';
import { APART_REASONS, type ApartReason, PAGE_STATES } from '../../../src/names.js';

const PAGE: PageExplanation = {
  page: { guest: 'a', region: 'r', address: 4096 },
  state: 'unshared',
  mergeable: true,
  zeroes: false,
  checksum: 1,
  frame: { number: 1, mappings: 1 },
  hugePage: undefined,
  forkSharers: 0,
  age: 5,
  changes: 0,
  skips: 2,
  written: false,
  ksmPages: 0,
  ksmMappings: 0,
  twinCount: 0,
  twins: [],
};
const RUNNING = { run: 1, max_page_sharing: 256, smart_scan: 1, use_zero_pages: 0 };

test.each(PAGE_STATES)('%s: a sentence each', (state) => {
  const { why, next } = pageWording({ ...PAGE, state, ksmPages: 1, ksmMappings: 3 }, RUNNING, true);
  for (const sentence of [why, next]) expect(sentence).toMatch(/^[A-Z][^{}]*\.$/);
  expect(`${why} ${next}`).not.toMatch(/undefined|NaN|\b1 pages|1 visits/);
});

test('what a page will meet is said where it is known', () => {
  const next = (explained: Partial<PageExplanation>): string =>
    pageWording({ ...PAGE, ...explained }, RUNNING, true).next;
  expect(next({ state: 'waiting', ksmPages: 1, ksmMappings: 2 })).toMatch(
    /finds the KSM page that 2 pages of this content map/,
  );
  expect(next({ state: 'volatile', skips: 0, twinCount: 1 })).toMatch(
    /^The next full scan, .* finds a page of this content that stays as it is, and merges the two\.$/,
  );
  expect(next({ state: 'volatile', skips: 0, written: true })).toMatch(
    /^The next full scan finds that it has changed/,
  );
  expect(next({ state: 'skipped', skips: 1 })).toMatch(
    /^Smart scan leaves it out of 1 full scan; the one after looks for its like/,
  );
  expect(next({ state: 'skipped', skips: 0 })).toMatch(/^The next full scan looks for its like/);
  expect(next({ state: 'unshared', skips: 3 })).toMatch(
    /^Smart scan leaves it out of 3 full scans/,
  );
  expect(next({ state: 'unshared', written: true, skips: 0 })).toMatch(
    /^The next full scan finds that it has changed/,
  );
  expect(
    pageWording({ ...PAGE, state: 'skipped', skips: 4 }, { ...RUNNING, smart_scan: 0 }, true).next,
  ).toMatch(/^The next full scan looks/);
  expect(
    pageWording({ ...PAGE, zeroes: true, skips: 0 }, { ...RUNNING, use_zero_pages: 1 }, true).next,
  ).toMatch(/maps the zero page instead\.$/);
});

test('a page that is equal is named wherever it is, and nothing is promised of it', () => {
  const first = { guest: 'b', region: 'r', address: 8192, numaNode: 3 };
  const next = (reason: ApartReason): string =>
    pageWording({ ...PAGE, skips: 0 }, RUNNING, true, { reason, count: 1, first: [first] }).next;
  for (const reason of APART_REASONS) {
    expect(next(reason)).toContain('page 0x2000 of guest b');
    expect(next(reason)).not.toMatch(/as soon as|undefined/);
  }
  expect(next('outOfPhase')).toMatch(/for now: they merge in one of the next full scans/);
  expect(next('neverInPhase')).toMatch(/different full scans.*for ever\. With smart_scan=0/);
  expect(next('node')).toMatch(/but on NUMA node 3: merge_across_nodes=0 keeps the two apart\.$/);
  expect(next('due')).toMatch(/^The next full scan merges it with page 0x2000 of guest b/);
  expect(pageWording(PAGE, RUNNING, true, { count: 0, first: [] }).next).toMatch(
    /; no page is equal to it now\.$/,
  );
});

test('a page that smart scan leaves out tells what its last visits have found', () => {
  const why = (changes: number): string =>
    pageWording({ ...PAGE, state: 'skipped', changes }, RUNNING, true).why;
  expect(why(40)).toMatch(/ At each of its last 40 visits it had changed\.$/);
  expect(why(1)).toMatch(/ At its last visit it had changed\.$/);
  expect(why(0)).toMatch(/ At its last visit it was as before\.$/);
});

test('nothing comes next while the scanner is stopped, but for pages that need no scanner', () => {
  const stopped = { ...RUNNING, run: 0 };
  expect(pageWording(PAGE, stopped, true).next).toMatch(
    /^Nothing while the scanner is stopped; with run=1: smart scan leaves it out of 2 full scans/,
  );
  expect(pageWording({ ...PAGE, state: 'untouched' }, stopped, true).next).toBe(
    'Nothing, until it is written.',
  );
});

test('of a page of a huge page it is said what a merge does to all of that', () => {
  const hugePage = { isWhole: true, otherGuests: 0, zeroPages: 0 };
  const wording = (part: Partial<typeof hugePage>, splitFreesZeroes = true) =>
    pageWording({ ...PAGE, hugePage: { ...hugePage, ...part } }, RUNNING, splitFreesZeroes);
  expect(wording({})).toEqual({
    why: expect.stringMatching(/ It is part of a huge page\.$/),
    next: expect.stringMatching(
      / A merge splits the huge page: it is mapped page by page from then on\.$/,
    ),
  });
  expect(wording({ isWhole: false, otherGuests: 2, zeroPages: 300 })).toEqual({
    why: expect.stringMatching(/ It is part of a huge page, mapped page by page\.$/),
    next: expect.stringMatching(
      /, in 2 other guests too, and 300 pages of zeroes are given back\.$/,
    ),
  });
  expect(wording({ zeroPages: 300 }, false).next).not.toMatch(/zeroes/);
});

test('of a page that a fork shares it is said with how many, and what a merge of it frees', () => {
  const { why, next } = pageWording({ ...PAGE, forkSharers: 3 }, RUNNING, true);
  expect(why).toMatch(/ It shares its frame with 3 other pages since a fork\.$/);
  expect(next).toMatch(/ Its frame comes free only once all that share it have merged\.$/);
  const merged = pageWording({ ...PAGE, state: 'shared', forkSharers: 1 }, RUNNING, true);
  expect(merged.why).toMatch(/1 other page since a fork\.$/);
  expect(merged.next).not.toMatch(/comes free/);
});
