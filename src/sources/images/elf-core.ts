/**
 * An ELF core: of a machine (`virsh dump --memory-only`, QEMU's dump-guest-memory, VirtualBox'
 * dumpvmcore, /proc/vmcore), at physical addresses, or of a process (gcore, the kernel's own), at
 * virtual ones. Registers and notes are of no account here.
 *
 * A machine's segments say where they lie in physical memory; a process's say 0 for all of them.
 */
import { KsmdError } from '../../errors.js';
import { DEFAULT_PAGE_SIZE } from '../../names.js';
import type { LeftOut, Mapping, Run, Source } from '../source.js';
import type { Bytes } from './bytes.js';
import { ET_CORE, PT_LOAD, readElf, type Segment } from './elf.js';
import { type Input, titled } from './input.js';
import { malformed } from './malformed.js';
import { mappingsOf, type Range, type WholePages, wholePages } from './ranges.js';

/** EINVAL if it is none, has no memory in it, or has been cut. */
export async function openElfCore(input: Input): Promise<Source> {
  const { path, bytes } = input;
  const { type, segments } = await readElf(bytes);
  if (type !== ET_CORE)
    throw new KsmdError(
      'EINVAL',
      `${path} is an ELF program or library and no core: gcore makes one of a running process ` +
        '(--raw takes the bytes as they are)',
    );
  const loaded = segments.filter((segment) => segment.type === PT_LOAD && segment.memoryBytes > 0);
  if (segments.length === 0)
    throw new KsmdError(
      'EINVAL',
      `${path} is an ELF core without program headers, as 'xl dump-core' writes it for ` +
        'paravirtual guests: where its pages belong is known to the crash utility alone',
    );
  if (loaded.length === 0)
    throw new KsmdError('EINVAL', `${path} is an ELF core with no memory in it`);
  for (const segment of loaded) assertInside(bytes, segment);

  const physical = loaded.some(
    ({ physicalAddress, virtualAddress }) => physicalAddress !== 0 || virtualAddress === 0,
  );
  const ranges = loaded.map((segment) => ({
    address: physical ? segment.physicalAddress : segment.virtualAddress,
    length: segment.memoryBytes,
    position: segment.offset,
    present: segment.fileBytes,
  }));
  return new ElfCore(input, physical, wholePages(ranges, DEFAULT_PAGE_SIZE));
}

class ElfCore implements Source {
  readonly title: string;
  readonly addresses: 'virtual' | 'physical';
  readonly pageSize = DEFAULT_PAGE_SIZE;
  readonly totalBytes: number;
  readonly leftOut: readonly LeftOut[];
  private readonly ranges: readonly Range[];

  constructor(
    private readonly input: Input,
    physical: boolean,
    { ranges, leftOut }: WholePages,
  ) {
    this.title = titled(physical ? 'ELF core' : 'ELF core of a process', input);
    this.addresses = physical ? 'physical' : 'virtual';
    this.ranges = ranges;
    this.leftOut = leftOut;
    this.totalBytes = ranges.reduce((sum, { present }) => sum + present, 0);
  }

  async *read(): AsyncGenerator<Mapping | Run, void, undefined> {
    const { ranges, pageSize } = this;
    const { bytes: image } = this.input;
    yield* mappingsOf(ranges, pageSize);
    // As they lie in the file: a stream goes no other way, and a disk none better.
    for (const { address, position, present } of ranges.toSorted((a, b) => a.position - b.position))
      for await (const piece of image.data(position, position + present, pageSize))
        yield {
          type: 'run',
          address: address + (piece.position - position),
          bytes: filledUp(piece.bytes, pageSize),
        };
  }

  async close(): Promise<void> {
    await this.input.close();
  }
}

function assertInside(bytes: Bytes, { offset, fileBytes, memoryBytes, headerAt }: Segment): void {
  if (fileBytes > memoryBytes)
    throw malformed(
      bytes.path,
      `a segment of ${memoryBytes} bytes of memory with ${fileBytes} in the file`,
      headerAt,
    );
  if (bytes.length !== undefined && fileBytes > 0 && offset + fileBytes > bytes.length)
    throw malformed(
      bytes.path,
      `cut short: a segment ends at byte ${offset + fileBytes} of the file`,
      bytes.length,
    );
}

/** What a page has more in memory than in the file is zero. */
function filledUp(bytes: Uint8Array, pageSize: number): Uint8Array {
  if (bytes.length % pageSize === 0) return bytes;
  const filled = new Uint8Array(Math.ceil(bytes.length / pageSize) * pageSize);
  filled.set(bytes);
  return filled;
}
