/**
 * The core's red-black trees: whatever is inserted, erased and replaced, they obey the rules and
 * look as the textbook's look.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  CTL_UNSTABLE_ROOTS,
  RB_BLACK,
  RB_LEFT,
  RB_PARENT_COLOR,
  RB_RED,
  RB_RIGHT,
  SLOT_WORDS,
} from '../../../src/core/layout.js';
import { SharedMemory } from '../../../src/machine/memory.js';
import { HOLDER_API } from '../../../src/machine/pte.js';
import { testedCore } from '../tested-core.js';
import { type Shape, TextbookTree } from './textbook-tree.js';

const KEYS = 96;
const ROOT = CTL_UNSTABLE_ROOTS;

interface Step {
  readonly action: 'toggle' | 'replace';
  readonly key: number;
}

/** Keys in the core's tree: each in one of two slots, so that it can be replaced by the other. */
class CoreTree {
  private readonly memory = SharedMemory.create(
    { memoryBytes: 4096, guestPages: KEYS * 2 + 1, maxGuests: 1, maxRegions: 1 },
    HOLDER_API,
  );
  private readonly core = testedCore(this.memory);
  readonly i32 = this.memory.i32;
  private readonly slots = new Map<number, number>();

  get keys(): number[] {
    return [...this.slots.keys()].sort((a, b) => a - b);
  }

  has(key: number): boolean {
    return this.slots.has(key);
  }

  keyOf(node: number): number {
    return Math.floor((node - this.memory.slotTable) / SLOT_WORDS / 2);
  }

  insert(key: number): void {
    let parent = 0;
    let link = ROOT;
    while (this.i32[link] !== 0) {
      parent = this.i32[link];
      link = parent + (key < this.keyOf(parent) ? RB_LEFT : RB_RIGHT);
    }
    const node = this.memory.slotTable + key * 2 * SLOT_WORDS;
    this.slots.set(key, node);
    this.core.treeInsert(ROOT, node, parent, link);
  }

  erase(key: number): void {
    this.core.treeErase(ROOT, this.slots.get(key) ?? 0);
    this.slots.delete(key);
  }

  replace(key: number): void {
    const node = this.slots.get(key) ?? 0;
    const first = this.memory.slotTable + key * 2 * SLOT_WORDS;
    const other = node === first ? first + SLOT_WORDS : first;
    this.core.treeReplace(ROOT, node, other);
    // Nothing may lead to the node that was replaced.
    this.i32.fill(-1, node, node + 3);
    this.slots.set(key, other);
  }

  shape(node = this.i32[ROOT]): Shape {
    if (node === 0) return null;
    if (node !== this.slots.get(this.keyOf(node)))
      throw new Error('the tree holds a node that was replaced or erased');
    const color = (this.i32[node + RB_PARENT_COLOR] & 1) === RB_RED ? 'red' : 'black';
    return [
      color,
      this.keyOf(node),
      this.shape(this.i32[node + RB_LEFT]),
      this.shape(this.i32[node + RB_RIGHT]),
    ];
  }
}

/**
 * What breaks a rule below `node`, added to `broken`; its black height. `visit` is called with the
 * nodes from left to right.
 */
function blackHeight(
  i32: Int32Array,
  node: number,
  parent: number,
  broken: string[],
  visit: (node: number) => void,
): number {
  if (node === 0) return 0;
  const color = i32[node + RB_PARENT_COLOR] & 1;
  if (i32[node + RB_PARENT_COLOR] >>> 1 !== parent)
    broken.push('a node does not name the parent it hangs from');
  if (color === RB_RED && parent === 0) broken.push('the root is red');
  if (color === RB_RED && parent !== 0 && (i32[parent + RB_PARENT_COLOR] & 1) === RB_RED)
    broken.push('a red node hangs from a red one');
  const left = blackHeight(i32, i32[node + RB_LEFT], node, broken, visit);
  visit(node);
  const right = blackHeight(i32, i32[node + RB_RIGHT], node, broken, visit);
  if (left !== right) broken.push('one way down passes more black nodes than another');
  return left + (color === RB_BLACK ? 1 : 0);
}

const key = fc.nat({ max: KEYS - 1 });
const step: fc.Arbitrary<Step> = fc.record({
  action: fc.oneof(
    { weight: 6, arbitrary: fc.constant('toggle' as const) },
    { weight: 1, arbitrary: fc.constant('replace' as const) },
  ),
  key,
});

/** As expect().toEqual(), which is too slow to be called at every step. */
function same(seen: unknown, wanted: unknown, what: string): void {
  if (JSON.stringify(seen) !== JSON.stringify(wanted)) expect(seen, what).toEqual(wanted);
}

function follow(steps: readonly Step[]): void {
  const tree = new CoreTree();
  const textbook = new TextbookTree();
  for (const { action, key } of steps) {
    if (!tree.has(key)) {
      tree.insert(key);
      textbook.insert(key);
    } else if (action === 'replace') tree.replace(key);
    else {
      tree.erase(key);
      textbook.erase(key);
    }
    const inOrder: number[] = [];
    const broken: string[] = [];
    blackHeight(tree.i32, tree.i32[ROOT], 0, broken, (node) => inOrder.push(tree.keyOf(node)));
    same(broken, [], 'what breaks the rules');
    same(inOrder, tree.keys, 'what was inserted and not erased, in order');
    same(tree.shape(), textbook.shape(), "the textbook's shape and colours");
  }
}

test('after any inserts, erasures and replacements the tree obeys the rules and has the shape and colours of the textbook', () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 120, size: 'max' }), follow), { numRuns: 150 });
});

test('filled in order and emptied in any order it does so too', () => {
  const order = fc.shuffledSubarray(Array.from({ length: KEYS }, (_, i) => i));
  fc.assert(
    fc.property(order, fc.boolean(), (erased, ascending) => {
      const filled = Array.from({ length: KEYS }, (_, i) => ({
        action: 'toggle' as const,
        key: ascending ? i : KEYS - 1 - i,
      }));
      follow([...filled, ...erased.map((key) => ({ action: 'toggle' as const, key }))]);
    }),
    { numRuns: 20 },
  );
});
