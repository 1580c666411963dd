/** A raw image: a file that is a guest's memory, byte by byte, from its first address on. */
import type { FileHandle } from 'node:fs/promises';
import { KsmdError } from '../../errors.js';
import { DEFAULT_PAGE_SIZE } from '../../names.js';
import { fileChunks } from '../file-chunks.js';
import type { LeftOut, Mapping, Run, Source } from '../source.js';

export class RawImage implements Source {
  readonly title = 'raw image';
  readonly addresses = 'physical';
  readonly pageSize = DEFAULT_PAGE_SIZE;
  readonly leftOut: readonly LeftOut[] = [];

  /** `totalBytes` are the file's, whole pages. */
  constructor(
    private readonly file: FileHandle,
    readonly totalBytes: number,
  ) {}

  async *read(): AsyncGenerator<Mapping | Run, void, undefined> {
    const { totalBytes, pageSize } = this;
    yield { type: 'mapping', address: 0, pages: totalBytes / pageSize, name: 'image' };
    let address = 0;
    for await (const bytes of fileChunks(this.file, totalBytes)) {
      yield { type: 'run', address, bytes };
      address += bytes.length;
    }
    if (address < totalBytes)
      throw new KsmdError('EINVAL', `the file ended at byte ${address}, and had ${totalBytes}`);
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}
