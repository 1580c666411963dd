/**
 * Chains: what becomes of pages beyond max_page_sharing, which dup takes the next one, and when
 * chains and dups go.
 */

import { describe, expect, test } from 'vitest';
import {
  CTL_STABLE_NODE_CHAINS,
  CTL_STABLE_NODES,
  CTL_STABLE_ROOTS,
  PTE_FRAME,
  SLOT_WORDS,
  STABLE_CHAIN,
  STABLE_DUP_NEXT,
  STABLE_FIRST,
  STABLE_FRAME,
  STABLE_LENGTH,
} from '../../src/core/layout.js';
import { checkHost } from '../../src/inspect/check.js';
import type { ProfileName } from '../../src/ksm/kernels.js';
import { BenchHost, PAGE, times } from './bench-host.js';

const NEVER = 100_000_000;
const ALWAYS = 0;

/** Twelve equal pages, four a node: three dups in a chain. */
class ChainBench extends BenchHost {
  constructor(kernel: ProfileName, pruneMs: number, startMs = 1) {
    super(kernel);
    this.host.files.set('max_page_sharing', 4);
    this.host.files.set('stable_node_chains_prune_millisecs', pruneMs);
    this.guest('g', times(12, 1));
    this.clock.now = startMs;
    this.fullScans(2);
  }

  private get i32(): Int32Array {
    return this.host.machine.memory.i32;
  }

  /** The frames of the chain's dups in order; the chain is all there is in the stable tree. */
  get dups(): number[] {
    const { i32 } = this;
    const frames: number[] = [];
    const top = i32[CTL_STABLE_ROOTS];
    expect(i32[top + STABLE_LENGTH], 'the tree is one chain').toBe(STABLE_CHAIN);
    for (let dup = i32[top + STABLE_FIRST]; dup !== 0; dup = i32[dup + STABLE_DUP_NEXT])
      frames.push(i32[dup + STABLE_FRAME]);
    return frames;
  }

  frameOf(guest: string, page: number): number {
    return this.i32[this.host.guests.firstSlot(guest, 'r') + page * SLOT_WORDS + PTE_FRAME];
  }

  /** Drops `count` pages that map `frame`, and lets the scanner see it. */
  drop(frame: number, count: number): void {
    const pages = Array.from({ length: 12 }, (_, page) => page).filter(
      (page) => this.frameOf('g', page) === frame,
    );
    for (const page of pages.slice(0, count))
      this.host.madvise('g', PAGE * (1 + page), PAGE, 'dontneed');
    this.fullScans();
  }

  /**
   * One more page of the same content comes and is scanned till it has merged; the frame it maps
   * then.
   */
  newcomer(): number {
    this.guest('n', [1]);
    this.fullScans(2);
    return this.frameOf('n', 0);
  }
}

const PROFILES: readonly ProfileName[] = ['6.1', '6.12', '6.18'];

describe.each(PROFILES)('as Linux %s does it', (kernel) => {
  test('a node takes max_page_sharing mappings; when all are full, twins of the unstable tree make another dup', () => {
    const bench = new ChainBench(kernel, NEVER);
    expect(
      bench.counters('pages_shared', 'pages_sharing', 'stable_node_chains', 'stable_node_dups'),
    ).toEqual([3, 9, 1, 3]);
    expect(bench.host.machine.frames.used).toBe(3);
    const alone = bench.newcomer();
    expect(bench.dups, 'a page alone finds no room and no twin').not.toContain(alone);
    expect(bench.counters('pages_unshared')).toEqual([1]);
    expect(checkHost(bench.host)).toEqual([]);
  });

  test('without pruning the first dup with room is taken, and moved to the front if it takes more', () => {
    const bench = new ChainBench(kernel, NEVER);
    const [first, second, third] = bench.dups;
    bench.drop(second, 3);
    bench.drop(third, 2);
    expect(bench.newcomer()).toBe(second);
    expect(bench.dups).toEqual([second, first, third]);
    expect(checkHost(bench.host)).toEqual([]);
  });

  test('a pruning pass takes the fullest dup with room, and moves it to the front if it takes more', () => {
    const bench = new ChainBench(kernel, ALWAYS);
    const [first, second, third] = bench.dups;
    bench.drop(second, 3);
    bench.drop(third, 2);
    expect(bench.newcomer()).toBe(third);
    expect(bench.dups).toEqual([third, first, second]);
    expect(checkHost(bench.host)).toEqual([]);
  });

  test('a dup that the page at hand fills stays where it is', () => {
    const bench = new ChainBench(kernel, ALWAYS);
    const { dups } = bench;
    bench.drop(dups[2], 1);
    expect(bench.newcomer()).toBe(dups[2]);
    expect(bench.dups).toEqual(dups);
  });

  test('an empty chain stays until a search passes it', () => {
    const bench = new ChainBench(kernel, NEVER);
    for (const frame of bench.dups) bench.drop(frame, 4);
    expect(bench.counters('pages_shared', 'stable_node_chains', 'stable_node_dups')).toEqual([
      0, 1, 0,
    ]);
    bench.newcomer();
    expect(bench.counters('stable_node_chains', 'stable_node_dups')).toEqual([0, 0]);
    expect(checkHost(bench.host)).toEqual([]);
  });

  test('a chain whose last dup has room collapses on a pruning pass', () => {
    const bench = new ChainBench(kernel, ALWAYS);
    const [first, second, third] = bench.dups;
    bench.drop(first, 1);
    bench.drop(second, 4);
    bench.drop(third, 4);
    expect(bench.newcomer()).toBe(first);
    expect(
      bench.counters('pages_shared', 'pages_sharing', 'stable_node_chains', 'stable_node_dups'),
    ).toEqual([1, 3, 0, 0]);
    expect(checkHost(bench.host)).toEqual([]);
  });
});

/** A chain of a single dup that a search passes, with room or without: the chains left. */
function chainsLeft(kernel: ProfileName, pruneMs: number, room: number): number | undefined {
  const bench = new ChainBench(kernel, pruneMs);
  const [first, second, third] = bench.dups;
  if (room > 0) bench.drop(first, room);
  bench.drop(second, 4);
  bench.drop(third, 4);
  bench.newcomer();
  expect(checkHost(bench.host)).toEqual([]);
  return bench.counters('stable_node_chains')[0];
}

test('6.1 collapses a chain on pruning passes only, and only if its dup has room; later kernels whenever it is met', () => {
  const cases: [number, number][] = [
    [NEVER, 1],
    [NEVER, 0],
    [ALWAYS, 1],
    [ALWAYS, 0],
  ];
  expect(cases.map(([prune, room]) => chainsLeft('6.1', prune, room))).toEqual([1, 1, 0, 1]);
  expect(cases.map(([prune, room]) => chainsLeft('6.12', prune, room))).toEqual([0, 0, 0, 0]);
});

test.each([
  { ms: 4999, taken: 'the first dup with room', which: 1, from: 1 },
  { ms: 5000, taken: 'the fullest with room', which: 2, from: 1 },
  // Milliseconds are kept in 32 bits, signed and unsigned: what counts is how many have passed.
  { ms: 50, taken: 'the first dup with room', which: 1, from: 2 ** 32 - 100 },
  { ms: 4999, taken: 'the first dup with room', which: 1, from: 2 ** 32 - 100 },
  { ms: 5000, taken: 'the fullest with room', which: 2, from: 2 ** 32 - 100 },
  { ms: 4999, taken: 'the first dup with room', which: 1, from: 2 ** 31 - 100 },
  { ms: 5000, taken: 'the fullest with room', which: 2, from: 2 ** 31 - 100 },
])(
  'pruning every 5000 ms, the last time at $from: after $ms ms $taken is taken',
  ({ ms, which, from }) => {
    const bench = new ChainBench('6.18', 5000, from);
    const { dups } = bench;
    bench.drop(dups[1], 2);
    bench.drop(dups[2], 1);
    bench.clock.now += ms;
    expect(bench.newcomer()).toBe(dups[which]);
  },
);

test('2.6.32 has no chains: one page takes all', () => {
  const bench = new BenchHost('2.6.32');
  bench.guest('g', times(250, 1));
  bench.fullScans(2);
  expect(bench.counters('pages_shared', 'pages_sharing')).toEqual([1, 249]);
  expect(checkHost(bench.host)).toEqual([]);
});

test.each([
  { kernel: '2.6.32', chains: 0 },
  { kernel: '6.18', chains: 1 },
] as const)(
  'a KSM page that only an unmergeable page maps takes no more, if there are chains ($kernel)',
  ({ kernel, chains }) => {
    const bench = new BenchHost(kernel);
    bench.guest('g', [1, 1]);
    bench.host.fork('g', 'c');
    bench.host.madvise('c', PAGE, 2 * PAGE, 'unmergeable');
    bench.fullScans(2);
    bench.host.exitGuest('g');
    bench.guest('h', times(3, 1));
    bench.fullScans(3);
    expect(bench.counters('pages_shared', 'pages_sharing')).toEqual([1, 2]);
    expect(bench.host.machine.memory.i32[CTL_STABLE_NODE_CHAINS]).toBe(chains);
    expect(checkHost(bench.host)).toEqual([]);
  },
);

describe('when the table of stable nodes is full', () => {
  /** A host that has room for so many stable nodes only. */
  function hostWithNodes(nodes: number, frames = 256): BenchHost {
    const bench = new BenchHost('6.18', frames);
    bench.host.machine.memory.i32[CTL_STABLE_NODES] = nodes;
    return bench;
  }

  test('twins are left alone unless there is a node for them and one to spare for a chain', () => {
    const bench = hostWithNodes(3);
    bench.guest('g', [1, 1, 2, 2, 3, 3, 1]);
    bench.fullScans(3);
    expect(bench.counters('pages_shared', 'pages_sharing')).toEqual([2, 3]);
    expect(bench.contents('g')).toEqual([1, 1, 2, 2, 3, 3, 1]);
    expect(bench.host.machine.frames.used).toBe(4);
    expect(checkHost(bench.host)).toEqual([]);
    // Once a node is free, they merge.
    bench.put('g', 2, 9);
    bench.put('g', 3, 8);
    bench.fullScans(3);
    expect(bench.counters('pages_shared', 'pages_sharing')).toEqual([2, 3]);
    expect(checkHost(bench.host)).toEqual([]);
  });

  test('a chain that finds no room for its head is not begun', () => {
    const bench = hostWithNodes(2);
    bench.host.files.set('max_page_sharing', 2);
    bench.guest('g', times(4, 1));
    bench.fullScans(3);
    expect(
      bench.counters('pages_shared', 'pages_sharing', 'stable_node_chains', 'stable_node_dups'),
    ).toEqual([1, 1, 0, 0]);
    expect(bench.contents('g')).toEqual(times(4, 1));
    expect(checkHost(bench.host)).toEqual([]);
  });

  test('without any nothing merges, and pages can be written as before', () => {
    const bench = hostWithNodes(0, 2);
    bench.guest('g', [1, 1]);
    bench.fullScans(3);
    expect(bench.counters('pages_shared', 'pages_sharing')).toEqual([0, 0]);
    expect(bench.host.machine.frames.used).toBe(2);
    expect(checkHost(bench.host)).toEqual([]);
    bench.put('g', 0, 5);
    bench.put('g', 1, 6);
    expect(bench.contents('g')).toEqual([5, 6]);
    expect(checkHost(bench.host)).toEqual([]);
  });
});
