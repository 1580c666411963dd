/**
 * Where in a guest the bytes of a body go: into ranges of addresses, one after another. They are
 * the bytes of pages, or a fingerprint for each page. Knows nothing of what is mapped there.
 */
import { KsmdError } from '../../errors.js';
import type { Machine } from '../../machine/machine.js';
import { type AddressRange, rangesText } from '../../protocol/bytes.js';

export class BodyPlaces {
  /** Bytes of the body that are stored together or not at all. */
  readonly unitBytes: number;
  /** Bytes of the guest that they are for. */
  private readonly unitLength: number;
  /** The range that was asked for last, and how many bytes of the body go before it. */
  private readonly last = { range: 0, before: 0 };

  /**
   * The last of `ranges` may be as long as Infinity. `ofFingerprints`: that is what the body has;
   * EINVAL where a range is not of whole pages then.
   */
  constructor(
    readonly ranges: readonly AddressRange[],
    ofFingerprints: boolean,
    { pageSize, frameBytes }: Pick<Machine, 'pageSize' | 'frameBytes'>,
  ) {
    this.unitBytes = ofFingerprints ? frameBytes : 1;
    this.unitLength = ofFingerprints ? pageSize : 1;
    for (const range of ranges) {
      if (range.length < 0)
        throw new KsmdError('EINVAL', `the range ${rangesText([range])} ends before it begins`);
      if (Number.isFinite(range.length) && range.length % this.unitLength !== 0)
        throw new KsmdError(
          'EINVAL',
          `the range ${rangesText([range])} is not of whole pages, which have fingerprints`,
        );
    }
  }

  /** Bytes of the body that go into all ranges. */
  get bytes(): number {
    return this.ranges.reduce((sum, { length }) => sum + this.bytesOf(length), 0);
  }

  /**
   * Where the body goes on after `offset` bytes of it, whole units and never fewer than at the last
   * call, and how many bytes of it go there in a row.
   */
  at(offset: number): { readonly address: number; readonly bytes: number } {
    const { last, ranges } = this;
    for (;;) {
      const range = ranges[last.range];
      if (range === undefined) throw new RangeError(`${offset} bytes go beyond all ranges`);
      const bytes = this.bytesOf(range.length);
      const done = offset - last.before;
      if (done < bytes) {
        const address = range.address + (done / this.unitBytes) * this.unitLength;
        return { address, bytes: bytes - done };
      }
      last.range++;
      last.before += bytes;
    }
  }

  private bytesOf(length: number): number {
    return (length / this.unitLength) * this.unitBytes;
  }
}
