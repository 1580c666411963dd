/**
 * Searching by content, starting where the pages are known to differ: the way taken is, node for
 * node, that of comparing whole pages. In the stable tree, with its chains and stale nodes, as in
 * the unstable one, whose pages are written behind the scanner's back.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  CTL_STABLE_ROOTS,
  CTL_UNSTABLE_ROOTS,
  FINGERPRINT_BYTES,
  PTE_DIRTY,
  PTE_FRAME,
  PTE_STATE,
  RMAP_FLAGS,
  RMAP_IN_USE,
  RMAP_UNSTABLE,
  SEARCH_ABSENT,
  SEARCH_FOUND,
  SEARCH_LOOK,
  SLOT_WORDS,
  STABLE_DUP_NEXT,
  STABLE_FIRST,
  STABLE_FRAME,
} from '../../../src/core/layout.js';
import { StableNodes } from '../../../src/ksm/stable-nodes.js';
import { finish } from '../../../src/machine/long-work.js';
import { Machine } from '../../../src/machine/machine.js';
import { HOLDER_API } from '../../../src/machine/pte.js';
import { testedCore } from '../tested-core.js';
import { coreAnswer, NaiveStableSearch, NaiveUnstableSearch } from './naive-search.js';

const PAGE_SIZE = 256;
const PAGES = 32;
const TABLES_BYTES = 2 ** 20;
/**
 * Contents are equal but for these bytes, which hold other values: long common prefixes, and
 * differences on either side of each border of a compare, and several within the few bytes that
 * nodes keep as an excerpt.
 */
const DIGITS = [0, 1, 63, 64, 66, 254, 255];
/** Of a fingerprint: on either side of the end of the four that nodes keep, and of its middle. */
const FINGERPRINT_DIGITS = [0, 1, 3, 4, 7, 8, 15];

/** As expect().toEqual(), which is too slow to be called at every step. */
function same(seen: unknown, wanted: unknown, what: string): void {
  if (JSON.stringify(seen) !== JSON.stringify(wanted)) expect(seen, what).toEqual(wanted);
}

function pageOf(content: readonly number[], frameBytes = PAGE_SIZE): Uint8Array {
  const page = new Uint8Array(frameBytes).fill(9);
  const digits = frameBytes === PAGE_SIZE ? DIGITS : FINGERPRINT_DIGITS;
  for (const [i, digit] of content.entries()) page[digits[i]] = digit;
  return page;
}

// Most contents are alike but for the last two bytes, so that a search soon knows long bounds on
// either side; the others are soon told apart from those. A node that stands where it does not
// belong then makes whoever takes it for a bound, or compares it from where the bounds say, go
// astray.
const low = fc.nat({ max: 9 });
const alike = fc.tuple(...[1, 1, 1, 1, 1].map((digit) => fc.constant(digit)), low, low);
const other = fc.tuple(...DIGITS.map(() => fc.nat({ max: 2 })));
const content = fc.oneof({ weight: 5, arbitrary: alike }, { weight: 2, arbitrary: other });

// The unstable tree.

type UnstableStep =
  | { readonly do: 'write'; readonly page: number; readonly content: number[] }
  | { readonly do: 'visit'; readonly page: number; readonly writtenMeanwhile: boolean }
  | { readonly do: 'drop'; readonly page: number };

function unstableSteps(pages: number): fc.Arbitrary<UnstableStep> {
  const page = fc.nat({ max: pages - 1 });
  return fc.oneof(
    { weight: 8, arbitrary: fc.record({ do: fc.constant('write' as const), page, content }) },
    {
      weight: 12,
      arbitrary: fc.record({
        do: fc.constant('visit' as const),
        page,
        writtenMeanwhile: fc.oneof(
          { weight: 9, arbitrary: fc.constant(false) },
          { weight: 1, arbitrary: fc.constant(true) },
        ),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('drop' as const), page }) },
  );
}

/** Pages of one guest, and the unstable tree they are put into and taken out of. */
class UnstableRig {
  readonly machine: Machine;
  readonly core: ReturnType<typeof testedCore>;
  private readonly i32: Int32Array;
  private readonly guest: number;
  private readonly region: number;

  constructor(frameBytes: number) {
    this.machine = Machine.create(
      {
        // Of fingerprints the tables count, which are larger than they.
        memoryBytes: (PAGES + 1) * PAGE_SIZE + (frameBytes === PAGE_SIZE ? 0 : TABLES_BYTES),
        pageSize: PAGE_SIZE,
        frameBytes,
        guestPages: PAGES,
        maxGuests: 1,
        maxRegions: 1,
      },
      HOLDER_API,
    );
    const { machine } = this;
    this.core = testedCore(machine.memory);
    this.i32 = machine.memory.i32;
    this.guest = machine.guests.create();
    this.region = finish(machine.map(this.guest, PAGES, PAGE_SIZE));
    finish(machine.advise(this.region, 0, PAGES, true));
  }

  write(page: number, bytes: Uint8Array): void {
    this.machine.storePages(this.guest, (page + 1) * PAGE_SIZE, bytes);
  }

  drop(page: number): void {
    finish(this.machine.dropPages(this.region, page, 1));
  }

  /**
   * What the scanner does: takes the page out of the tree, takes its checksum (which makes it
   * clean), looks for its like or puts it in.
   */
  visit(page: number, writtenMeanwhile: boolean): void {
    const { i32, machine, core } = this;
    const slot = machine.memory.slotTable + page * SLOT_WORDS;
    if ((i32[slot + RMAP_FLAGS] & RMAP_UNSTABLE) !== 0) core.unstableRemove(slot);
    const frame = i32[slot + PTE_FRAME];
    if (frame === 0) return;
    i32[slot + RMAP_FLAGS] |= RMAP_IN_USE;
    if (!writtenMeanwhile) i32[slot + PTE_STATE] &= ~PTE_DIRTY;
    const wanted = new NaiveUnstableSearch(machine.memory, frame, CTL_UNSTABLE_ROOTS).search();
    same(
      coreAnswer(core, core.unstableSearch(CTL_UNSTABLE_ROOTS, frame)),
      wanted,
      'where the search ends',
    );
    core.unstableFindOrInsert(slot, frame, 0, 1);
  }
}

// With few pages the same ones soon meet again at the edges of the tree, with other contents.
test.each([
  { pages: PAGES, frameBytes: PAGE_SIZE },
  { pages: 4, frameBytes: PAGE_SIZE },
  { pages: PAGES, frameBytes: FINGERPRINT_BYTES },
])(
  'the unstable tree is walked as if whole pages were compared, however its $pages pages of ' +
    '$frameBytes bytes are written, dropped and visited again',
  ({ pages, frameBytes }) => {
    fc.assert(
      fc.property(
        fc.array(unstableSteps(pages), { minLength: 100, maxLength: 300, size: 'max' }),
        (steps) => {
          const rig = new UnstableRig(frameBytes);
          for (const step of steps) {
            if (step.do === 'write') rig.write(step.page, pageOf(step.content, frameBytes));
            else if (step.do === 'drop') rig.drop(step.page);
            else rig.visit(step.page, step.writtenMeanwhile);
          }
        },
      ),
      { numRuns: 1500 },
    );
  },
);

// The stable tree.

type StableStep =
  | { readonly do: 'insert'; readonly content: number[]; readonly chain: boolean }
  | { readonly do: 'search'; readonly content: number[] }
  | { readonly do: 'free'; readonly which: number };

const stableStep: fc.Arbitrary<StableStep> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('insert' as const), content, chain: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('search' as const), content }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('free' as const), which: fc.nat() }) },
);

/** Frames that are KSM pages, and the stable tree of them. */
class StableRig {
  readonly machine = Machine.create(
    {
      memoryBytes: PAGES * PAGE_SIZE,
      pageSize: PAGE_SIZE,
      guestPages: 1,
      maxGuests: 1,
      maxRegions: 1,
    },
    HOLDER_API,
  );
  readonly core = testedCore(this.machine.memory);
  private readonly i32 = this.machine.memory.i32;
  private readonly nodes = new StableNodes(this.machine);
  private readonly frames: number[] = [];

  /** A frame with that content; 0 if there is none left. */
  private newFrame(bytes: Uint8Array): number {
    const frame = this.machine.frames.take(0);
    if (frame !== 0) this.machine.memory.u8.set(bytes, this.machine.memory.frameByte(frame));
    return frame;
  }

  search(bytes: Uint8Array): void {
    const frame = this.newFrame(bytes);
    if (frame === 0) return;
    this.descend(frame);
    this.machine.frames.put(frame);
  }

  insert(bytes: Uint8Array, chain: boolean): void {
    const { machine, nodes } = this;
    const frame = this.newFrame(bytes);
    if (frame === 0) return;
    const answer = this.descend(frame);
    if (answer === SEARCH_FOUND && !chain) {
      machine.frames.put(frame);
      return;
    }
    const { core } = this;
    const stable = core.stableNodeCreate(frame, 0);
    if (answer === SEARCH_ABSENT) {
      core.stableExcerpt(stable);
      core.treeInsert(CTL_STABLE_ROOTS, stable, core.searchParent(), core.searchLink());
    } else {
      const found = core.searchNode();
      core.chainAdd(nodes.isChain(found) ? found : core.chainCreate(found, 0), stable);
    }
    core.setStableNode(frame, stable);
    this.frames.push(frame);
  }

  /**
   * The last mapping of a KSM page goes, and the page with it: its node is stale, and its frame
   * soon holds something else.
   */
  free(which: number): void {
    if (this.frames.length === 0) return;
    const [frame] = this.frames.splice(which % this.frames.length, 1);
    this.machine.frames.put(frame);
  }

  /**
   * Both searches side by side; where they stop to have a node looked at, it is tidied up as the
   * scanner would.
   */
  private descend(frame: number): number {
    const { core, machine, nodes } = this;
    const { memory } = machine;
    for (;;) {
      const naive = new NaiveStableSearch(memory, frame, CTL_STABLE_ROOTS, nodes);
      let wanted = naive.search();
      let seen = coreAnswer(core, core.stableSearch(CTL_STABLE_ROOTS, frame));
      same(seen, wanted, 'where the search ends');
      while (wanted.answer === SEARCH_LOOK) {
        const dup = this.tidy(wanted.node);
        if (dup === 0) break;
        wanted = naive.resume(this.i32[dup + STABLE_FRAME]);
        seen = coreAnswer(core, core.stableResume(dup));
        same(seen, wanted, 'where the search ends after it was resumed');
      }
      if (wanted.answer !== SEARCH_LOOK) return wanted.answer;
    }
  }

  /** The dup to go on with; 0 if the node is removed, and the search starts again. */
  private tidy(node: number): number {
    const { i32, nodes } = this;
    const { core } = this;
    if (!nodes.isChain(node)) {
      core.stableNodeRemove(node);
      return 0;
    }
    for (let dup = i32[node + STABLE_FIRST]; dup !== 0; ) {
      const next = i32[dup + STABLE_DUP_NEXT];
      if (!nodes.isCurrent(dup)) core.stableNodeRemove(dup);
      dup = next;
    }
    const first = i32[node + STABLE_FIRST];
    if (first === 0) core.chainRemove(node);
    else if (i32[first + STABLE_DUP_NEXT] === 0) core.chainCollapse(node);
    return first;
  }
}

test('the stable tree is walked as if whole pages were compared, with stale nodes and chains on the way', () => {
  fc.assert(
    fc.property(fc.array(stableStep, { minLength: 20, maxLength: 160, size: 'max' }), (steps) => {
      const rig = new StableRig();
      for (const step of steps) {
        if (step.do === 'insert') rig.insert(pageOf(step.content), step.chain);
        else if (step.do === 'search') rig.search(pageOf(step.content));
        else rig.free(step.which);
      }
    }),
    { numRuns: 400 },
  );
});
