/**
 * The same pages twice: as memory that the kernel scans, and in a host that counts what a kernel
 * does with them. A page is a number of 16 bytes, at its begin or its end, and zeroes besides: the
 * host's fingerprints are these numbers, so its trees have the kernel's shape.
 */
import { KsmdError } from '../../errors.js';
import { ManualClock } from '../../ksm/clock.js';
import { Host } from '../../ksm/host.js';
import { type KernelWork, workSince } from '../../ksm/kernel-work.js';
import type { LibC } from '../../libc.js';
import { hostPageSize } from '../../sources/host-page-size.js';
import type { KernelKsm } from './kernel-ksm.js';
import { MergeableMemory } from './memory.js';

export const NUMBER_BYTES = 16;
/** A scan of the twin's has no end but that of its memory. */
const ALL_PAGES = 2 ** 31 - 1;
const TABLE_BYTES_A_PAGE = 128;
const TABLE_BYTES = 4 * 1024 * 1024;

/** What tells whether both have done the same. */
const STEPS = ['pages_scanned', 'pages_shared', 'pages_sharing', 'pages_unshared'] as const;
type Step = (typeof STEPS)[number];
const MOST_TRIES = 8;

/** One scan: what it took the kernel, and what it did. */
export interface MeasuredScan {
  readonly processorNs: number;
  readonly work: KernelWork;
  /** With a nap before each. */
  readonly batches: number;
}

export class Specimen {
  private readonly memory: MergeableMemory;
  private readonly host: Host;
  private readonly pageSize = hostPageSize();
  /** The kernel's counters, as they were at the begin. */
  private readonly begin: ReadonlyMap<string, number>;
  private batchPages: number;
  /** Kernel and host have done the same. */
  private isInStep = true;

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
    this.batchPages = batchPages;
    this.scanIn(batchPages);
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
    this.host.files.set('smart_scan', smartScan ? 1 : 0);
    this.host.createGuest('memory');
    this.host.map('memory', 'pages', pages, { address: 2 ** 30, huge });
    this.begin = new Map(STEPS.map((name) => [name, kernel.count(name)]));
  }

  /** Page `page` comes to hold that number, of NUMBER_BYTES, which is not 0. */
  write(page: number, number: Buffer): void {
    const at = this.options.place === 'end' ? this.pageSize - NUMBER_BYTES : 0;
    this.memory.page(page).set(number, at);
    this.host.memory.storePages('memory', 2 ** 30 + page * this.pageSize, number);
  }

  /** From now on, in batches of so many visits. */
  scanIn(batchPages: number): void {
    this.kernel.write('pages_to_scan', batchPages);
    this.batchPages = batchPages;
  }

  /**
   * A full scan of both, or a few. The kernel may have begun another one before it could be told to
   * stop: then it ends that, and is measured again. EAGAIN if that is no use: somebody interferes.
   */
  async scan(signal: AbortSignal): Promise<MeasuredScan> {
    const { host, kernel } = this;
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const began = this.isInStep;
      const before = host.files.kernelWork();
      const { processorNs, scans } = await kernel.scan(signal);
      for (let scan = 0; scan < scans; scan++) host.ksm.scan(ALL_PAGES);
      this.isInStep = STEPS.every((name) => kernel.count(name) - this.from(name) === this.at(name));
      if (began && this.isInStep) {
        const work = workSince(before, host.files.kernelWork());
        return { processorNs, work, batches: Math.ceil(work.visits / this.batchPages) };
      }
    }
    throw new KsmdError(
      'EAGAIN',
      'the kernel comes to other counters than it should: something else uses KSM meanwhile; try ' +
        'again when it does not',
    );
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

  private from(name: Step): number {
    return this.begin.get(name) ?? 0;
  }

  private at(name: Step): number {
    return this.host.files.counters()[name] ?? 0;
  }
}
