/**
 * Sets of NUMA nodes, each once, told by a number: contents lie on few different ones, and one word
 * a content is all that is to be kept. 0 is the set of none.
 */
import { MOST_NODES } from '../recording/format.js';

class NodeSets {
  /** By number: a bit a node. */
  private readonly sets: bigint[] = [0n];
  private readonly sizes: number[] = [0];
  private readonly numbers = new Map<bigint, number>([[0n, 0]]);
  /** By set and node, the set that has both. */
  private readonly unions = new Map<number, number>();
  /** The one that was asked for last: pages in a row are alike. */
  private lastStep = -1;
  private lastUnion = 0;

  /** The set that has a node, below MOST_NODES, as well. */
  with(set: number, node: number): number {
    const step = set * MOST_NODES + node;
    if (step === this.lastStep) return this.lastUnion;
    const union = this.unions.get(step) ?? this.add(set, node, step);
    this.lastStep = step;
    this.lastUnion = union;
    return union;
  }

  /** How many nodes are in it. */
  sizeOf(set: number): number {
    return this.sizes[set] ?? 0;
  }

  private add(set: number, node: number, step: number): number {
    const before = this.sets[set] ?? 0n;
    const all = before | (1n << BigInt(node));
    let number = this.numbers.get(all);
    if (number === undefined) {
      number = this.sets.push(all) - 1;
      this.sizes.push(this.sizeOf(set) + 1);
      this.numbers.set(all, number);
    }
    this.unions.set(step, number);
    return number;
  }
}

const FIRST_CONTENTS = 1 << 12;

/** On which nodes contents lie, by the numbers that these have. */
export class ContentNodes {
  private readonly sets = new NodeSets();
  private numbers = new Uint32Array(FIRST_CONTENTS);

  add(content: number, node: number): void {
    if (content >= this.numbers.length) {
      const more = new Uint32Array(Math.max(content + 1, this.numbers.length * 2));
      more.set(this.numbers);
      this.numbers = more;
    }
    this.numbers[content] = this.sets.with(this.numbers[content] ?? 0, node);
  }

  /** How many nodes. */
  countOf(content: number): number {
    return this.sets.sizeOf(this.numbers[content] ?? 0);
  }
}
