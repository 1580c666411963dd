/**
 * Pages on their way to a daemon: their bytes, or, where it holds fingerprints, these, made here
 * with the user's key. Then no byte of them leaves this process.
 */
import type { Source } from '../../../client/asked.js';
import type { Client } from '../../../client/client.js';
import { KsmdError } from '../../../errors.js';
import { FINGERPRINT_BYTES, Fingerprinter } from '../../../fingerprints/fingerprint.js';
import { defaultKeyPath, keyOf } from '../../../fingerprints/key.js';
import { printable } from '../../../printable.js';
import type { AddressRange } from '../../../protocol/bytes.js';
import { figure } from '../../../wording/amounts.js';

type Chunks = Extract<Source, { readonly chunks: unknown }>['chunks'];

export class PageUpload {
  private constructor(
    private readonly client: Client,
    /** Lines for people. */
    readonly notes: readonly string[],
    /** A sample has single pages of huge ones. */
    readonly takesHugePages: boolean,
    private readonly fingerprinter: Fingerprinter | undefined,
  ) {}

  /**
   * As the daemon holds them. `keyPath`: a file with the key, the user's own unless said. EINVAL if
   * it needs none, or the pages there are known by another.
   */
  static async to(client: Client, keyPath?: string): Promise<PageUpload> {
    const { fingerprints, pageSize } = await client.status();
    if (fingerprints === undefined) {
      if (keyPath === undefined) return new PageUpload(client, [], true, undefined);
      throw new KsmdError('EINVAL', 'the daemon holds bytes of pages: --key is of no use there');
    }
    const path = keyPath ?? defaultKeyPath();
    const fingerprinter = new Fingerprinter(await keyOf(path), pageSize);
    const { keyId } = fingerprinter;
    if (fingerprints.keyId !== undefined && fingerprints.keyId !== keyId)
      throw new KsmdError(
        'EINVAL',
        `the daemon's pages are known by the key ${fingerprints.keyId}, and ${path} has ` +
          `${keyId}: none would be equal. --key FILE takes another`,
      );
    const notes = [`  as fingerprints, by the key ${keyId} in ${printable(path)}`];
    const { oneIn } = fingerprints;
    if (oneIn > 1) notes.push(`  1 page in ${figure(oneIn)} is held; of huge pages single ones`);
    return new PageUpload(client, notes, oneIn === 1, fingerprinter);
  }

  /** Whole pages that the guest comes to have from `address` on. Errors as of the client's. */
  async store(guest: string, address: number, pages: Chunks): Promise<void> {
    const { client, fingerprinter } = this;
    if (fingerprinter === undefined) await client.store(guest, address, { chunks: pages });
    else
      await client.storeFingerprints(guest, address, fingerprinter.keyId, {
        chunks: fingerprintsOf(pages, fingerprinter),
      });
  }

  /** Whole pages for each of the ranges, one after another. Errors as of the client's. */
  async storeRanges(guest: string, ranges: readonly AddressRange[], pages: Chunks): Promise<void> {
    const { client, fingerprinter } = this;
    const chunks = fingerprinter === undefined ? pages : fingerprintsOf(pages, fingerprinter);
    await client.storeRanges(guest, ranges, { chunks }, fingerprinter?.keyId);
  }
}

async function* fingerprintsOf(
  chunks: Chunks,
  fingerprinter: Fingerprinter,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { pageSize } = fingerprinter;
  for await (const { buffer, byteOffset, length } of chunks) {
    const pages = Buffer.from(buffer, byteOffset, length);
    const all = Buffer.alloc((length / pageSize) * FINGERPRINT_BYTES);
    for (let page = 0; page * pageSize < length; page++)
      fingerprinter.of(pages, page * pageSize).copy(all, page * FINGERPRINT_BYTES);
    yield all;
  }
}
