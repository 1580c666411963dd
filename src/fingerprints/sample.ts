/**
 * One page in so many, chosen by its fingerprint: a content is in the sample wherever it is, or
 * nowhere, so what is shared can be counted in the sample and scaled (SHARDS, Waldspurger and
 * others, FAST '15). The page of zeroes is in every sample: it is counted apart.
 */
import { KsmdError } from '../errors.js';
import { MOST_IN_A_SAMPLE } from '../names.js';

const RANGE = 2 ** 32;
/** The golden ratio of the range: neighbours come to lie as far apart as can be. */
const SCATTER = 0x9e3779b1;

/**
 * Standard deviations. Were they known, 99 of 100 would lie within; they are told from the sample
 * too, and of a few hundred contents that leaves 97 to 98: of a hundred looks 95 and more, as is
 * promised, and not in every second hundred only.
 */
export const DEVIATIONS = 2.58;
/**
 * Of few contents, chance may have let too few into the sample, and none is no proof of none: the
 * error is that of a few more (Agresti and Coull's "plus four").
 */
const PRIOR = 4;

/**
 * By how much a sum over all contents, told from those in the sample, may be wrong; `squares`: the
 * sum of the squares of theirs. 0 where all are in it.
 */
export function sampleError(oneIn: number, squares: number): number {
  return Math.ceil(DEVIATIONS * Math.sqrt(oneIn * (oneIn - 1) * (squares + PRIOR)));
}

/** What is in a sample of one in 64 is in that of one in 16 as well. */
export class Sample {
  /** Fingerprints below it are in the sample, by their first 32 bits. */
  private readonly end: number;

  /** `n` of "one in n". EINVAL unless it is a whole number from 1 to 65,536. */
  constructor(readonly n: number) {
    if (!Number.isInteger(n) || n < 1 || n > MOST_IN_A_SAMPLE)
      throw new KsmdError(
        'EINVAL',
        `one page in ${n}: take a whole number from 1 to ${MOST_IN_A_SAMPLE}`,
      );
    this.end = Math.ceil(RANGE / n);
  }

  /** Of pages that are all of one content: whether the one of that number is. */
  hasPlace(pageNumber: number): boolean {
    return Math.imul(pageNumber, SCATTER) >>> 0 < this.end;
  }

  /** Of a fingerprint at an offset of `bytes`. */
  has(bytes: Buffer, offset = 0): boolean {
    return bytes.readUInt32BE(offset) < this.end;
  }
}
