/**
 * The running kernel's khugepaged, stepped one pass at a time.
 *
 * It sleeps for days between two passes, and a write to scan_sleep_millisecs wakes it for one. The
 * first touch of a huge page by any process wakes it too while its list is empty: that pass is let
 * go by, and one without limit puts its cursor at the beginning. Then counting starts. Nothing else
 * may have memory that is advised to huge pages: passes go over that too.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Observation } from '../../src/conformance/scenario.js';
import { threadNamed } from './kernel.js';
import type { Settings } from './settings.js';

type Counts = NonNullable<Observation['khugepaged']>;

const NAP_MS = 1_000_000_000;
/** More than there are. */
const ALL_PAGES = 1_000_000;
const CALM_LOOKS = 4;
const BETWEEN_LOOKS_MS = 3;

export class SteppedKhugepaged {
  private readonly thread = threadNamed('khugepaged');
  private naps = 0;
  private base: Counts | undefined;

  constructor(
    private readonly settings: Settings,
    /** Whether a process is one of the scenario's. */
    private readonly isGuest: (pid: number) => boolean,
  ) {}

  /** Whether passes are counted yet: not before a guest has touched a huge page. */
  get hasBegun(): boolean {
    return this.base !== undefined;
  }

  /** Lets it forget whoever was there before the scenario. */
  async forgetOthers(): Promise<void> {
    await this.settled();
    await this.wake(ALL_PAGES);
    await this.wake(1);
  }

  /** A guest has touched a huge page for the first time. */
  async begin(): Promise<void> {
    await this.settled();
    await this.wake(ALL_PAGES);
    this.base = this.read();
  }

  /** One pass over at most about `pages` pages. */
  async pass(pages: number): Promise<void> {
    this.assertAlone();
    await this.wake(pages);
    this.assertAlone();
  }

  /** Since it has begun; undefined before. */
  observe(): Counts | undefined {
    const { base } = this;
    if (base === undefined) return undefined;
    const now = this.read();
    return {
      pages_collapsed: now.pages_collapsed - base.pages_collapsed,
      full_scans: now.full_scans - base.full_scans,
    };
  }

  private read(): Counts {
    const count = (name: string): number => Number(this.settings.read(`khugepaged/${name}`));
    return { pages_collapsed: count('pages_collapsed'), full_scans: count('full_scans') };
  }

  private async wake(pages: number): Promise<void> {
    this.settings.write('khugepaged/pages_to_scan', pages);
    this.settings.write('khugepaged/scan_sleep_millisecs', NAP_MS + ++this.naps);
    await this.settled();
  }

  private async settled(): Promise<void> {
    let last = '';
    for (let calm = 0; calm < CALM_LOOKS; ) {
      await delay(BETWEEN_LOOKS_MS);
      const state = readFileSync(`/proc/${this.thread}/stat`, 'latin1').split(') ')[1]?.[0];
      const ran = readFileSync(`/proc/${this.thread}/schedstat`, 'latin1');
      const now = `${JSON.stringify(this.read())} ${state} ${ran}`;
      calm = now === last && state === 'S' ? calm + 1 : 0;
      last = now;
    }
  }

  private assertAlone(): void {
    const other = readdirSync('/proc').find(
      (pid) => /^\d+$/.test(pid) && !this.isGuest(Number(pid)) && hasHugeAdvice(pid),
    );
    if (other !== undefined)
      throw new Error(`khugepaged would pass over process ${other} too: its memory is advised`);
  }
}

function hasHugeAdvice(pid: string): boolean {
  try {
    return /^VmFlags:.* hg/m.test(readFileSync(`/proc/${pid}/smaps`, 'latin1'));
  } catch {
    // It has just ended.
    return false;
  }
}
