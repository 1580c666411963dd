/**
 * Of fingerprints that come, those that a host holds: all, or a sample. Other pages are as if
 * untouched, and so is again a page that has had a content of the sample and comes with another.
 */
import { isKsmdError, KsmdError } from '../../errors.js';
import { FINGERPRINT_BYTES } from '../../fingerprints/fingerprint.js';
import { Sample } from '../../fingerprints/sample.js';
import type { Host } from '../../ksm/host.js';

const ZEROES = Buffer.alloc(FINGERPRINT_BYTES);

export class SampledPages {
  private readonly sample: Sample;

  constructor(private readonly host: Host) {
    this.sample = new Sample(host.oneIn);
  }

  /** Whole fingerprints of pages from `address` on. Errors as of `Host.storePages`. */
  store(guest: string, address: number, fingerprints: Buffer): void {
    const { host } = this;
    if (host.oneIn === 1) {
      host.memory.storePages(guest, address, fingerprints);
      return;
    }
    const { pageSize } = host.machine;
    const first = address / pageSize;
    const pages = fingerprints.length / FINGERPRINT_BYTES;
    const isHeld = (page: number): boolean => this.has(fingerprints, page, first);
    for (let from = 0; from < pages; ) {
      const held = isHeld(from);
      let to = from + 1;
      while (to < pages && isHeld(to) === held) to++;
      const at = (first + from) * pageSize;
      if (held) this.put(guest, at, fingerprints, from, to);
      else host.memory.forget(guest, at, to - from);
      from = to;
    }
  }

  /**
   * Pages of zeroes are all of one content: of them the sample is one by its place, the same one in
   * each process that a fork has made of another.
   */
  private has(fingerprints: Buffer, page: number, first: number): boolean {
    const at = page * FINGERPRINT_BYTES;
    const isZero = ZEROES.compare(fingerprints, at, at + FINGERPRINT_BYTES) === 0;
    return isZero ? this.sample.hasPlace(first + page) : this.sample.has(fingerprints, at);
  }

  private put(guest: string, address: number, all: Buffer, from: number, to: number): void {
    const before = from * FINGERPRINT_BYTES;
    try {
      this.host.memory.storePages(guest, address, all.subarray(before, to * FINGERPRINT_BYTES));
    } catch (error) {
      if (!isKsmdError(error, 'ENOMEM')) throw error;
      const bytesStored = before + (error.details.bytesStored ?? 0);
      throw new KsmdError('ENOMEM', error.message, { bytesStored });
    }
  }
}
