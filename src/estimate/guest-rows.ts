/**
 * Which guests have which contents: a row of bits each, by the numbers that contents have. Bounded
 * by what there is, whoever shares with whom; rows that are equal are told once, as there may be
 * few different ones.
 */

const WORD_BITS = 32;
const FIRST_ROWS = 1 << 12;
/** Of a table of rows, places that are taken at most: half. */
const PLACES_A_ROW = 2;

export class GuestRows {
  private readonly words: number;
  private bits: Uint32Array;
  private rows = 0;

  constructor(guests: number) {
    this.words = Math.max(1, Math.ceil(guests / WORD_BITS));
    this.bits = new Uint32Array(FIRST_ROWS * this.words);
  }

  /** The guest has the content. Contents are numbered as they come, from 0 on. */
  add(content: number, guest: number): void {
    this.rows = Math.max(this.rows, content + 1);
    if (this.rows * this.words > this.bits.length) {
      const more = new Uint32Array(this.bits.length * 2);
      more.set(this.bits);
      this.bits = more;
    }
    const at = content * this.words + Math.floor(guest / WORD_BITS);
    this.bits[at] = (this.bits[at] ?? 0) | (1 << (guest % WORD_BITS));
  }

  /** In ascending order. */
  guestsOf(content: number): number[] {
    const guests: number[] = [];
    for (let word = 0; word < this.words; word++) {
      const bits = this.bits[content * this.words + word] ?? 0;
      for (let left = bits; left !== 0; left &= left - 1)
        guests.push(word * WORD_BITS + (WORD_BITS - 1 - Math.clz32(left & -left)));
    }
    return guests;
  }

  /** Calls `set` for each different set of guests, with how many contents have it. */
  eachSet(set: (guests: readonly number[], contents: number) => void): void {
    const places = 2 ** Math.ceil(Math.log2(Math.max(2, this.rows * PLACES_A_ROW)));
    /** The first content of each set, plus 1, and how many there are. */
    const firsts = new Uint32Array(places);
    const times = new Uint32Array(places);
    for (let content = 0; content < this.rows; content++) {
      const place = this.placeOf(content, firsts);
      if (firsts[place] === 0) firsts[place] = content + 1;
      times[place] = (times[place] ?? 0) + 1;
    }
    for (const [place, first] of firsts.entries())
      if (first !== 0) set(this.guestsOf(first - 1), times[place] ?? 0);
  }

  private placeOf(content: number, firsts: Uint32Array): number {
    const mask = firsts.length - 1;
    let place = this.hashOf(content) & mask;
    for (;;) {
      const first = firsts[place] ?? 0;
      if (first === 0 || this.areEqual(first - 1, content)) return place;
      place = (place + 1) & mask;
    }
  }

  private hashOf(content: number): number {
    let hash = 0;
    for (let word = 0; word < this.words; word++) {
      hash = Math.imul(hash ^ (this.bits[content * this.words + word] ?? 0), 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    return hash >>> 0;
  }

  private areEqual(a: number, b: number): boolean {
    for (let word = 0; word < this.words; word++)
      if (this.bits[a * this.words + word] !== this.bits[b * this.words + word]) return false;
    return true;
  }
}
