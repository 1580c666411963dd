/**
 * A set of entries of a table: a bit for each entry that the table has room for. A Set of pointers
 * ends at 16.7 million of them, and takes some forty bytes each.
 */
import { type LongWork, PAGES_A_STEP } from '../../machine/long-work.js';

const WORDS_A_STEP = PAGES_A_STEP / 32;

export class EntrySet {
  /** How many entries it has. */
  size = 0;
  private readonly bits: Int32Array;

  /** Of a table that begins at the word `table` and has `entries` entries of `entryWords`. */
  constructor(
    private readonly table: number,
    private readonly entryWords: number,
    entries: number,
  ) {
    this.bits = new Int32Array(Math.ceil(entries / 32));
  }

  /** Whether it has what is at `pointer`, which may be no entry at all. */
  has(pointer: number): boolean {
    const index = (pointer - this.table) / this.entryWords;
    if (!Number.isInteger(index) || index < 0 || index >= this.bits.length * 32) return false;
    return (this.bits[index >> 5] & (1 << (index & 31))) !== 0;
  }

  /** False, and nothing changed, if it has the entry already. */
  add(pointer: number): boolean {
    if (this.has(pointer)) return false;
    const index = (pointer - this.table) / this.entryWords;
    this.bits[index >> 5] |= 1 << (index & 31);
    this.size++;
    return true;
  }

  /** In order of their pointers. */
  *each(visit: (pointer: number) => unknown): LongWork {
    for (let word = 0; word < this.bits.length; word++) {
      if (word % WORDS_A_STEP === 0) yield;
      for (let left = this.bits[word]; left !== 0; left &= left - 1)
        visit(this.table + (word * 32 + 31 - Math.clz32(left & -left)) * this.entryWords);
    }
  }
}
