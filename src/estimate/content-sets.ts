/**
 * Sets of NUMA nodes, or of tenants, each once, told by a number: contents have few different ones,
 * and one word a content is all that is to be kept. 0 is the set of none.
 */

/** Of members, which are numbered from 0 on. */
const MOST_MEMBERS = 2 ** 20;

class Sets {
  /** By number: a bit a member. */
  private readonly sets: bigint[] = [0n];
  private readonly sizes: number[] = [0];
  private readonly numbers = new Map<bigint, number>([[0n, 0]]);
  /** By set and member, the set that has both. */
  private readonly unions = new Map<number, number>();
  /** The one that was asked for last: pages in a row are alike. */
  private lastStep = -1;
  private lastUnion = 0;

  /** The set that has a member as well. */
  with(set: number, member: number): number {
    const step = set * MOST_MEMBERS + member;
    if (step === this.lastStep) return this.lastUnion;
    const union = this.unions.get(step) ?? this.add(set, member, step);
    this.lastStep = step;
    this.lastUnion = union;
    return union;
  }

  /** How many members it has. */
  sizeOf(set: number): number {
    return this.sizes[set] ?? 0;
  }

  /** In ascending order. */
  membersOf(set: number): number[] {
    const bits = (this.sets[set] ?? 0n).toString(2);
    return [...bits].flatMap((bit, at) => (bit === '1' ? [bits.length - 1 - at] : [])).reverse();
  }

  private add(set: number, member: number, step: number): number {
    const before = this.sets[set] ?? 0n;
    const all = before | (1n << BigInt(member));
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

/** On which nodes contents lie, or which tenants have them, by the numbers that these have. */
export class ContentSets {
  private readonly sets = new Sets();
  private numbers = new Uint32Array(FIRST_CONTENTS);

  add(content: number, member: number): void {
    if (content >= this.numbers.length) {
      const more = new Uint32Array(Math.max(content + 1, this.numbers.length * 2));
      more.set(this.numbers);
      this.numbers = more;
    }
    this.numbers[content] = this.sets.with(this.numbers[content] ?? 0, member);
  }

  /** How many nodes, or tenants. */
  countOf(content: number): number {
    return this.sets.sizeOf(this.numbers[content] ?? 0);
  }

  /** Calls `set` for each different set that contents have, with how many have it. */
  eachSet(contents: number, set: (members: readonly number[], contents: number) => void): void {
    const times = new Map<number, number>();
    for (let content = 0; content < contents; content++) {
      const number = this.numbers[content] ?? 0;
      times.set(number, (times.get(number) ?? 0) + 1);
    }
    for (const [number, count] of times) set(this.sets.membersOf(number), count);
  }
}
