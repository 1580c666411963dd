/**
 * The running kernel's KSM while its work is measured: scans, and the processor time of its thread.
 *
 * Root only, and only where nobody else uses KSM: their memory would be scanned too. Every tunable
 * written is put back, and all that was merged is given back.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KsmdError, systemError } from '../../errors.js';

const KSM = '/sys/kernel/mm/ksm';
const THREAD = 'ksmd';
/** How often it is looked whether a scan has ended: a nap is longer. */
const LOOK_MS = 1;

/** No scan of what is measured takes so long. */
const MOST_MS = 60_000;

/** What the kernel did between two moments. */
export interface Scanned {
  readonly processorNs: number;
  /** Full scans that ended. */
  readonly scans: number;
}

export class KernelKsm {
  private readonly thread = threadNamed(THREAD);
  private readonly before = new Map<string, string>();

  /**
   * EPERM unless root asks; ENOSYS where the kernel has no KSM or counts too little;
   * EBUSY where somebody else uses it.
   */
  constructor(private readonly napMs: number) {
    if (process.getuid?.() !== 0)
      throw new KsmdError('EPERM', 'only root may have KSM work: sudo ksmd calibrate');
    if (this.read('pages_scanned') === undefined)
      throw new KsmdError('ENOSYS', 'this kernel has no KSM, or one before Linux 6.7');
    // Also of processes that are not to be seen from here: of other containers.
    if (this.count('pages_shared') > 0)
      throw new KsmdError(
        'EBUSY',
        'KSM has merged pages, which measuring would give back: stop what uses it, then ' +
          `'echo 2 > ${KSM}/run', or take a machine without load`,
      );
    const user = userOfKsm();
    if (user !== undefined)
      throw new KsmdError(
        'EBUSY',
        `process ${user} uses KSM, and its memory would be measured too: end it, or take a ` +
          'machine without load',
      );
  }

  /** What it is set to; undefined if there is no such file. */
  read(name: string): string | undefined {
    try {
      const text = readFileSync(join(KSM, name), 'latin1').trim();
      return /\[(.+)\]/.exec(text)?.[1] ?? text;
    } catch {
      return undefined;
    }
  }

  write(name: string, value: number | string): void {
    const before = this.read(name);
    if (before === undefined) return;
    try {
      writeFileSync(join(KSM, name), String(value));
    } catch (error) {
      throw systemError(error, `${name} cannot be set to ${value}`);
    }
    if (!this.before.has(name)) this.before.set(name, before);
  }

  /** All is given back and forgotten, and the scanner stands still, to be set anew. */
  reset(): void {
    this.write('run', 2);
    this.write('run', 0);
    this.write('advisor_mode', 'none');
    this.write('sleep_millisecs', this.napMs);
    this.write('use_zero_pages', 0);
  }

  /** To the end of the full scan under way, or one that begins; of more, if the end is missed. */
  async scan(signal: AbortSignal): Promise<Scanned> {
    const fromNs = this.processorNs;
    const from = this.count('full_scans');
    this.write('run', 1);
    for (const endMs = performance.now() + MOST_MS; this.count('full_scans') === from; ) {
      if (performance.now() > endMs)
        throw new KsmdError('EAGAIN', 'no scan ends: something else has stopped KSM meanwhile');
      await sleep(LOOK_MS, undefined, { signal });
    }
    // What ends a scan ends its batch: the thread naps, and no other has begun.
    this.write('run', 0);
    return { processorNs: this.processorNs - fromNs, scans: this.count('full_scans') - from };
  }

  count(name: string): number {
    return Number(this.read(name) ?? 0);
  }

  close(): void {
    let failed: unknown;
    const put = (name: string, value: number | string): void => {
      try {
        this.write(name, value);
      } catch (error) {
        // The others are put back all the same.
        failed ??= error;
      }
    };
    put('run', 2);
    for (const [name, value] of [...this.before].reverse()) put(name, value);
    if (failed !== undefined) throw failed;
  }

  /** Processor time that the scanner's thread has had. */
  get processorNs(): number {
    const [ns] = readFileSync(`/proc/${this.thread}/schedstat`, 'latin1').split(' ');
    return Number(ns);
  }
}

/** A process that has advised memory, other than this one. */
function userOfKsm(): string | undefined {
  return processes().find((pid) =>
    usesKsm(textOf(`/proc/${pid}/ksm_stat`), () => textOf(`/proc/${pid}/smaps`)),
  );
}

/**
 * Whether a process has memory that KSM looks at, by its files. Before Linux 6.16 ksm_stat does not
 * tell what is advised: there a mapping's flags do, which take long to read.
 */
export function usesKsm(ksmStat: string, smaps: () => string): boolean {
  if (/^ksm_(mergeable|merge_any): yes$/m.test(ksmStat)) return true;
  if (/^ksm_(rmap_items|merging_pages) [1-9]/m.test(ksmStat)) return true;
  return !/^ksm_mergeable: /m.test(ksmStat) && /^VmFlags:.* mg\b/m.test(smaps());
}

function threadNamed(name: string): string {
  const found = processes().find((pid) => textOf(`/proc/${pid}/comm`).trim() === name);
  if (found === undefined) throw new KsmdError('ENOSYS', `no thread of the kernel is '${name}'`);
  return found;
}

function processes(): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
