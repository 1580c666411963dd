/**
 * Sets of small numbers, each once, told by a number of its own: contents lie on few different sets
 * of nodes, and in few of guests, and one word a content is all that is to be kept. 0 is the set of
 * none.
 */

/** Numbers that sets may have are below it. */
const MOST = 2 ** 20;
const WORD_BITS = 32;
const WORD = 2n ** 32n - 1n;

export class Sets {
  /** By number: a bit an element. */
  private readonly sets: bigint[] = [0n];
  private readonly sizes: number[] = [0];
  private readonly numbers = new Map<bigint, number>([[0n, 0]]);
  /** By set and element, the set that has both. */
  private readonly unions = new Map<number, number>();
  /** The one that was asked for last: pages in a row are alike. */
  private lastStep = -1;
  private lastUnion = 0;

  /** The set that has an element as well. */
  with(set: number, element: number): number {
    const step = set * MOST + element;
    if (step === this.lastStep) return this.lastUnion;
    const union = this.unions.get(step) ?? this.add(set, element, step);
    this.lastStep = step;
    this.lastUnion = union;
    return union;
  }

  /** How many elements are in it. */
  sizeOf(set: number): number {
    return this.sizes[set] ?? 0;
  }

  /** In ascending order. */
  elementsOf(set: number): number[] {
    const elements: number[] = [];
    let left = this.sets[set] ?? 0n;
    for (let element = 0; left !== 0n; element += WORD_BITS, left >>= BigInt(WORD_BITS)) {
      const word = Number(left & WORD);
      for (let bit = 0; bit < WORD_BITS; bit++)
        if ((word & (1 << bit)) !== 0) elements.push(element + bit);
    }
    return elements;
  }

  private add(set: number, element: number, step: number): number {
    const before = this.sets[set] ?? 0n;
    const all = before | (1n << BigInt(element));
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
