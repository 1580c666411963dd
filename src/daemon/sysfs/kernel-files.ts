/**
 * DIR/kernel/mm/ksm and DIR/../proc: the files of the profile's kernel, for programs that read and
 * write those.
 *
 * The API thread writes them, a few times a second and only where something has changed; the
 * scanner does nothing for them. What others write is set as the API sets it, or refused with a
 * line in the log. While the daemon is up, a file system that fails is logged and tried again.
 */
import { readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Logger } from 'pino';
import { systemError } from '../../errors.js';
import { readCounter } from '../../ksm/counters.js';
import type { Host } from '../../ksm/host.js';
import { KERNEL_PROFILES } from '../../ksm/kernels.js';
import type { TunableName } from '../../ksm/records/tunable-records.js';
import { readTunable } from '../../ksm/tunables.js';
import { removeIfEmpty } from '../claim.js';
import { FatalError } from '../fatal.js';
import { makeDirectory } from '../make-directory.js';
import type { Scanner } from '../threads/scanner.js';
import type { Standstill } from '../threads/standstill.js';
import type { TunableWrites } from '../threads/tunable-writes.js';
import type { Timers } from '../timers.js';
import { GuestFiles, procLayout } from './guest-files.js';
import { KernelFile } from './kernel-file.js';
import { type Layout, OwnDirectory } from './own-directory.js';
import { counterText, tunableText, writtenValue } from './text.js';
import { TunableFile } from './tunable-file.js';

const REFRESH_MS = 150;
const KSM_DIRECTORIES = ['kernel', 'kernel/mm', 'kernel/mm/ksm'];

const sysfsLayout: Layout = (path) => {
  if (KSM_DIRECTORIES.includes(path)) return 'directory';
  const isOurs = KERNEL_PROFILES.some(({ counters, tunables }) =>
    [...counters, ...tunables].some((name) => path === `kernel/mm/ksm/${name}`),
  );
  return isOurs ? 'file' : undefined;
};

export interface KernelFilesSource {
  readonly host: Host;
  readonly scanner: Scanner;
  readonly standstill: Standstill;
  readonly tunables: TunableWrites;
}

export class KernelFiles {
  private readonly counters: { readonly file: KernelFile; text(): string }[] = [];
  private readonly tunables: TunableFile[] = [];
  private guests: GuestFiles | undefined;
  private isRemoved = false;
  private stopRefreshing = (): void => {};
  /** Errno names of what failed at the last refresh. */
  private failing: ReadonlySet<string> = new Set();

  private constructor(
    private readonly source: KernelFilesSource,
    private readonly logger: Logger,
    private readonly sysfs: OwnDirectory,
    private readonly proc: OwnDirectory,
  ) {}

  /**
   * The files are there when this resolves. FatalError if they cannot be, and nothing is
   * left of them.
   */
  static async start(
    directory: string,
    source: KernelFilesSource,
    logger: Logger,
    timers: Timers,
  ): Promise<KernelFiles> {
    const sysfs = await OwnDirectory.claim(directory, sysfsLayout);
    let proc: OwnDirectory;
    try {
      proc = await OwnDirectory.claim(join(dirname(sysfs.path), 'proc'), procLayout);
    } catch (error) {
      sysfs.release();
      throw error;
    }
    const files = new KernelFiles(source, logger, sysfs, proc);
    try {
      files.open();
    } catch (error) {
      files.remove();
      throw new FatalError(
        'SysfsUnusable',
        systemError(
          error,
          `cannot keep the kernel's files in ${directory}: choose another --sysfs`,
        ),
      );
    }
    files.stopRefreshing = timers.every(REFRESH_MS, () => files.refresh());
    return files;
  }

  /** Takes nothing up any more, and removes everything. Does nothing the second time. */
  remove(): void {
    if (this.isRemoved) return;
    this.isRemoved = true;
    this.stopRefreshing();
    try {
      this.removeAll();
    } catch (error) {
      this.logger.error(
        systemError(
          error,
          `not all files in ${this.sysfs.path} and ${this.proc.path} could be removed`,
        ).line,
      );
    }
  }

  private removeAll(): void {
    for (const { file } of this.counters) file.close();
    for (const file of this.tunables) file.close();
    this.guests?.removeAll();
    this.proc.release();
    for (const name of this.fileNames()) rmSync(join(this.directory, name), { force: true });
    for (const name of KSM_DIRECTORIES.toReversed()) removeIfEmpty(join(this.sysfs.path, name));
    this.sysfs.release();
  }

  private get directory(): string {
    return join(this.sysfs.path, 'kernel/mm/ksm');
  }

  private fileNames(): string[] {
    const { counters, tunables } = this.source.host.profile;
    return [...counters, ...tunables];
  }

  private open(): void {
    const { host } = this.source;
    const { memory } = host.machine;
    makeDirectory(this.directory);
    // A kernel of another profile may have had more.
    for (const name of readdirSync(this.directory))
      if (!this.fileNames().includes(name)) rmSync(join(this.directory, name));
    for (const name of host.profile.counters) {
      const text = (): string => counterText(readCounter(memory, name));
      this.counters.push({
        file: KernelFile.open(join(this.directory, name), 0o444, text()),
        text,
      });
    }
    for (const name of host.profile.tunables) {
      const text = (): string => tunableText(name, readTunable(memory, name));
      const file = KernelFile.open(join(this.directory, name), 0o644, text());
      this.tunables.push(
        new TunableFile(file, {
          text,
          write: (written) => this.write(name, written),
          failed: (error) => this.tell(error),
        }),
      );
    }
    this.guests = new GuestFiles(this.proc.path, host);
    this.guests.refresh((change) => change());
  }

  private refresh(): void {
    // What a scanner that died has left is being set right.
    if (!this.source.standstill.isReady) return;
    const failed = new Map<string, unknown>();
    const attempt = (change: () => void): void => {
      try {
        change();
      } catch (error) {
        failed.set((error as NodeJS.ErrnoException).code ?? 'EIO', error);
      }
    };
    for (const { file, text } of this.counters) {
      const now = text();
      attempt(() => {
        if (file.isReplaced) file.putBack(now);
        // Root can write also what others can only read.
        else if (file.read() !== now) file.show(now);
      });
    }
    for (const file of this.tunables) attempt(() => file.refresh());
    this.guests?.refresh(attempt);
    for (const [code, error] of failed) if (!this.failing.has(code)) this.tell(error);
    this.failing = new Set(failed.keys());
  }

  private async write(name: TunableName, text: string): Promise<void> {
    const { scanner, standstill, tunables } = this.source;
    try {
      await scanner.ready();
      await tunables.write({ [name]: writtenValue(name, text) });
    } catch (error) {
      // The scanner died before it was done: the next one takes it.
      if (!standstill.isReady) return this.write(name, text);
      const { code, message } = error as NodeJS.ErrnoException;
      this.logger.warn(
        { file: join(this.directory, name), errno: code },
        `${code}: ${message}: the value before it stays`,
      );
    }
  }

  private tell(error: unknown): void {
    this.logger.error(
      systemError(error, `the files in ${this.sysfs.path} and ${this.proc.path} cannot be kept`)
        .line,
    );
  }
}
