/** From what is told of a sample of contents to all of them, with the error that this has. */
import { sampleError } from '../fingerprints/sample.js';

/** How many, and by how much it may be wrong: 0 where nothing is scaled. */
export interface Estimated {
  readonly pages: number;
  readonly error: number;
}

/** A count over the contents of the sample. */
export class Summed {
  sum = 0;
  squares = 0;

  add(value: number): void {
    this.addEach(value, 1);
  }

  /** Of so many contents the same. */
  addEach(value: number, times: number): void {
    this.sum += value * times;
    this.squares += value * value * times;
  }
}

/** From the sample to all: each content was in it with the same chance (Horvitz and Thompson). */
export class Scale {
  constructor(private readonly oneIn: number) {}

  of({ sum, squares }: Pick<Summed, 'sum' | 'squares'>): Estimated {
    const { oneIn } = this;
    return { pages: sum * oneIn, error: sampleError(oneIn, squares) };
  }

  /** What is left of pages, of which it is known how many there are. */
  without(pages: number, summed: Summed): Estimated {
    const { pages: taken, error } = this.of(summed);
    return { pages: Math.max(pages - taken, 0), error };
  }
}
