/**
 * The ioctl PAGEMAP_SCAN of /proc/PID/pagemap, since Linux 6.7: which pages of a range are there,
 * and what they are, with what is empty passed over by whole page tables. Node has no ioctl(2):
 * koffi, an optional package, makes the call.
 */
import type { FileHandle } from 'node:fs/promises';
import { KsmdError } from '../../errors.js';

/** What the kernel says of pages in a row. */
export interface ScannedRange {
  /** Bytes. */
  readonly start: number;
  readonly end: number;
  readonly isPresent: boolean;
  readonly isSwapped: boolean;
  /** Of a file, or shared memory. */
  readonly isOfFile: boolean;
  /** The kernel's page of zeroes. */
  readonly isZeroPage: boolean;
  readonly isHuge: boolean;
}

/** Ranges that are told in one call. */
const VECTOR_ENTRIES = 4096;
const ENTRY_BYTES = 24;
const ARGUMENT_BYTES = 96;
/** _IOWR('f', 16, struct pm_scan_arg) */
const PAGEMAP_SCAN = 0xc0606610;
/** PAGE_IS_ */
const FILE = 1 << 2;
const PRESENT = 1 << 3;
const SWAPPED = 1 << 4;
const ZERO = 1 << 5;
const HUGE = 1 << 6;
/** Offsets in struct pm_scan_arg, of 64 bits each. */
const AT = {
  size: 0,
  start: 16,
  end: 24,
  walkEnd: 32,
  vec: 40,
  vecLength: 48,
  anyOf: 80,
  returned: 88,
} as const;

type Ioctl = (fd: number, request: number, argument: Buffer) => number;

/** The call, with room for its argument and for what it tells: one for all, as nothing waits. */
class Scanner {
  private static known: Promise<Scanner> | undefined;
  private readonly vector = Buffer.alloc(VECTOR_ENTRIES * ENTRY_BYTES);
  private readonly argument = Buffer.alloc(ARGUMENT_BYTES);

  private constructor(
    private readonly ioctl: Ioctl,
    addressOf: (buffer: Buffer) => bigint,
  ) {
    this.set('size', ARGUMENT_BYTES);
    this.argument.writeBigUInt64LE(addressOf(this.vector), AT.vec);
    this.set('vecLength', VECTOR_ENTRIES);
    this.set('anyOf', PRESENT | SWAPPED);
    this.set('returned', FILE | PRESENT | SWAPPED | ZERO | HUGE);
  }

  /** Rejects without koffi. */
  static get(): Promise<Scanner> {
    Scanner.known ??= Scanner.make();
    return Scanner.known;
  }

  private static async make(): Promise<Scanner> {
    const { default: koffi } = await import('koffi');
    const ioctl = koffi
      .load(null)
      .func('int ioctl(int fd, unsigned long request, _Inout_ uint8_t *argument)');
    return new Scanner(ioctl, (buffer) => BigInt(koffi.address(buffer)));
  }

  /** Ranges from `start` on, and how far the kernel has come. ESRCH if the process has gone. */
  scan(fd: number, start: number, end: number): { ranges: ScannedRange[]; walkEnd: number } {
    this.set('start', start);
    this.set('end', end);
    const count = this.ioctl(fd, PAGEMAP_SCAN, this.argument);
    if (count < 0) throw new KsmdError('ESRCH', 'the process ended while it was looked at');
    const ranges = Array.from({ length: count }, (_, index) => this.entry(index));
    return { ranges, walkEnd: Number(this.argument.readBigUInt64LE(AT.walkEnd)) };
  }

  private entry(index: number): ScannedRange {
    const { vector } = this;
    const at = index * ENTRY_BYTES;
    const is = vector.readUInt32LE(at + 16);
    return {
      start: Number(vector.readBigUInt64LE(at)),
      end: Number(vector.readBigUInt64LE(at + 8)),
      isPresent: (is & PRESENT) !== 0,
      isSwapped: (is & SWAPPED) !== 0,
      isOfFile: (is & FILE) !== 0,
      isZeroPage: (is & ZERO) !== 0,
      isHuge: (is & HUGE) !== 0,
    };
  }

  private set(field: keyof typeof AT, value: number): void {
    this.argument.writeBigUInt64LE(BigInt(value), AT[field]);
  }
}

export class PagemapScan {
  private constructor(
    private readonly pagemap: FileHandle,
    private readonly scanner: Scanner,
  ) {}

  /** Undefined without koffi, or where the kernel does not know it. */
  static async open(pagemap: FileHandle): Promise<PagemapScan | undefined> {
    try {
      const scanner = await Scanner.get();
      scanner.scan(pagemap.fd, 0, 4096);
      return new PagemapScan(pagemap, scanner);
    } catch {
      return undefined;
    }
  }

  /** What is there of a range, in order. ESRCH if the process has gone. */
  *ranges(start: number, end: number): Generator<ScannedRange, void, undefined> {
    for (let at = start; at < end; ) {
      const { ranges, walkEnd } = this.scanner.scan(this.pagemap.fd, at, end);
      yield* ranges;
      // Where the vector was full the kernel may say that it came less far than it has told of.
      at = Math.max(walkEnd, ranges.at(-1)?.end ?? at);
      if (ranges.length < VECTOR_ENTRIES && at >= end) return;
    }
  }
}
