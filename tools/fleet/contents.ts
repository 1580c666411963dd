/**
 * Contents of pages, numbered, and their fingerprints, all of which lie in a sample. A content has
 * an owner (whoever may have it: a family, a guest) and a number of the owner's. No two have one
 * fingerprint, and nothing in its bytes tells whose it is: they pack no better than real ones.
 */
import { FINGERPRINT_BYTES } from '../../src/fingerprints/fingerprint.js';
import { mixed } from '../big-host/made-up.js';

/** Apart in their bits, so that words of one content have nothing in common. */
const [FIRST, SECOND, THIRD] = [0x9e3779b9, 0x7f4a7c15, 0x85ebca6b];

export class Contents {
  private readonly key: number;

  constructor(
    seed: number,
    /** One content in so many is in the sample. */
    private readonly sample: number,
  ) {
    this.key = mixed(seed);
  }

  /** The fingerprint of a content goes to place `index` of many. */
  write(owner: number, number: number, fingerprints: Buffer, index: number): void {
    const at = index * FINGERPRINT_BYTES;
    // The last two words lead back to number and owner: so no two contents have the same.
    const mask = mixed(owner ^ this.key);
    const fourth = mixed(number ^ mask);
    const third = (mixed(fourth + THIRD) ^ mask) >>> 0;
    const second = mixed(third + mixed(fourth + SECOND));
    const first = Math.floor(mixed(second + FIRST) / this.sample);
    fingerprints.writeUInt32BE(first, at);
    fingerprints.writeUInt32BE(second, at + 4);
    fingerprints.writeUInt32BE(third, at + 8);
    fingerprints.writeUInt32BE(fourth, at + 12);
  }
}
