/**
 * The sections of a migration stream, as far as those of RAM. How long another one is can be told
 * only by who wrote it: what comes before the end of RAM has to be known.
 */
import { KsmdError } from '../../../errors.js';
import { DEFAULT_PAGE_SIZE } from '../../../names.js';
import { malformed } from '../malformed.js';
import type { Block } from './blocks.js';
import type { StreamReader } from './stream-reader.js';

const MAGIC_BYTES = 4;
const VERSION = 3;
export const START = 1;
export const PART = 2;
export const END = 3;
const SUBSECTION = 5;
const CONFIGURATION = 7;
const COMMAND = 8;
const FOOTER = 0x7e;
/** The first record of RAM: how large its blocks are. */
const SIZES = 0x04;
const LEAST_PAGE_BITS = 12;
const MOST_PAGE_BITS = 16;
const MOST_NAME_BYTES = 1024;
const MOST_BLOCKS = 4096;
const MOST_BYTES = 2 ** 46;
/** Capabilities that change what is in the stream. */
const UNREADABLE = ['mapped-ram', 'x-ignore-shared'];

export interface Ram {
  readonly pageSize: number;
  /** As QEMU calls it, with its version: `pc-i440fx-7.2`. */
  readonly machine: string;
  readonly blocks: readonly Block[];
}

export class Sections {
  private ramId: number | undefined;

  constructor(private readonly reader: StreamReader) {}

  /** From the beginning to behind the sizes of RAM's blocks. EINVAL if it does not come so far. */
  async toRam(): Promise<Ram> {
    const { reader } = this;
    await reader.skip(MAGIC_BYTES);
    const version = await reader.u32();
    if (version !== VERSION) throw malformed(reader.path, `version ${version} of the stream`, 4);
    let machine = '';
    let pageSize = DEFAULT_PAGE_SIZE;
    if ((await reader.next()) === CONFIGURATION) {
      await reader.skip(1);
      const length = await reader.u32();
      if (length > MOST_NAME_BYTES)
        throw malformed(reader.path, `a machine's name of ${length} bytes`, reader.position - 4);
      machine = await reader.text(length);
      pageSize = await this.configured(pageSize);
    }
    const section = await this.next();
    if (section !== START) throw malformed(reader.path, 'RAM that goes on before it begins', 8);
    return { pageSize, machine, blocks: await this.blocks(pageSize) };
  }

  /** Up to the contents of RAM's next section: START, PART or END. */
  async next(): Promise<number> {
    const { reader } = this;
    for (;;) {
      const at = reader.position;
      const type = await reader.u8();
      switch (type) {
        case START: {
          const id = await reader.u32();
          const name = await reader.name();
          await reader.skip(8);
          if (name !== 'ram' || this.ramId !== undefined)
            throw malformed(reader.path, `section '${name}', whose length only QEMU knows`, at);
          this.ramId = id;
          return type;
        }
        case PART:
        case END:
          if ((await reader.u32()) !== this.ramId)
            throw malformed(reader.path, 'a section that has not begun', at);
          return type;
        case FOOTER:
          await reader.skip(4);
          break;
        case COMMAND:
          await reader.skip(2);
          await reader.skip(await reader.u16());
          break;
        default:
          throw malformed(reader.path, `section type ${type} before the end of RAM`, at);
      }
    }
  }

  /** What else is said of the machine; its page size, if it says. */
  private async configured(pageSize: number): Promise<number> {
    const { reader } = this;
    let found = pageSize;
    while ((await reader.next()) === SUBSECTION) {
      const at = reader.position;
      await reader.skip(1);
      const name = await reader.name();
      await reader.skip(4);
      if (name === 'configuration/target-page-bits') {
        const bits = await reader.u32();
        if (bits < LEAST_PAGE_BITS || bits > MOST_PAGE_BITS)
          throw malformed(reader.path, `pages of 2^${bits} bytes`, at);
        found = 2 ** bits;
      } else if (name === 'configuration/capabilities') await this.assertReadable();
      else if (name === 'configuration/uuid') await reader.skip(16);
      else throw malformed(reader.path, `'${name}', whose length only QEMU knows`, at);
    }
    return found;
  }

  private async assertReadable(): Promise<void> {
    const { reader } = this;
    for (let left = await reader.u32(); left > 0; left--) {
      const name = await reader.name();
      if (UNREADABLE.includes(name))
        throw new KsmdError(
          'EINVAL',
          `${reader.path} has its memory in a way that is not read: migrate without the ` +
            `capability ${name}`,
        );
    }
  }

  private async blocks(pageSize: number): Promise<readonly Block[]> {
    const { reader } = this;
    const at = reader.position;
    const word = await reader.u64();
    if (word % pageSize !== SIZES) throw malformed(reader.path, 'RAM without its sizes', at);
    const blocks: Block[] = [];
    for (let left = word - SIZES; left > 0; ) {
      const position = reader.position;
      const name = await reader.name();
      const bytes = await reader.u64();
      const isNew = blocks.length < MOST_BLOCKS && !blocks.some((block) => block.name === name);
      if (bytes === 0 || bytes % pageSize !== 0 || bytes > left || bytes > MOST_BYTES || !isNew)
        throw malformed(reader.path, `block '${name}' of ${bytes} bytes`, position);
      blocks.push({ name, bytes });
      left -= bytes;
    }
    if (blocks.length === 0) throw malformed(reader.path, 'RAM of no blocks', at);
    return blocks;
  }
}
