/**
 * A fleet's guests as the search for a placement needs them: which contents each has, and which
 * guests have each content, as lists one behind the other. Nothing is here for each two guests.
 */

export interface PlacedGuest {
  readonly name: string;
  /** Where it is today. */
  readonly host: number;
  /** Frames that it takes on a host of its own, once what is equal within it is merged. */
  readonly alonePages: number;
  /** Of the sample, contents that another guest has as well: numbers, each once. */
  readonly contents: Uint32Array;
  /** Guests of different tenants may not be on one host. */
  readonly tenant: number;
}

export class SampledFleet {
  readonly contents: number;
  /** Whole pages. */
  readonly alonePages: Float64Array;
  /** Contents of guest g, numbered anew from 0: from `starts[g]` up to `starts[g + 1]`. */
  readonly starts: Uint32Array;
  readonly contentsOf: Uint32Array;
  /** Guests that have content c: from `holderStarts[c]` up to `holderStarts[c + 1]`. */
  readonly holderStarts: Uint32Array;
  readonly holders: Uint32Array;

  constructor(readonly guests: readonly PlacedGuest[]) {
    this.alonePages = Float64Array.from(guests, ({ alonePages }) => Math.ceil(alonePages));
    const isShared = new Map<number, boolean>();
    for (const { contents } of guests)
      for (const content of contents) isShared.set(content, isShared.has(content));
    const numbers = new Map<number, number>();
    const numbered = guests.map(({ contents }) =>
      contents
        .filter((content) => isShared.get(content))
        .map((content) => {
          const number = numbers.get(content) ?? numbers.size;
          numbers.set(content, number);
          return number;
        }),
    );
    this.starts = endsOf(numbered.map(({ length }) => length));
    this.contentsOf = new Uint32Array(this.starts[guests.length]);
    for (const [guest, contents] of numbered.entries())
      this.contentsOf.set(contents, this.starts[guest]);
    this.contents = numbers.size;
    const counts = new Uint32Array(this.contents);
    for (const content of this.contentsOf) counts[content]++;
    this.holderStarts = endsOf(counts);
    this.holders = new Uint32Array(this.contentsOf.length);
    const next = this.holderStarts.slice();
    for (const guest of guests.keys())
      for (let i = this.starts[guest]; i < this.starts[guest + 1]; i++)
        this.holders[next[this.contentsOf[i]]++] = guest;
  }
}

/** Where each of lists that lie one behind the other begins, and where the last one ends. */
export function endsOf(lengths: ArrayLike<number>): Uint32Array {
  const ends = new Uint32Array(lengths.length + 1);
  for (let at = 0; at < lengths.length; at++) ends[at + 1] = ends[at] + lengths[at];
  return ends;
}
