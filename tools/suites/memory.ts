/** Memory of a process, by page. */
import type { Advice, MapOptions, Process } from './way.js';

export const PAGE_SIZE = 4096;
/** Aligned to huge pages, and far enough from each other for all there is. */
const FIRST_ADDRESS = 0x100000000;
const ADDRESS_STRIDE = 0x40000000;
/** Bytes stored or loaded at a time. */
const PIECE_BYTES = 1 << 20;

export class Memory {
  private constructor(
    readonly process: Process,
    readonly pages: number,
    private readonly address: number,
  ) {}

  /** Maps the `nth` memory of the process, nothing of it touched yet. */
  static async map(
    process: Process,
    pages: number,
    { nth = 0, ...options }: MapOptions & { readonly nth?: number } = {},
  ): Promise<Memory> {
    const memory = new Memory(process, pages, FIRST_ADDRESS + nth * ADDRESS_STRIDE);
    await process.map(memory.address, pages * PAGE_SIZE, options);
    return memory;
  }

  /** The same byte everywhere, or from page `first` on in `count` pages. */
  async fill(byte: number, first = 0, count = this.pages - first): Promise<void> {
    const end = this.at(first + count);
    for (let at = this.at(first); at < end; at += PIECE_BYTES)
      await this.process.store(at, new Uint8Array(Math.min(PIECE_BYTES, end - at)).fill(byte));
  }

  async store(page: number, offset: number, bytes: Uint8Array): Promise<void> {
    await this.process.store(this.at(page) + offset, bytes);
  }

  /** Whether all of it is `byte`, but for its last byte, which is `last`. */
  async holds(byte: number, last = byte): Promise<boolean> {
    const end = this.at(this.pages);
    for (let at = this.address; at < end; at += PIECE_BYTES) {
      const wanted = Buffer.alloc(Math.min(PIECE_BYTES, end - at), byte);
      if (at + wanted.length === end) wanted[wanted.length - 1] = last;
      if (!wanted.equals(await this.process.load(at, wanted.length))) return false;
    }
    return true;
  }

  async advise(advice: Advice, first = 0, count = this.pages - first): Promise<void> {
    await this.process.advise(this.at(first), count * PAGE_SIZE, advice);
  }

  private at(page: number): number {
    return this.address + page * PAGE_SIZE;
  }
}
