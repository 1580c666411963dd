/**
 * The running kernel's KSM, stepped one batch at a time.
 *
 * Its ksmd is put to sleep for hours between batches, and a changed sleep_millisecs wakes it for
 * exactly one. Root only, and nothing else may use KSM.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { kernelProfile } from '../../src/ksm/kernels.js';
import { DEFAULT_KERNEL } from '../../src/names.js';
import { SYSFS } from './kernel-at-hand.js';
import { Settings } from './settings.js';

/** What any kernel may count; one that lacks a file lacks the counter. */
const { counters: COUNTERS, guestCounters: PROCESS_COUNTERS } = kernelProfile(DEFAULT_KERNEL);
/** Counted from the start of a scenario. */
const SINCE_START = ['full_scans', 'pages_scanned', 'pages_skipped'];
/** What tunables are before anybody has set them. */
export const DEFAULTS: Readonly<Record<string, number>> = {
  max_page_sharing: 256,
  smart_scan: 1,
  use_zero_pages: 0,
  merge_across_nodes: 1,
  stable_node_chains_prune_millisecs: 2000,
};
const NAP_MS = 100_000_000;
/** ksmd is taken to be asleep once nothing has changed so often. */
const CALM_LOOKS = 3;

export class SteppedKsm {
  private readonly settings = new Settings(SYSFS);
  private readonly counters = COUNTERS.filter((name) => this.has(name));
  private readonly base: ReadonlyMap<string, number>;
  private readonly ksmd = threadNamed('ksmd');
  private naps = 0;

  constructor() {
    this.write('run', 2);
    if (this.has('advisor_mode')) this.write('advisor_mode', 'none');
    for (const [name, value] of Object.entries(DEFAULTS))
      if (this.has(name)) this.write(name, value);
    this.write('sleep_millisecs', NAP_MS);
    this.base = new Map(
      SINCE_START.filter((name) => this.has(name)).map((name) => [name, this.read(name)]),
    );
  }

  has(name: string): boolean {
    return this.settings.has(name);
  }

  /** Writes a tunable. What the kernel refuses is thrown, with its errno as `code`. */
  write(name: string, value: number | string): void {
    this.settings.write(name, value);
  }

  /** One batch of at most `pages` pages. */
  async batch(pages: number): Promise<void> {
    // Pages waiting in per-processor lists have a reference more, and would not merge.
    writeFileSync('/proc/sys/vm/drop_caches', '1');
    this.write('pages_to_scan', pages);
    if (this.read('run') !== 1) this.write('run', 1);
    if (this.naps++ > 0) this.write('sleep_millisecs', NAP_MS + this.naps);
    await delay(3);
    await this.settled();
  }

  observe(): Record<string, number> {
    return Object.fromEntries(
      this.counters.map((name) => [name, this.read(name) - (this.base.get(name) ?? 0)]),
    );
  }

  /** Lines of a process's ksm_stat. */
  observeProcess(pid: number): Record<string, number> {
    const counted = statOf(pid)
      .filter(([name = '']) => PROCESS_COUNTERS.some((known) => known === name))
      .map(([name, value]) => [name, Number(value)]);
    return {
      ...Object.fromEntries(counted),
      ksm_merging_pages: Number(readFileSync(`/proc/${pid}/ksm_merging_pages`, 'latin1')),
    };
  }

  /** What its ksm_stat says yes or no to. */
  answersOf(pid: number): Record<string, 'yes' | 'no'> {
    return Object.fromEntries(statOf(pid).filter(([, value]) => value === 'yes' || value === 'no'));
  }

  /** Gives all memory back, and puts everything as it was. */
  close(): void {
    this.write('run', 2);
    this.settings.putBack();
  }

  private read(name: string): number {
    return Number(this.settings.read(name));
  }

  private async settled(): Promise<void> {
    let last = '';
    for (let calm = 0; calm < CALM_LOOKS; ) {
      const state = readFileSync(`/proc/${this.ksmd}/stat`, 'latin1').split(') ')[1]?.[0];
      const sleepsIn = readFileSync(`/proc/${this.ksmd}/wchan`, 'latin1');
      const now = `${JSON.stringify(this.observe())} ${state} ${sleepsIn}`;
      calm = now === last && state === 'S' && sleepsIn === 'ksm_scan_thread' ? calm + 1 : 0;
      last = now;
      await delay(2);
    }
  }
}

/** The lines of a process's ksm_stat: name and value. */
function statOf(pid: number): string[][] {
  const text = readFileSync(`/proc/${pid}/ksm_stat`, 'latin1').replaceAll(':', '');
  return text.split('\n').map((line) => line.split(' '));
}

/** The process number of a thread of the kernel's. */
export function threadNamed(name: string): string {
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      if (readFileSync(`/proc/${pid}/comm`, 'latin1').trim() === name) return pid;
    } catch {
      // It has just ended.
    }
  }
  throw new Error(`this kernel has no thread named ${name}`);
}
