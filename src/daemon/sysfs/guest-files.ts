/**
 * /proc/PID of the guests: comm, and what the profile's kernel tells there of KSM and of what a
 * process takes up. A guest's id is its PID.
 */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from '../../ksm/host.js';
import { hasSince } from '../../ksm/records/kernel-versions.js';
import { KernelFile } from './kernel-file.js';
import type { Layout } from './own-directory.js';
import { Rollups } from './rollups.js';
import { counterText, ksmStatText } from './text.js';

const GUEST_FILES = ['comm', 'ksm_stat', 'ksm_merging_pages', 'smaps_rollup'];
const SMAPS_ROLLUP_SINCE = '4.14';

export const procLayout: Layout = (path) => {
  const [, pid, file] = /^(\d+)(?:\/(.+))?$/.exec(path) ?? [];
  if (pid === undefined) return undefined;
  if (file === undefined) return 'directory';
  return GUEST_FILES.includes(file) ? 'file' : undefined;
};

/** A file and what it is to show. */
interface Shown {
  readonly file: KernelFile;
  text(): string;
}

export class GuestFiles {
  private readonly guests = new Map<number, readonly Shown[]>();
  private readonly rollups: Rollups;

  /** Of what an earlier daemon left in the directory nothing stays. */
  constructor(
    private readonly proc: string,
    private readonly host: Host,
  ) {
    this.rollups = new Rollups(host);
    for (const name of readdirSync(proc))
      if (procLayout(name) !== undefined) rmSync(join(proc, name), { recursive: true });
  }

  /**
   * Makes it so that guests that are there have their files, as they are now, and those that are
   * gone have none. `attempt` calls what may fail.
   */
  refresh(attempt: (change: () => void) => void): void {
    this.rollups.refresh();
    const names = new Map(this.host.guestNames().map((name) => [this.host.guestId(name), name]));
    for (const id of this.guests.keys()) if (!names.has(id)) attempt(() => this.remove(id));
    for (const [id, name] of names) attempt(() => this.show(id, name));
  }

  removeAll(): void {
    this.rollups.stop();
    for (const id of this.guests.keys()) this.remove(id);
  }

  private show(id: number, name: string): void {
    const files = this.guests.get(id);
    if (files === undefined) this.add(id, name);
    else
      for (const { file, text } of files) {
        const now = text();
        if (now !== file.shown) file.show(now);
      }
  }

  private add(id: number, name: string): void {
    const { host } = this;
    const { ksmStat, guestCounters } = host.profile;
    const directory = join(this.proc, String(id));
    const files: Shown[] = [];
    const open = (file: string, mode: number, text: () => string): void => {
      files.push({ file: KernelFile.open(join(directory, file), mode, text()), text });
    };
    mkdirSync(directory);
    try {
      open('comm', 0o444, () => `${name}\n`);
      if (ksmStat.length > 0) open('ksm_stat', 0o400, () => ksmStatText(host, name));
      if (guestCounters.includes('ksm_merging_pages'))
        open('ksm_merging_pages', 0o400, () =>
          counterText(host.guestCounters(name).ksm_merging_pages ?? 0),
        );
      if (hasSince(host.profile.name, SMAPS_ROLLUP_SINCE))
        open('smaps_rollup', 0o444, () => this.rollups.text(name));
    } catch (error) {
      for (const { file } of files) file.close();
      rmSync(directory, { recursive: true });
      throw error;
    }
    this.guests.set(id, files);
  }

  private remove(id: number): void {
    for (const { file } of this.guests.get(id) ?? []) file.close();
    this.guests.delete(id);
    rmSync(join(this.proc, String(id)), { recursive: true, force: true });
  }
}
