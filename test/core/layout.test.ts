/** Where the shared words are: no two of them lie over each other. */
import { describe, expect, test } from 'vitest';
import * as layout from '../../src/core/layout.js';

const numbers: Readonly<Record<string, number>> = { ...layout };
const THREADS = 256;

/** Words that something takes, where it is more than one. */
const WIDE: Readonly<Record<string, number>> = {
  // 64-bit floats, and counters that outgrow 32 bits.
  CTL_CURSOR_VPN: 2,
  CTL_PAGES_SCANNED: 2,
  CTL_PAGES_SKIPPED: 2,
  CTL_CHECKSUMS: 2,
  CTL_MERGES: 2,
  CTL_COW_BREAKS: 2,
  CTL_MM_HEAD: 2,
  CTL_STABLE_ROOTS: layout.MAX_NUMA_NODES,
  CTL_UNSTABLE_ROOTS: layout.MAX_NUMA_NODES,
  CTL_SEARCH_PATH: 64,
  CTL_THREAD_STATES: THREADS,
  CTL_THREAD_STOPS: THREADS,
  CTL_THREAD_WAITS: THREADS,
  CTL_EDGES: 2 * layout.EDGE_TREE_WORDS,
  CTL_LOADED: THREADS * layout.LOAD_WORDS,
  CTL_INCOMING: layout.INCOMING_WORDS,
  GUEST_VISITS: 2,
  REGION_VPN: 2,
};

/** Pairs that lie over each other, and what lies outside `start` to `end`. */
function faults(names: readonly string[], start: number, end: number): string[] {
  const words = new Map<number, string>();
  const found: string[] = [];
  for (const name of names) {
    for (let word = 0; word < (WIDE[name] ?? 1); word++) {
      const at = (numbers[name] ?? Number.NaN) + word;
      const there = words.get(at);
      if (there !== undefined) found.push(`${name} lies over ${there}`);
      if (!(at >= start && at < end)) found.push(`${name} lies outside`);
      words.set(at, name);
    }
  }
  return [...new Set(found)];
}

test('in the control block', () => {
  const names = Object.keys(numbers).filter((name) => name.startsWith('CTL_'));
  expect(names.length).toBeGreaterThan(70);
  expect(faults(names, layout.CONTROL_BASE, layout.CONTROL_END)).toEqual([]);
});

test('an edge of a tree has as many words as its entries take', () => {
  expect(layout.EDGE_TREE_WORDS).toBe(2 * layout.EDGE_DEPTHS * layout.EDGE_WORDS);
});

describe('in a structure', () => {
  test.each([
    ['a frame', ['FRAME_MAPCOUNT', 'FRAME_STABLE_NODE', 'FRAME_FLAGS'], layout.FRAME_WORDS],
    [
      'a slot in a tree',
      [
        ...['RB_PARENT_COLOR', 'RB_LEFT', 'RB_RIGHT', 'PTE_CHECKSUM'],
        ...['RMAP_FLAGS', 'SLOT_REGION', 'PTE_STATE', 'PTE_FRAME'],
      ],
      layout.SLOT_WORDS,
    ],
    [
      'a slot on a list',
      [
        ...['RMAP_HEAD', 'RMAP_NEXT', 'RMAP_PREV', 'PTE_CHECKSUM'],
        ...['RMAP_FLAGS', 'SLOT_REGION', 'PTE_STATE', 'PTE_FRAME'],
      ],
      layout.SLOT_WORDS,
    ],
    [
      'a slot in neither',
      [
        ...['RMAP_CHANGES', 'RMAP_NEXT', 'RMAP_PREV', 'PTE_CHECKSUM'],
        ...['RMAP_FLAGS', 'SLOT_REGION', 'PTE_STATE', 'PTE_FRAME'],
      ],
      layout.SLOT_WORDS,
    ],
    [
      'a guest',
      [
        ...['MM_NEXT', 'MM_PREV', 'GUEST_STATE', 'GUEST_FIRST_REGION', 'GUEST_NUMA_NODE'],
        ...['GUEST_ON_LIST', 'GUEST_RMAP_ITEMS', 'GUEST_MERGING_PAGES', 'GUEST_ZERO_PAGES'],
        ...['GUEST_PRESENT_PAGES', 'GUEST_VISITS'],
      ],
      layout.GUEST_WORDS,
    ],
    [
      'a region',
      [
        ...['REGION_VPN', 'REGION_PAGES', 'REGION_SLOT', 'REGION_GUEST'],
        ...['REGION_NEXT', 'REGION_MERGEABLE', 'REGION_RMAP_ITEMS'],
      ],
      layout.REGION_WORDS,
    ],
    [
      'a stable node in the tree',
      [
        ...['RB_PARENT_COLOR', 'RB_LEFT', 'RB_RIGHT', 'STABLE_FIRST', 'STABLE_FRAME'],
        ...['STABLE_LENGTH', 'STABLE_NUMA_NODE', 'STABLE_EXCERPT'],
      ],
      layout.STABLE_NODE_WORDS,
    ],
    [
      'a dup of a chain',
      [
        ...['STABLE_HEAD', 'STABLE_DUP_NEXT', 'STABLE_DUP_PREV', 'STABLE_FIRST', 'STABLE_FRAME'],
        ...['STABLE_LENGTH', 'STABLE_NUMA_NODE', 'STABLE_OWNER'],
      ],
      layout.STABLE_NODE_WORDS,
    ],
  ])('%s', (_what, names, words) => {
    expect(faults(names, 0, words)).toEqual([]);
  });
});

test.each([
  [
    'an rmap item',
    [
      ...[
        'RMAP_AGE_MASK',
        'RMAP_SKIPS_MASK',
        'RMAP_NUMA_NODE_MASK',
        'RMAP_SEQNR_MASK',
        'RMAP_IN_USE',
      ],
      ...['RMAP_STABLE', 'RMAP_UNSTABLE', 'RMAP_SEEN', 'RMAP_TRUSTED', 'RMAP_EXCERPTED'],
      ...['RMAP_FULL', 'RMAP_SKIPPED'],
    ],
  ],
  [
    'a pte',
    [
      ...['PTE_HOLDER_MASK', 'PTE_PRESENT', 'PTE_WRITABLE', 'PTE_MERGEABLE', 'PTE_DIRTY'],
      ...['PTE_ZERO', 'PTE_HASHED'],
    ],
  ],
])('the flags of %s share no bit', (_what, names) => {
  let taken = 0;
  for (const name of names) {
    const bits = numbers[name] ?? 0;
    expect(bits, name).not.toBe(0);
    expect(taken & bits, name).toBe(0);
    taken |= bits;
  }
});
