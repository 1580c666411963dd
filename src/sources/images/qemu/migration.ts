/**
 * QEMU's migration stream, as `migrate "exec:cat > FILE"`, `migrate "file:FILE"`, `virsh save` and
 * `virsh dump` write it: sections, of which that of RAM comes first. It is read to the end of RAM;
 * the devices' states after it can be read by QEMU alone.
 *
 * A machine that runs meanwhile may send a page twice: the later one counts. A page of zeroes comes
 * as a record that says so, and is present: QEMU tells none that the machine never touched apart.
 */
import { inflateSync } from 'node:zlib';
import type { LeftOut, Mapping, Run, Source } from '../../source.js';
import { type Input, titled } from '../input.js';
import { malformed } from '../malformed.js';
import { Runs } from '../runs.js';
import { type Placed, place, regionsOf } from './blocks.js';
import { END, PART, type Ram, Sections } from './sections.js';
import { StreamReader } from './stream-reader.js';

/** What a record of RAM says of its page, in the low bits of its offset. */
const ZERO = 0x02;
const PAGE = 0x08;
const LAST = 0x10;
const SAME_BLOCK = 0x20;
const XBZRLE = 0x40;
const PACKED = 0x100;

/** EINVAL if it is none, or has RAM in a way that cannot be read. */
export async function openMigration(input: Input): Promise<Source> {
  const reader = new StreamReader(input.forward);
  const sections = new Sections(reader);
  return new MigrationStream(input, reader, sections, await sections.toRam());
}

class MigrationStream implements Source {
  readonly title: string;
  readonly addresses = 'physical';
  readonly pageSize: number;
  readonly totalBytes: number;
  readonly leftOut: readonly LeftOut[] = [];
  presentBytes = 0;
  /** That the last page was of. */
  private block = '';
  /** By the block's name. */
  private readonly places = new Map<string, Placed[]>();
  /** A bit for each page of a block that has come. */
  private readonly come = new Map<string, Uint8Array>();
  private readonly regions: readonly Mapping[];

  constructor(
    private readonly input: Input,
    private readonly reader: StreamReader,
    private readonly sections: Sections,
    ram: Ram,
  ) {
    this.title = titled("QEMU's migration stream", input);
    this.pageSize = ram.pageSize;
    this.totalBytes = ram.blocks.reduce((sum, { bytes }) => sum + bytes, 0);
    const placed = place(ram.blocks, ram.machine);
    for (const part of placed)
      this.places.set(part.block.name, [...(this.places.get(part.block.name) ?? []), part]);
    this.regions = regionsOf(placed, ram.pageSize);
  }

  async *read(): AsyncGenerator<Mapping | Run, void, undefined> {
    yield* this.regions;
    yield* this.records();
    for (;;) {
      const section = await this.sections.next();
      if (section !== PART && section !== END) continue;
      yield* this.records();
      if (section === END) return;
    }
  }

  async close(): Promise<void> {
    await this.input.close();
  }

  /** Of one section. */
  private async *records(): AsyncGenerator<Run, void, undefined> {
    const { reader, pageSize } = this;
    const zeroes = new Uint8Array(pageSize);
    const runs = new Runs();
    for (;;) {
      const at = reader.position;
      const word = await reader.u64();
      const flags = word % pageSize;
      if (flags === LAST) break;
      if ((flags & SAME_BLOCK) === 0) this.block = await reader.name();
      let page: Uint8Array;
      switch (flags & ~SAME_BLOCK) {
        case PAGE:
          page = await reader.bytes(pageSize);
          break;
        case ZERO: {
          const byte = await reader.u8();
          page = byte === 0 ? zeroes : new Uint8Array(pageSize).fill(byte);
          break;
        }
        case PACKED:
          page = await this.inflated(at);
          break;
        default:
          throw malformed(reader.path, unknownRecord(flags), at);
      }
      const run = runs.add(this.addressOf(this.block, word - flags, at), page);
      if (run !== undefined) yield run;
    }
    const last = runs.end();
    if (last !== undefined) yield last;
  }

  /** EINVAL if there is no such place. Takes note that its page has come. */
  private addressOf(block: string, offset: number, at: number): number {
    for (const part of this.places.get(block) ?? []) {
      const within = offset - part.offset;
      if (within < 0 || within >= part.length) continue;
      this.note(block, offset / this.pageSize, part.block.bytes / this.pageSize);
      return part.address + within;
    }
    throw malformed(this.reader.path, `a page of no block: ${offset} of '${block}'`, at);
  }

  private note(block: string, page: number, pages: number): void {
    let come = this.come.get(block);
    const byte = page >> 3;
    if (come === undefined || byte >= come.length) {
      // As far as pages have come: a block's length is only what its header says.
      const larger = new Uint8Array(Math.min(Math.ceil(pages / 8), Math.max(4096, byte * 2)));
      if (come !== undefined) larger.set(come);
      this.come.set(block, larger);
      come = larger;
    }
    const bit = 1 << (page & 7);
    if (((come[byte] ?? 0) & bit) !== 0) return;
    come[byte] = (come[byte] ?? 0) | bit;
    this.presentBytes += this.pageSize;
  }

  private async inflated(at: number): Promise<Uint8Array> {
    const { reader, pageSize } = this;
    const length = await reader.u32();
    if (length > 2 * pageSize)
      throw malformed(reader.path, `a page of ${length} bytes, packed`, at);
    const packed = await reader.bytes(length);
    try {
      const page = inflateSync(packed, { maxOutputLength: pageSize });
      if (page.length === pageSize) return page;
    } catch {
      // Told below.
    }
    throw malformed(reader.path, 'a page that does not unpack to one', at);
  }
}

function unknownRecord(flags: number): string {
  return (flags & XBZRLE) === 0
    ? `a record of RAM of no known kind (0x${flags.toString(16)}; multifd and RDMA are not read)`
    : 'a page as what has changed in it: migrate without the capability xbzrle';
}
