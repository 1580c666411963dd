/**
 * Which guests have which contents, of those that at least two have: as lists one behind the other,
 * by guest and by content. A guest that has none has an empty list.
 */
import type { Row } from './engine.js';
import { endsOf } from './placement/sampled-fleet.js';

export class ContentLists {
  /** Contents of guest g, from 0: from `starts[g]` up to `starts[g + 1]`. */
  private readonly starts: Uint32Array;
  /** Guests that have content c, in order: from `holderStarts[c]` up to the next one's. */
  private readonly holderStarts: Uint32Array;
  private readonly holders: Uint32Array;

  /** The contents of all guests, in their order: numbered from 0, each once a guest. */
  constructor(
    lengths: ArrayLike<number>,
    private readonly contents: Uint32Array,
  ) {
    this.starts = endsOf(lengths);
    const counts = new Uint32Array(
      contents.reduce((most, content) => Math.max(most, content + 1), 0),
    );
    for (const content of contents) counts[content]++;
    this.holderStarts = endsOf(counts);
    this.holders = new Uint32Array(contents.length);
    const next = this.holderStarts.slice();
    for (let guest = 0; guest < lengths.length; guest++)
      for (let i = this.starts[guest]; i < this.starts[guest + 1]; i++)
        this.holders[next[contents[i]]++] = guest;
  }

  /** As the query `crowd` has them: ordered by guests, whose numbers begin with 1. */
  static of(rows: readonly Row[]): ContentLists {
    const lengths = new Uint32Array(Number(rows.at(-1)?.number ?? 0));
    for (const { number } of rows) lengths[Number(number) - 1]++;
    return new ContentLists(
      lengths,
      Uint32Array.from(rows, ({ content }) => Number(content) - 1),
    );
  }

  get guests(): number {
    return this.starts.length - 1;
  }

  /** One more than the highest number of a content. */
  get numbers(): number {
    return this.holderStarts.length - 1;
  }

  /** How many each guest has. */
  lengths(): Float64Array {
    return Float64Array.from({ length: this.guests }, (_, guest) => this.length(guest));
  }

  /** How many contents a guest has. */
  length(guest: number): number {
    return (this.starts[guest + 1] ?? 0) - (this.starts[guest] ?? 0);
  }

  /** The contents of a guest, in their order. */
  of(guest: number): Uint32Array {
    return this.contents.subarray(this.starts[guest], this.starts[guest + 1]);
  }

  /** How many of a guest's contents have a 1 there. */
  marked(guest: number, marks: Uint8Array): number {
    const { contents, starts } = this;
    const end = starts[guest + 1];
    let marked = 0;
    for (let i = starts[guest]; i < end; i++) marked += marks[contents[i]];
    return marked;
  }

  /** Each guest, with how many contents it has in common with those before it, until the next. */
  eachCommon(visit: (guest: number, counts: Uint32Array) => void): void {
    const { starts, contents, holderStarts, holders } = this;
    const counts = new Uint32Array(this.guests);
    for (let guest = 0; guest < this.guests; guest++) {
      counts.fill(0, 0, guest);
      for (let i = starts[guest]; i < starts[guest + 1]; i++) {
        const first = holderStarts[contents[i]];
        // Holders are in their order, and the guest is one of them.
        for (let h = first; holders[h] < guest; h++) counts[holders[h]]++;
      }
      visit(guest, counts.subarray(0, guest));
    }
  }
}
