/** Merging: done only if both pages still are what the search saw. Otherwise nothing is changed. */

import { beforeEach, expect, test } from 'vitest';
import {
  PTE_DIRTY,
  PTE_FRAME,
  PTE_STATE,
  PTE_WRITABLE,
  PTE_ZERO,
  SLOT_WORDS,
} from '../../../src/core/layout.js';
import { checkHost } from '../../../src/inspect/check.js';
import { BenchHost, PAGE } from '../../ksm/bench-host.js';
import { type TestedCore, testedCore } from '../tested-core.js';

const [A, B, OTHER, ZERO] = [0, 1, 2, 3];

let bench: BenchHost;
let core: TestedCore;

beforeEach(() => {
  bench = new BenchHost();
  bench.guest('g', [1, 1, 2, 0]);
  core = testedCore(bench.host.machine.memory);
  // As after a visit: clean.
  for (const page of [A, B, OTHER, ZERO]) i32()[slot(page) + PTE_STATE] &= ~PTE_DIRTY;
});

function i32(): Int32Array {
  return bench.host.machine.memory.i32;
}

function slot(page: number): number {
  return bench.host.guests.firstSlot('g', 'r') + page * SLOT_WORDS;
}

function frame(page: number): number {
  return i32()[slot(page) + PTE_FRAME];
}

/** 1 if they were merged. */
function twins(a: number, b: number, proven: boolean): number {
  return core.mergeTwins(slot(a), frame(a), slot(b), frame(b), Number(proven));
}

/** All that is kept of frames and pages, read without their locks. */
function state(): number[][] {
  const { memory, frames } = bench.host.machine;
  const page = (number: number): number[] => {
    const last = memory.u8[memory.frameByte(frame(number) + 1) - 1];
    return [i32()[slot(number) + PTE_STATE], frame(number), frames.mapcount(frame(number)), last];
  };
  return [...[A, B, OTHER, ZERO].map(page), [frames.used]];
}

function refused(merge: () => number): void {
  const before = state();
  expect(merge()).toBe(0);
  expect(state()).toEqual(before);
}

/** `page`'s frame as a KSM page; its stable node. */
function stableNodeOf(page: number): number {
  const stable = core.stableNodeCreate(frame(page), 0);
  core.setStableNode(frame(page), stable);
  i32()[slot(page) + PTE_STATE] &= ~PTE_WRITABLE;
  return stable;
}

test('twins map one frame, write-protected, and the other is given back', () => {
  const kept = frame(A);
  expect(twins(A, B, true)).toBe(1);
  expect([frame(A), frame(B)]).toEqual([kept, kept]);
  expect(i32()[slot(A) + PTE_STATE] & i32()[slot(B) + PTE_STATE] & PTE_WRITABLE).toBe(0);
  expect(bench.host.machine.frames.mapcount(kept), 'both ptes and the caller').toBe(3);
  expect(bench.host.machine.frames.used).toBe(3);
  bench.put('g', B, 9);
  expect(bench.contents('g')).toEqual([1, 9, 2, 0]);
});

test('twins that no search has proven equal are compared', () => {
  refused(() => twins(A, OTHER, false));
  expect(twins(A, B, false)).toBe(1);
});

test.each([
  ['the page', A],
  ['its twin', B],
])('twins are compared again if %s was written since', (_which, written) => {
  bench.put('g', written, 7);
  refused(() => twins(A, B, true));
  bench.put('g', written, 1);
  expect(twins(A, B, true)).toBe(1);
});

test.each([A, B])('twins of which page %i is locked are left for next time', (locked) => {
  const { lock } = bench.host.machine;
  const was = lock.take(slot(locked), 0);
  refused(() => twins(A, B, true));
  lock.release(slot(locked), was);
  expect(twins(A, B, true)).toBe(1);
});

test.each([A, B])(
  'twins of which page %i maps another frame by now, is gone or no longer mergeable are left',
  (page) => {
    const seen = [frame(A), frame(B)];
    const merge = () => core.mergeTwins(slot(A), seen[0], slot(B), seen[1], 1);
    const at = PAGE * (1 + page);
    bench.host.madvise('g', at, PAGE, 'unmergeable');
    refused(merge);
    bench.host.madvise('g', at, PAGE, 'mergeable');
    bench.host.madvise('g', at, PAGE, 'dontneed');
    refused(merge);
    // Another page takes the frame that was given back, so that this one gets another.
    bench.host.createGuest('h');
    bench.host.map('h', 'r', 1, { address: PAGE });
    bench.put('h', 0, 1);
    bench.put('g', page, 1);
    expect(frame(page)).not.toBe(seen[page]);
    refused(merge);
  },
);

test('a page goes into a stable node’s, unless it was written since and differs', () => {
  const stable = stableNodeOf(B);
  bench.put('g', A, 7);
  refused(() => core.mergeIntoStable(slot(A), frame(A), stable));
  bench.put('g', A, 1);
  expect(core.mergeIntoStable(slot(A), frame(A), stable)).toBe(1);
  expect(frame(A)).toBe(frame(B));
  expect(bench.host.machine.frames.mapcount(frame(B))).toBe(2);
});

test('nothing goes into a stable node whose page is gone', () => {
  const stable = stableNodeOf(B);
  bench.host.madvise('g', PAGE * (1 + B), PAGE, 'dontneed');
  refused(() => core.mergeIntoStable(slot(A), frame(A), stable));
  // Its frame may be another page's by now.
  bench.put('g', B, 1);
  refused(() => core.mergeIntoStable(slot(A), frame(A), stable));
});

test('a page of zeroes maps the zero page and gives its frame back; any other does not', () => {
  refused(() => core.mergeIntoZeroPage(slot(A), frame(A)));
  expect(core.mergeIntoZeroPage(slot(ZERO), frame(ZERO))).toBe(1);
  expect(i32()[slot(ZERO) + PTE_STATE] & PTE_ZERO).toBe(PTE_ZERO);
  expect([frame(ZERO), bench.host.machine.frames.used]).toEqual([0, 3]);
  expect(checkHost(bench.host)).toEqual([]);
});
