/**
 * The kernel's side: the KSM of the running Linux, on the same bytes, in processes of its own.
 *
 * Every tunable is put back, also when interrupted. Refused where it cannot be, with the reason: no
 * root, no KSM, or somebody else who uses it, whose memory would be counted in.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { SYSFS, whyNoKernel } from '../../tools/record/kernel-at-hand.js';
import type { GuestCommand } from './kernel-guest.js';
import {
  type CopyContent,
  type Merged,
  PAGE_SIZE,
  type Sample,
  SETTLING_SCANS,
  type Side,
  thinned,
} from './side.js';

const TUNABLES = [
  'pages_to_scan',
  'sleep_millisecs',
  'smart_scan',
  'use_zero_pages',
  'max_page_sharing',
  'advisor_mode',
  'run',
];
const MAX_PAGE_SHARING = 256;
/** Between two samples too: reading a counter costs the kernel's scanner nothing. */
const POLL_MS = 1;

function read(name: string): string {
  const text = readFileSync(`${SYSFS}/${name}`, 'latin1').trim();
  return /\[(.*)\]/.exec(text)?.[1] ?? text;
}

function count(name: string): number {
  return Number(read(name));
}

export class KernelSide implements Side {
  readonly name = 'kernel';
  readonly maxPageSharing = MAX_PAGE_SHARING;
  private readonly before = new Map<string, string>();
  private readonly guests: ChildProcess[] = [];
  private readonly putBack = (): void => this.restore();
  private readonly interrupted = (): void => {
    this.restore();
    process.exit(130);
  };

  constructor(private readonly copyPages: number) {
    const reason = whyNoKernel();
    if (reason !== undefined) throw new Error(reason);
    for (const name of TUNABLES)
      if (existsSync(`${SYSFS}/${name}`)) this.before.set(name, read(name));
    process.on('exit', this.putBack);
    process.on('SIGINT', this.interrupted);
    process.on('SIGTERM', this.interrupted);
    this.set('run', '2');
    this.set('advisor_mode', 'none');
    this.set('pages_to_scan', '99999');
    this.set('sleep_millisecs', '0');
    this.set('smart_scan', '0');
    this.set('use_zero_pages', '0');
    this.set('max_page_sharing', String(MAX_PAGE_SHARING));
    this.set('run', '1');
  }

  async addCopy(content: CopyContent): Promise<void> {
    const guest = fork(new URL('./kernel-guest.ts', import.meta.url), {
      execArgv: ['--import', 'tsx'],
    });
    this.guests.push(guest);
    // As on the other side: what is scanned while the copy is still being written would be missing
    // from the time that is taken after.
    this.set('run', '0');
    await this.ask(guest, { kind: 'fill', pages: this.copyPages, content });
    this.set('run', '1');
  }

  async untilSharing(pages: number, tell?: (sharing: number) => void): Promise<Merged> {
    return this.watch((sharing) => {
      tell?.(sharing);
      return sharing >= pages;
    });
  }

  async settle(): Promise<void> {
    const scans = count('full_scans');
    while (count('full_scans') < scans + SETTLING_SCANS + 1) await sleep(POLL_MS);
  }

  async fullScan(): Promise<Merged> {
    const before = count('full_scans');
    while (count('full_scans') === before) await sleep(POLL_MS);
    const scans = count('full_scans');
    return this.watch(() => count('full_scans') > scans);
  }

  readLoop(): Promise<number> {
    return this.ask(this.lastGuest(), { kind: 'read' });
  }

  writeLoop(value: number): Promise<number> {
    return this.ask(this.lastGuest(), { kind: 'write', value });
  }

  async close(): Promise<void> {
    this.restore();
    process.off('exit', this.putBack);
    process.off('SIGINT', this.interrupted);
    process.off('SIGTERM', this.interrupted);
    await Promise.all(
      this.guests.map(async (guest) => {
        if (guest.exitCode !== null) return;
        const gone = once(guest, 'exit');
        guest.kill();
        await gone;
      }),
    );
  }

  private lastGuest(): ChildProcess {
    const guest = this.guests.at(-1);
    if (guest === undefined) throw new Error('there is no copy');
    return guest;
  }

  private async watch(done: (sharing: number) => boolean): Promise<Merged> {
    const samples: Sample[] = [];
    const start = performance.now();
    for (;;) {
      const sharing = count('pages_sharing');
      const seconds = samples.length === 0 ? 0 : (performance.now() - start) / 1000;
      samples.push({ seconds, savedBytes: sharing * PAGE_SIZE });
      if (done(sharing)) return { seconds, samples: thinned(samples) };
      await sleep(POLL_MS);
    }
  }

  private async ask(guest: ChildProcess, command: GuestCommand): Promise<number> {
    const answered = once(guest, 'message');
    guest.send(command);
    const [{ seconds }] = (await answered) as [{ seconds: number }];
    return seconds;
  }

  private set(name: string, value: string): void {
    if (this.before.has(name)) writeFileSync(`${SYSFS}/${name}`, value);
  }

  /** Gives all memory back unmerged, then every tunable its old value. */
  private restore(): void {
    this.set('run', '2');
    for (const [name, value] of this.before) if (name !== 'run') this.set(name, value);
    this.set('run', this.before.get('run') ?? '0');
  }
}
