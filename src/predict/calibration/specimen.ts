/**
 * The same pages twice: as memory that the kernel scans, and in a host that counts what a kernel
 * does with them. A page is a number of 16 bytes, at its begin or its end, and zeroes besides: the
 * host's fingerprints are these numbers, so its trees have the kernel's shape.
 */
import { KsmdError } from '../../errors.js';
import { ManualClock } from '../../ksm/clock.js';
import { Host } from '../../ksm/host.js';
import type { KernelWork } from '../../ksm/kernel-work.js';
import type { LibC } from '../../libc.js';
import { hostPageSize } from '../../sources/host-page-size.js';
import type { KernelKsm } from './kernel-ksm.js';
import { MergeableMemory } from './memory.js';

export const NUMBER_BYTES = 16;
/** A scan of the twin's has no end but that of its memory. */
const ALL_PAGES = 2 ** 31 - 1;
const TABLE_BYTES_A_PAGE = 128;
const TABLE_BYTES = 4 * 1024 * 1024;

/** One scan: what it took the kernel, and what it did. */
export interface MeasuredScan {
  readonly processorNs: number;
  readonly work: KernelWork;
}

export class Specimen {
  private readonly memory: MergeableMemory;
  private readonly host: Host;
  private readonly pageSize = hostPageSize();

  /** `place`: where in a page its number is. */
  constructor(
    libc: LibC,
    private readonly kernel: KernelKsm,
    readonly pages: number,
    private readonly options: {
      readonly place?: 'begin' | 'end';
      readonly huge?: boolean;
      readonly smartScan?: boolean;
      readonly batchPages: number;
    },
  ) {
    const { huge = false, smartScan = false, batchPages } = options;
    const { pageSize } = this;
    kernel.reset();
    kernel.write('pages_to_scan', batchPages);
    kernel.write('smart_scan', smartScan ? 1 : 0);
    this.memory = MergeableMemory.of(libc, pages, huge);
    this.host = Host.create(
      {
        memoryBytes: TABLE_BYTES + pages * TABLE_BYTES_A_PAGE,
        pageSize,
        frameBytes: NUMBER_BYTES,
      },
      new ManualClock(),
    );
    this.host.set('smart_scan', smartScan ? 1 : 0);
    this.host.createGuest('memory');
    this.host.map('memory', 'pages', pages, { address: 2 ** 30, huge });
  }

  /** Page `page` comes to hold that number, of NUMBER_BYTES, which is not 0. */
  write(page: number, number: Buffer): void {
    const at = this.options.place === 'end' ? this.pageSize - NUMBER_BYTES : 0;
    this.memory.page(page).set(number, at);
    this.host.storePages('memory', 2 ** 30 + page * this.pageSize, number);
  }

  /** A full scan of both. EAGAIN if they come to different counters: somebody has interfered. */
  async scan(signal: AbortSignal): Promise<MeasuredScan> {
    const { host, kernel } = this;
    const before = host.kernelWork();
    const { processorNs } = await kernel.scan(1, signal);
    host.ksm.scan(ALL_PAGES);
    const counters = host.counters();
    for (const name of ['pages_shared', 'pages_sharing', 'pages_unshared'] as const)
      if (kernel.count(name) !== counters[name])
        throw new KsmdError(
          'EAGAIN',
          `the kernel came to ${name} ${kernel.count(name)}, and not ${counters[name]}: ` +
            'something else uses KSM meanwhile; try again when it does not',
        );
    return { processorNs, work: differenceOf(host.kernelWork(), before) };
  }

  /** Seconds that a guest takes to write to all pages, one after the other. */
  writeAll(): number {
    const begin = process.hrtime.bigint();
    for (let at = this.pageSize / 2; at < this.memory.bytes.length; at += this.pageSize)
      this.memory.bytes[at] = 0;
    return Number(process.hrtime.bigint() - begin) / 1e9;
  }

  free(): void {
    this.memory.free();
  }
}

function differenceOf(after: KernelWork, before: KernelWork): KernelWork {
  return Object.fromEntries(
    Object.entries(after).map(([name, value]) => [name, value - before[name as keyof KernelWork]]),
  ) as unknown as KernelWork;
}
