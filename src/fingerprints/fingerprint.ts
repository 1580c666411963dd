/**
 * What stands for a page in place of its bytes: 128 bits of a keyed digest. Equal pages have equal
 * ones, wherever the same key is used; and without the key nothing of a page is told, not even
 * whether it is a page that somebody can guess. All zeroes stand for the page of zeroes.
 */
import { hash } from 'node:crypto';
import type { FingerprintKey } from './key.js';

export const FINGERPRINT_BYTES = 16;

export class Fingerprinter {
  /** The key, and a page after it. */
  private readonly message: Buffer;
  private readonly page: Buffer;
  private readonly zeroes: Buffer;
  private readonly fingerprint = Buffer.alloc(FINGERPRINT_BYTES);

  constructor(
    private readonly key: FingerprintKey,
    readonly pageSize: number,
  ) {
    const { bytes } = key;
    this.message = Buffer.concat([bytes, Buffer.alloc(pageSize)]);
    this.page = this.message.subarray(bytes.length);
    this.zeroes = Buffer.alloc(pageSize);
  }

  get keyId(): string {
    return this.key.id;
  }

  /**
   * Of the page at `offset` of `bytes`: 16 bytes, good until the next call. As all messages are of
   * one length, a digest of key and page is as good as an HMAC, at half its price.
   */
  of(bytes: Buffer, offset = 0): Buffer {
    const { fingerprint } = this;
    const end = offset + this.pageSize;
    if (this.zeroes.compare(bytes, offset, end) === 0) return fingerprint.fill(0);
    bytes.copy(this.page, 0, offset, end);
    // As text: a buffer of its own for each page would be garbage by the million.
    fingerprint.write(hash('sha256', this.message, 'binary'), 0, FINGERPRINT_BYTES, 'latin1');
    return fingerprint;
  }
}
