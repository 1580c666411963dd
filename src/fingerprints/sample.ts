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
