/** The running kernel's side: scanned to rest, and what it says then. */
import { readFileSync } from 'node:fs';
import { hostPageSize } from '../../src/sources/host-page-size.js';
import { isAdvised, parseSmaps } from '../../src/sources/process/smaps.js';
import { SteppedKsm } from '../record/kernel.js';
import { residentIn } from '../record/resident.js';

/** What is compared. */
export type Figures = Record<
  'pages_shared' | 'pages_sharing' | 'rmap items' | 'Rss' | 'huge pages',
  number
>;

/** Full scans without a change of anything that merges, before it is at rest. */
const CALM_SCANS = 3;
/** Smart scan leaves a page out for at most so many scans. */
const FEWEST_SCANS = 12;

export class ScannedKernel {
  private readonly ksm = new SteppedKsm();

  constructor(smartScan: number) {
    this.ksm.write('smart_scan', smartScan);
  }

  /** Full scans until nothing changes any more. How many. */
  async toRest(): Promise<number> {
    let last = '';
    for (let scans = 0, calm = 0; ; ) {
      await this.ksm.batch(100_000_000);
      const { full_scans: done = 0, pages_shared, pages_sharing } = this.ksm.observe();
      scans = done;
      const now = `${pages_shared} ${pages_sharing}`;
      calm = now === last ? calm + 1 : 0;
      last = now;
      if (calm >= CALM_SCANS && scans >= FEWEST_SCANS) return scans;
    }
  }

  observe(): Record<string, number> {
    return this.ksm.observe();
  }

  observeProcess(pid: number): Record<string, number> {
    return this.ksm.observeProcess(pid);
  }

  close(): void {
    this.ksm.close();
  }
}

export function figuresOfKernel(kernel: ScannedKernel, pids: readonly number[]): Figures {
  const { pages_shared: shared = 0, pages_sharing: sharing = 0 } = kernel.observe();
  const figures: Figures = {
    pages_shared: shared,
    pages_sharing: sharing,
    'rmap items': 0,
    Rss: 0,
    'huge pages': 0,
  };
  for (const pid of pids) {
    const smaps = readFileSync(`/proc/${pid}/smaps`, 'latin1');
    const counted = new Set(advisedMappings(smaps));
    const { rss, huge } = residentIn(smaps, (address) => counted.has(address), hostPageSize());
    figures.Rss += rss;
    figures['huge pages'] += huge;
    figures['rmap items'] += kernel.observeProcess(pid).ksm_rmap_items ?? 0;
  }
  return figures;
}

/** Where mappings begin that KSM looks at, in bytes. */
function advisedMappings(smaps: string): number[] {
  return parseSmaps(smaps)
    .filter(isAdvised)
    .map(({ address }) => address);
}
