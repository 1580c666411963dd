/**
 * The recount: silent about a sound machine, and a sentence that names the place for each thing
 * that is wrong.
 */

import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  CTL_FRAMES_USED,
  CTL_PAGES_SHARED,
  CTL_PAGES_SHARING,
  CTL_PAGES_UNSHARED,
  CTL_RMAP_ITEMS,
  CTL_SLOTS_USED,
  CTL_STABLE_NODE_CHAINS,
  CTL_STABLE_NODES_USED,
  CTL_STABLE_ROOTS,
  CTL_STALE_NODES,
  CTL_UNSTABLE_ROOTS,
  CTL_ZERO_PAGES,
  FRAME_MAPCOUNT,
  FRAME_WORDS,
  GUEST_MERGING_PAGES,
  GUEST_PRESENT_PAGES,
  MM_PREV,
  PTE_CHECKSUM,
  PTE_DIRTY,
  PTE_FORK_SHIFT,
  PTE_FRAME,
  PTE_MERGEABLE,
  PTE_STATE,
  PTE_WRITABLE,
  RB_LEFT,
  RB_PARENT_COLOR,
  RMAP_FLAGS,
  RMAP_HEAD,
  RMAP_STABLE,
  RMAP_UNSTABLE,
  SLOT_REGION,
  SLOT_WORDS,
  STABLE_EXCERPT,
  STABLE_FIRST,
  STABLE_LENGTH,
} from '../../src/core/layout.js';
import { checkHost } from '../../src/inspect/check.js';
import { testedCore } from '../core/tested-core.js';
import { BenchHost } from '../ksm/bench-host.js';

/**
 * In the middle of a full scan: guest 'a' has three pages merged, two pairs of others, and pages of
 * its own; 'b', not yet reached, has a page that is written, one of zeroes that KSM mapped, and one
 * merged with a's.
 */
class Patient extends BenchHost {
  readonly i32 = this.host.machine.memory.i32;

  constructor() {
    super();
    this.host.files.set('use_zero_pages', 1);
    this.host.files.set('smart_scan', 0);
    this.guest('a', [1, 1, 1, 2, 2, 3, 3, 11, 12, 13, 14, 15]);
    this.guest('b', [10, 0, 1]);
    this.fullScans(4);
    this.put('b', 0, 20);
    this.host.ksm.scan(12);
  }

  /** The slot of a page of a guest. */
  slot(guest: string, page: number): number {
    return this.host.guests.firstSlot(guest, 'r') + page * SLOT_WORDS;
  }

  frame(guest: string, page: number): number {
    return this.i32[this.slot(guest, page) + PTE_FRAME];
  }

  frameEntry(frame: number): number {
    return this.host.machine.memory.frameTable + frame * FRAME_WORDS;
  }
}

let patient: Patient;
beforeEach(() => {
  patient = new Patient();
});

test('a sound machine is left without a word, and without a change', () => {
  expect(
    patient.counters('pages_shared', 'pages_sharing', 'pages_unshared', 'ksm_zero_pages'),
  ).toEqual([3, 5, 6, 1]);
  const before = patient.i32.slice();
  expect(checkHost(patient.host)).toEqual([]);
  expect(Buffer.compare(Buffer.from(patient.i32.slice().buffer), Buffer.from(before.buffer))).toBe(
    0,
  );
});

type Damage = readonly [what: string, damage: (patient: Patient) => void, sentence: RegExp];

const counter = (word: number, sentence: RegExp): Damage => [
  `counter ${sentence.source}`,
  ({ i32 }) => {
    i32[word]++;
  },
  sentence,
];

describe('each kind of damage is told', () => {
  test.each<Damage>([
    counter(CTL_PAGES_SHARED, /^pages_shared: 4 is written down, a recount gives 3$/),
    counter(CTL_PAGES_SHARING, /^pages_sharing: 6 is written down/),
    counter(CTL_PAGES_UNSHARED, /^pages_unshared: 7 is written down/),
    counter(CTL_RMAP_ITEMS, /^rmap items: /),
    counter(CTL_ZERO_PAGES, /^ksm_zero_pages: 2 is written down/),
    counter(CTL_FRAMES_USED, /^frames in use: /),
    counter(CTL_STABLE_NODE_CHAINS, /^stable_node_chains: /),
    counter(CTL_STABLE_NODES_USED, /^stable nodes in use: /),
    counter(CTL_STALE_NODES, /^stale nodes: 1 is written down, a recount gives 0$/),
    counter(CTL_SLOTS_USED, /^registered pages: /),
    [
      'a merging page too many',
      (p) => p.i32[p.host.guests.pointer('a') + GUEST_MERGING_PAGES]++,
      /^guest 'a', ksm_merging_pages: 8 is/,
    ],
    [
      'a present page too few',
      (p) => p.i32[p.host.guests.pointer('b') + GUEST_PRESENT_PAGES]--,
      /^guest 'b', present pages: 1 is/,
    ],
    [
      'a broken ring of guests',
      (p) => (p.i32[p.host.guests.pointer('b') + MM_PREV] = 0),
      /^the list of guests .* broken before guest 'b'$/,
    ],
    [
      'a mapcount',
      (p) => p.i32[p.frameEntry(p.frame('a', 0)) + FRAME_MAPCOUNT]--,
      /^mapcount of frame \d+: 3 is written down, a recount gives 4$/,
    ],
    [
      'a frame that nothing maps',
      (p) => p.host.machine.frames.take(0),
      /^frame \d+ is lost: nothing maps it and it is not free$/,
    ],
    [
      'a frame free and mapped',
      (p) => testedCore(p.host.machine.memory).frameGive(p.frame('b', 0)),
      /^frame \d+ is free, and \d+ ptes map it$/,
    ],
    [
      'a frame used twice',
      (p) => {
        p.i32[p.slot('a', 8) + PTE_FRAME] = p.frame('a', 7);
      },
      /^mapcount of frame \d+: 1 is written down, a recount gives 2$/,
    ],
    [
      'a shared page that can be written',
      (p) => (p.i32[p.slot('a', 1) + PTE_STATE] |= PTE_WRITABLE),
      /^page 0x80 of guest 'a' is writable, and its frame/,
    ],
    [
      'a page of its own that a fork is said to share',
      (p) => (p.i32[p.slot('a', 7) + PTE_STATE] |= 5 << PTE_FORK_SHIFT),
      /^page 0x200 of guest 'a' is shared by a fork but writable$/,
    ],
    [
      'an absent page that a fork is said to share',
      (p) => (p.i32[p.slot('a', 11) + PTE_STATE] = 5 << PTE_FORK_SHIFT),
      /^page 0x300 of guest 'a' is shared by a fork and there is nothing$/,
    ],
    [
      'a lost MERGEABLE',
      (p) => (p.i32[p.slot('a', 1) + PTE_STATE] &= ~PTE_MERGEABLE),
      /^region at 0x40 of guest 'a', mergeable pages: 12 is/,
    ],
    [
      'a locked page',
      (p) => (p.i32[p.slot('b', 0) + PTE_STATE] |= 7),
      /^page 0x40 of guest 'b' is locked by 7$/,
    ],
    [
      'a slot of another region',
      (p) => (p.i32[p.slot('a', 3) + SLOT_REGION] = p.i32[p.slot('b', 0) + SLOT_REGION]),
      /^a slot of region at 0x40 of guest 'a'/,
    ],
    [
      'a slot that should be free',
      (p) => (p.i32[p.slot('b', 3) + PTE_FRAME] = 1),
      /^free slot 15 is not all zeroes$/,
    ],
    [
      'an item that left its list',
      (p) => (p.i32[p.slot('a', 2) + RMAP_FLAGS] &= ~RMAP_STABLE),
      /^page 0xc0 of guest 'a' does not say that it is on the list/,
    ],
    [
      'an item on the wrong list',
      (p) => (p.i32[p.slot('a', 2) + RMAP_HEAD] = p.i32[p.slot('a', 3) + RMAP_HEAD]),
      /^page 0xc0 .* not on the list that it names$/,
    ],
    [
      'an item of no tree that says otherwise',
      (p) => (p.i32[p.slot('b', 0) + RMAP_FLAGS] |= RMAP_UNSTABLE | RMAP_STABLE),
      /^page 0x40 of guest 'b' is in both trees$/,
    ],
    [
      'a list that is too long',
      (p) => p.i32[p.i32[p.slot('a', 2) + RMAP_HEAD] + STABLE_LENGTH]++,
      /^length of the list of stable node \d+: 5 is/,
    ],
    [
      'a merged page that differs from its twin’s',
      (p) => (p.i32[p.slot('a', 0) + PTE_FRAME] = p.frame('a', 3)),
      /^page 0x40 of guest 'a' maps frame \d+, but is listed/,
    ],
    [
      'a red root',
      (p) => (p.i32[p.i32[CTL_STABLE_ROOTS] + RB_PARENT_COLOR] &= ~1),
      /^stable tree: the topmost node, stable node \d+, is red$/,
    ],
    [
      'a lost subtree',
      (p) => (p.i32[p.i32[CTL_UNSTABLE_ROOTS] + RB_LEFT] = 0),
      /says it is in the unstable tree, and is not$/,
    ],
    [
      'a wrong parent',
      (p) => (p.i32[p.i32[p.i32[CTL_UNSTABLE_ROOTS] + RB_LEFT] + RB_PARENT_COLOR] += 2),
      /names a parent that it does not hang from$/,
    ],
    [
      'a circle in a tree',
      (p) => (p.i32[p.i32[CTL_UNSTABLE_ROOTS] + RB_LEFT] = p.i32[CTL_UNSTABLE_ROOTS]),
      /^unstable tree: page .* is met twice$/,
    ],
    [
      'a node in two trees',
      ({ i32 }) => (i32[CTL_STABLE_ROOTS + 1] = i32[CTL_STABLE_ROOTS]),
      /^stable tree of node 1: stable node \d+ is met twice$/,
    ],
    [
      'an item on two lists',
      (p) => {
        const node = p.i32[p.slot('a', 3) + RMAP_HEAD];
        p.i32[node + STABLE_FIRST] = p.i32[p.i32[p.slot('a', 2) + RMAP_HEAD] + STABLE_FIRST];
      },
      /^the list of stable node \d+ leads to page 0x[\da-f]+ of guest '.' a second time$/,
    ],
    [
      'a page of the unstable tree in a frame that there is not',
      (p) => (p.i32[p.slot('a', 8) + PTE_FRAME] = 1 << 28),
      /^page 0x240 of guest 'a' maps frame 268435456, which there is not$/,
    ],
    [
      'a KSM page that was written',
      (p) => (p.host.machine.memory.u8[p.host.machine.memory.frameByte(p.frame('a', 0))] = 255),
      /^the stable tree is out of order$/,
    ],
    [
      'a page of the unstable tree written unnoticed',
      (p) => (p.host.machine.memory.u8[p.host.machine.memory.frameByte(p.frame('a', 7))] = 255),
      /^pages of the unstable tree that nobody has written are out of order$/,
    ],
    [
      'a stable node’s excerpt',
      (p) => (p.i32[p.i32[CTL_STABLE_ROOTS] + STABLE_EXCERPT] ^= 1),
      /^stable node \d+ has an excerpt that is not of its page$/,
    ],
    [
      'an unstable node’s excerpt',
      (p) => (p.i32[p.i32[CTL_UNSTABLE_ROOTS] + PTE_CHECKSUM] ^= 1),
      /^page .* has an excerpt that is not of its bytes$/,
    ],
    [
      'a zero page that is not',
      (p) => (p.host.machine.memory.u8[p.host.machine.memory.frameByte(0)] = 1),
      /^the zero page is not all zeroes$/,
    ],
    [
      'a checksum that is not the page’s',
      (p) => {
        // Written twice: the first write leaves the checksum of what was seen, the scan after it
        // that of the second.
        p.put('a', 9, 99);
        p.fullScans(1);
        p.fullScans(1);
        p.i32[p.slot('a', 9) + PTE_STATE] &= ~PTE_DIRTY;
        p.host.machine.memory.u8[p.host.machine.memory.frameByte(p.frame('a', 9)) + 1] = 1;
      },
      /^page 0x280 of guest 'a' is clean, but its checksum is not that of its bytes$/,
    ],
  ])('%s', (_what, damage, sentence) => {
    damage(patient);
    expect(checkHost(patient.host)).toContainEqual(expect.stringMatching(sentence));
  });
});

test('a word damaged anywhere comes out in sentences or does not matter, but stops no check', () => {
  const before = patient.i32.slice();
  const start = patient.host.machine.memory.frameTable;
  const end = patient.slot('b', 3);
  const words = Array.from({ length: end - start }, (_, i) => start + i);
  const used = fc.constantFrom(...words.filter((word) => before[word] !== 0));
  const bit = fc.nat(31).map((shift) => (word: number) => before[word] ^ (1 << shift));
  const value = fc.oneof(used, fc.integer()).map((number) => () => number);
  fc.assert(
    fc.property(used, fc.oneof(bit, value), (word, damaged) => {
      patient.i32[word] = damaged(word);
      expect(() => checkHost(patient.host)).not.toThrow();
      patient.i32[word] = before[word];
    }),
    { numRuns: 500 },
  );
});

test('of a memory damaged all over 1,000 sentences are listed, and how many more there are', () => {
  const { host } = new BenchHost('6.18', 2000);
  const { i32, frameTable } = host.machine.memory;
  // The frames' mapcounts, stable nodes and flags: three sentences each.
  i32.fill(7, frameTable + FRAME_WORDS, frameTable + 2001 * FRAME_WORDS);
  const sentences = checkHost(host);
  expect(sentences).toHaveLength(1001);
  expect(sentences.at(-1)).toBe('and 7000 more that are not listed');
});
