/**
 * Finds out what the kernel's work costs it on this machine: memory of a few known kinds is scanned
 * by its KSM, one kind after the other, and each tells the price of one thing more.
 */
import { cpus, freemem, machine, release } from 'node:os';
import type { KernelWork } from '../../ksm/kernel-work.js';
import type { LibC } from '../../libc.js';
import { hostPageSize } from '../../sources/host-page-size.js';
import { DEFAULT_PRICES } from '../default-prices.js';
import { SMALL_PAGES } from '../kernel-meter.js';
import { batchPrice, type Prices, priceOf, type Trees } from '../prices.js';
import { fillApart, fillPairs, newNumber } from './contents.js';
import type { KernelKsm } from './kernel-ksm.js';
import { batchTime, middleOf, sumOf } from './scans.js';
import { type MeasuredScan, NUMBER_BYTES, Specimen } from './specimen.js';
import { awakeOf, workIn } from './waking.js';

/** Of the trees whose levels are priced. */
const TREE_PAGES = [1024, 4096, 16_384, 65_536, 262_144];
/** Of the memory that is there, a kind takes so much at most. */
const MEMORY_SHARE = 0.25;
/** Of all other kinds. */
const PAGES = 16_384;
const MOST_BATCHES = 64;
/** Of the stable trees. */
const STABLE_PAGES = [1024, 16_384];
const MIXED_SCANS = 6;
const HUGE_PAGES = 32;
const PAGES_A_HUGE_PAGE = 512;
/** Of each kind, of which the median counts. */
const SCANS = 3;
/** Until smart scan leaves pages out eight times of nine. */
const AGING_SCANS = 14;
const SKIPPED_SCANS = 18;
/** Of the batches by which waking is told; where they are shortest of few pages, as each naps. */
const SHORTEST_BATCH_PAGES = 10;
const SHORTEST_PAGES = 512;
const LONGER_BATCH_PAGES = [1024, 4096, 32_768];
const LONGEST_PAGES = 32_768;
const ROUNDS = 5;
const SCANS_TO_MERGE = 2;
/** Absent pages cost next to nothing: 52 µs two million of them, as measured on an EPYC. */
const ABSENT_NS = 0.026;
const ALIKE_KIB = 4 - NUMBER_BYTES / 1024;

/** One kind of memory: what the kernel took, and what the prices come to. */
export interface Fitted {
  readonly kind: string;
  readonly visits: number;
  readonly measuredNs: number;
  readonly pricedNs: number;
  /** A price comes from it; others tell how well all of them explain it. */
  readonly isLearnedFrom: boolean;
}

export interface Calibration {
  readonly prices: Prices;
  /** Each kind again, by the prices that all have led to. */
  readonly fit: readonly Fitted[];
  /** What a write to a page takes that is its writer's own, beside which a write fault shows. */
  readonly ownWriteNs: number;
}

interface Kind {
  readonly kind: string;
  readonly scan: MeasuredScan;
  readonly trees: Trees;
  readonly isLearnedFrom: boolean;
}

/** That the scans of one kind of memory tell. */
type LearntPrice = 'visit' | 'itemMade' | 'alikeKib' | 'repeatedVisit' | 'merge' | 'skip' | 'split';

export interface CalibrateOptions {
  readonly kernel: KernelKsm;
  readonly libc: LibC;
  /** pages_to_scan meanwhile. */
  readonly batchPages: number;
  readonly signal: AbortSignal;
  /** Called before each kind of memory. */
  readonly progress: (kind: string) => void;
}

/** Takes about a minute. Rejects with the signal's reason, if that comes first. */
export async function calibrate(options: CalibrateOptions): Promise<Calibration> {
  return new Calibrating(options).run();
}

class Calibrating {
  private readonly kinds: Kind[] = [];
  private ownWriteNs = 0;
  private prices: Prices = {
    measuredOn: `Linux ${release()} ${machine()}, ${cpus()[0]?.model ?? 'unknown processor'}`,
    mergedVisit: 0,
    repeatedVisit: 0,
    visit: 0,
    itemMade: 0,
    merge: 0,
    split: 0,
    skip: 0,
    absent: ABSENT_NS,
    batch: 0,
    stableLevels: [{ pages: 1, ns: 0 }],
    unstableLevels: [{ pages: 1, ns: 0 }],
    inHugePages: 1,
    alikeKib: 0,
    writeFault: 0,
  };

  constructor(private readonly options: CalibrateOptions) {}

  async run(): Promise<Calibration> {
    await this.waking();
    await this.changing();
    const mostPages = (freemem() * MEMORY_SHARE) / hostPageSize();
    for (const pages of TREE_PAGES) if (pages <= mostPages) await this.unshared(pages);
    await this.alike();
    const merging = await this.pairs();
    for (const pages of STABLE_PAGES) await this.besidePairs(pages);
    const halfway = { ...NO_TREES, stablePages: PAGES / 4, unstablePages: PAGES / 2 };
    this.learn('merging in pairs', merging, 'merge', ({ merges }) => merges, halfway);
    await this.same();
    await this.skipped();
    await this.huge();
    await this.mergedInHugePages();
    await this.mixed();
    const { prices } = this;
    const fit = this.kinds.map(({ kind, scan, trees, isLearnedFrom }) => ({
      kind,
      isLearnedFrom,
      visits: scan.work.visits,
      measuredNs: scan.processorNs,
      pricedNs: this.pricedScan(scan, trees),
    }));
    return { prices, fit, ownWriteNs: this.ownWriteNs };
  }

  /**
   * Merged pages, in batches of several sizes with a nap before each: what a visit costs, and a
   * batch beside its visits.
   */
  private async waking(): Promise<void> {
    const [shortest] = await this.merged([SHORTEST_BATCH_PAGES], SHORTEST_PAGES);
    const [short, long, longest] = await this.merged(LONGER_BATCH_PAGES, LONGEST_PAGES);
    if (!shortest || !short || !long || !longest) throw new RangeError('no scan');
    const { visitNs, batch, waking } = awakeOf({
      shortest: batchTime(shortest),
      short: batchTime(short),
      long: batchTime(long),
      longest: batchTime(longest),
    });
    this.prices = { ...this.prices, mergedVisit: visitNs, batch, waking };
    for (const scan of [shortest, short, long, longest])
      this.kinds.push({
        kind: `merged, ${Math.round(scan.work.visits / scan.batches).toLocaleString('en')} a batch`,
        scan,
        trees: NO_TREES,
        isLearnedFrom: true,
      });
  }

  /** For each size of batch, a scan of so many pages, merged in pairs. */
  private async merged(sizes: readonly number[], pages: number): Promise<MeasuredScan[]> {
    return this.with(pages, {}, async (specimen) => {
      fillPairs(specimen, pages);
      for (let scan = 0; scan < SCANS_TO_MERGE; scan++) await specimen.scan(this.options.signal);
      const scans = sizes.map((): MeasuredScan[] => []);
      // In turn, so that what else goes on is the same for all.
      for (let round = 0; round < ROUNDS; round++)
        for (const [at, size] of sizes.entries()) {
          specimen.scanIn(size);
          scans[at]?.push(await specimen.scan(this.options.signal));
        }
      return scans.map(middleOf);
    });
  }

  /** Pages met for the first time, and pages that have changed: visits, and rmap items. */
  private async changing(): Promise<void> {
    await this.with(PAGES, {}, async (specimen) => {
      fillApart(specimen);
      const first = await specimen.scan(this.options.signal);
      const changed = await this.median(specimen, () => fillApart(specimen));
      this.learn('changed since the last scan', changed, 'visit', ({ visits }) => visits);
      this.learn('seen for the first time', first, 'itemMade', ({ itemsMade }) => itemsMade);
    });
  }

  private async unshared(pages: number): Promise<void> {
    // Of many pages small batches would nap for long.
    const batchPages = Math.max(this.options.batchPages, pages / MOST_BATCHES);
    await this.with(pages, { batchPages }, async (specimen) => {
      fillApart(specimen);
      await specimen.scan(this.options.signal);
      const scan = await this.median(specimen);
      const trees = { ...NO_TREES, unstablePages: pages };
      const rest = this.workNs(scan) - this.priced({ ...scan.work, unstableLevels: 0 }, trees);
      const ns = Math.max(0, rest / scan.work.unstableLevels);
      const before = this.prices.unstableLevels.filter((level) => level.pages > 1);
      this.prices = { ...this.prices, unstableLevels: [...before, { pages, ns }] };
      const kind = `unshared, among ${pages.toLocaleString('en')}`;
      this.kinds.push({ kind, scan, trees, isLearnedFrom: true });
    });
  }

  /** Pages that differ at their ends only. */
  private async alike(): Promise<void> {
    await this.with(PAGES, { place: 'end' }, async (specimen) => {
      fillApart(specimen);
      await specimen.scan(this.options.signal);
      const trees = { ...NO_TREES, unstablePages: PAGES, alikeKib: ALIKE_KIB };
      const scan = await this.median(specimen);
      this.learn(
        'unshared, alike up to their ends',
        scan,
        'alikeKib',
        ({ unstableLevels }) => unstableLevels * ALIKE_KIB,
        trees,
      );
    });
  }

  /**
   * Two pages each of one content, which merge and are written to. Returns the scan in which they
   * merge.
   */
  private async pairs(): Promise<MeasuredScan> {
    return this.with(PAGES, {}, async (specimen) => {
      fillPairs(specimen, PAGES);
      await specimen.scan(this.options.signal);
      const merging = await specimen.scan(this.options.signal);
      const faults = specimen.writeAll();
      const writes = specimen.writeAll();
      this.ownWriteNs = (writes / PAGES) * 1e9;
      this.prices = { ...this.prices, writeFault: ((faults - writes) / PAGES) * 1e9 };
      return merging;
    });
  }

  /** Pages of one content, as zeroes are. */
  private async same(): Promise<void> {
    await this.with(PAGES, {}, async (specimen) => {
      const number = newNumber();
      for (let page = 0; page < PAGES; page++) specimen.write(page, number);
      for (let scan = 0; scan < 2; scan++) await specimen.scan(this.options.signal);
      const scan = await this.median(specimen);
      this.learn(
        'merged, all with the same',
        scan,
        'repeatedVisit',
        ({ repeatedVisits }) => repeatedVisits,
      );
    });
  }

  /** Unshared pages beside so many of the stable tree: each is looked for there first. */
  private async besidePairs(stablePages: number): Promise<void> {
    await this.with(2 * stablePages + PAGES, {}, async (specimen) => {
      fillPairs(specimen, 2 * stablePages);
      for (let page = 2 * stablePages; page < specimen.pages; page++)
        specimen.write(page, newNumber());
      for (let scan = 0; scan < 2; scan++) await specimen.scan(this.options.signal);
      const scan = await this.median(specimen);
      const trees = { ...NO_TREES, stablePages, unstablePages: PAGES };
      const rest = this.workNs(scan) - this.priced({ ...scan.work, stableLevels: 0 }, trees);
      const ns = Math.max(0, rest / scan.work.stableLevels);
      const before = this.prices.stableLevels.filter((level) => level.pages > 1);
      this.prices = { ...this.prices, stableLevels: [...before, { pages: stablePages, ns }] };
      const kind = `unshared, beside ${stablePages.toLocaleString('en')} of the stable tree`;
      this.kinds.push({ kind, scan, trees, isLearnedFrom: true });
    });
  }

  private async skipped(): Promise<void> {
    await this.with(PAGES, { smartScan: true }, async (specimen) => {
      fillApart(specimen);
      for (let scan = 0; scan < AGING_SCANS; scan++) await specimen.scan(this.options.signal);
      const scans: MeasuredScan[] = [];
      for (let scan = 0; scan < SKIPPED_SCANS; scan++)
        scans.push(await specimen.scan(this.options.signal));
      const trees = { ...NO_TREES, unstablePages: PAGES };
      this.learn('left out by smart scan', sumOf(scans), 'skip', ({ skips }) => skips, trees);
    });
  }

  /** Huge pages: unshared ones first, then of each one page that merges. */
  private async huge(): Promise<void> {
    const pages = HUGE_PAGES * PAGES_A_HUGE_PAGE;
    await this.with(pages, { huge: true }, async (specimen) => {
      fillApart(specimen);
      await specimen.scan(this.options.signal);
      const trees = { ...NO_TREES, unstablePages: pages, hugeShare: 1 };
      const whole = await this.median(specimen);
      const { unstableLevels } = whole.work;
      const besides = this.priced({ ...whole.work, unstableLevels: 0 }, trees);
      const small = this.priced(whole.work, { ...trees, hugeShare: 0 }) - besides;
      const inHugePages = unstableLevels === 0 ? 1 : (this.workNs(whole) - besides) / small;
      this.prices = { ...this.prices, inHugePages: Math.max(0, inHugePages) };
      this.kinds.push({ kind: 'unshared, in huge pages', scan: whole, trees, isLearnedFrom: true });
      for (let page = 0; page < pages; page += 2 * PAGES_A_HUGE_PAGE) {
        const number = newNumber();
        specimen.write(page, number);
        specimen.write(page + PAGES_A_HUGE_PAGE, number);
      }
      await specimen.scan(this.options.signal);
      const splitting = await specimen.scan(this.options.signal);
      this.learn('splitting huge pages', splitting, 'split', ({ splits }) => splits, trees);
    });
  }

  /** Pages that were merged where huge pages were. */
  private async mergedInHugePages(): Promise<void> {
    const pages = HUGE_PAGES * PAGES_A_HUGE_PAGE;
    await this.with(pages, { huge: true }, async (specimen) => {
      fillPairs(specimen, pages);
      for (let scan = 0; scan < SCANS_TO_MERGE; scan++) await specimen.scan(this.options.signal);
      const scan = await this.median(specimen);
      const ofSmall = this.priced(scan.work, NO_TREES);
      this.prices = { ...this.prices, mergedInHugePages: this.workNs(scan) / ofSmall };
      const trees = { ...NO_TREES, wereHugeShare: 1 };
      this.kinds.push({ kind: 'merged, where huge pages were', scan, trees, isLearnedFrom: true });
    });
  }

  /** A bit of everything, from which nothing is learned: how well the prices explain it. */
  private async mixed(): Promise<void> {
    await this.with(2 * PAGES, { smartScan: true }, async (specimen) => {
      fillPairs(specimen, PAGES);
      const changing = 2 * PAGES - PAGES / 4;
      for (let page = PAGES; page < changing; page++) specimen.write(page, newNumber());
      for (let scan = 0; scan < MIXED_SCANS; scan++) {
        for (let page = changing; page < 2 * PAGES; page++) specimen.write(page, newNumber());
        const measured = await specimen.scan(this.options.signal);
        const trees = { ...NO_TREES, stablePages: PAGES / 2, unstablePages: PAGES / 2 };
        const kind = `a bit of everything, scan ${scan + 1}`;
        this.kinds.push({ kind, scan: measured, trees, isLearnedFrom: false });
      }
    });
  }

  private async with<T>(
    pages: number,
    options: {
      readonly place?: 'end';
      readonly huge?: boolean;
      readonly smartScan?: boolean;
      readonly batchPages?: number;
    },
    measure: (specimen: Specimen) => Promise<T>,
  ): Promise<T> {
    const { libc, kernel, batchPages, progress } = this.options;
    progress(`${pages.toLocaleString('en')} pages`);
    const specimen = new Specimen(libc, kernel, pages, { batchPages, ...options });
    try {
      return await measure(specimen);
    } finally {
      specimen.free();
    }
  }

  /** Of a few scans, before each of which `prepare` is called. */
  private async median(specimen: Specimen, prepare = (): void => {}): Promise<MeasuredScan> {
    const scans: MeasuredScan[] = [];
    for (let scan = 0; scan < SCANS; scan++) {
      prepare();
      scans.push(await specimen.scan(this.options.signal));
    }
    return middleOf(scans);
  }

  /** What of a scan's time other prices do not explain is the price of so many of something. */
  private learn(
    kind: string,
    scan: MeasuredScan,
    price: LearntPrice,
    count: (work: KernelWork) => number,
    trees: Trees = NO_TREES,
  ): void {
    const times = count(scan.work);
    // Where the kernel cannot be brought to do it (no huge pages, say) nothing is learned.
    if (times === 0) {
      this.prices = { ...this.prices, [price]: DEFAULT_PRICES[price] };
      return;
    }
    this.prices = { ...this.prices, [price]: 0 };
    const rest = this.workNs(scan) - this.priced(scan.work, trees);
    this.prices = { ...this.prices, [price]: Math.max(0, rest / times) };
    this.kinds.push({ kind, scan, trees, isLearnedFrom: true });
  }

  private priced(work: KernelWork, trees: Trees): number {
    return priceOf(work, trees, this.prices);
  }

  private pricedScan({ work, batches }: MeasuredScan, trees: Trees): number {
    const workNs = this.priced(work, trees);
    return workNs + batches * batchPrice(workNs / batches, this.prices);
  }

  /** What a scan took without what its batches cost beside their work. */
  private workNs({ processorNs, batches }: MeasuredScan): number {
    return workIn(processorNs / batches, this.prices) * batches;
  }
}

const NO_TREES: Trees = { stablePages: 0, unstablePages: 0, ...SMALL_PAGES };
