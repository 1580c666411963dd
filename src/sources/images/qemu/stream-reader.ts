/** The fields of a migration stream, all of them big endian. */
import { Fields } from '../fields.js';
import type { Forward } from '../forward.js';

const WHAT = 'the migration stream';

export class StreamReader {
  constructor(private readonly forward: Forward) {}

  get path(): string {
    return this.forward.path;
  }

  get position(): number {
    return this.forward.position;
  }

  async u8(): Promise<number> {
    return (await this.bytes(1))[0] ?? 0;
  }

  async u16(): Promise<number> {
    return new Fields(await this.bytes(2), false).u16(0);
  }

  async u32(): Promise<number> {
    return new Fields(await this.bytes(4), false).u32(0);
  }

  async u64(): Promise<number> {
    return new Fields(await this.bytes(8), false).u64(0);
  }

  /** As many characters as the byte before them says. */
  async name(): Promise<string> {
    return await this.text(await this.u8());
  }

  async text(length: number): Promise<string> {
    return Buffer.from(await this.bytes(length)).toString('latin1');
  }

  bytes(length: number): Promise<Uint8Array> {
    return this.forward.take(length, WHAT);
  }

  skip(length: number): Promise<void> {
    return this.forward.skip(length, WHAT);
  }

  /** The byte that comes next, if there is one. */
  async next(): Promise<number | undefined> {
    return (await this.forward.peek(1))[0];
  }
}
