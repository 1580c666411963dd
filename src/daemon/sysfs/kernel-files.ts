/**
 * DIR/kernel/mm, ksm and transparent_hugepage in it, and DIR/../proc: the files of the profile's
 * kernel, for programs that read and write those.
 *
 * The API thread writes them, a few times a second and only where something has changed; the
 * scanner does nothing for them. What others write is set as the API sets it, or refused with a
 * line in the log. While the daemon is up, a file system that fails is logged and tried again.
 */
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Logger } from 'pino';
import { systemError } from '../../errors.js';
import type { Host } from '../../ksm/host.js';
import { removeIfEmpty } from '../claim.js';
import { FatalError } from '../fatal.js';
import { makeDirectory } from '../make-directory.js';
import type { Scanner } from '../threads/scanner.js';
import type { Standstill } from '../threads/standstill.js';
import type { TunableWrites } from '../threads/tunable-writes.js';
import type { Timers } from '../timers.js';
import { GuestFiles, procLayout } from './guest-files.js';
import { KernelFile } from './kernel-file.js';
import { OwnDirectory } from './own-directory.js';
import {
  SYSFS_DIRECTORIES,
  SYSFS_PATHS,
  type SysfsFile,
  sysfsFiles,
  sysfsLayout,
  sysfsPaths,
} from './sysfs-files.js';
import { TunableFile } from './tunable-file.js';

const REFRESH_MS = 150;

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
    this.removeFiles(sysfsPaths(this.source.host.profile));
    this.sysfs.release();
  }

  /** The directories too, where nothing is left in them. */
  private removeFiles(paths: readonly string[]): void {
    for (const path of paths) rmSync(this.pathOf(path), { force: true });
    for (const path of SYSFS_DIRECTORIES.toReversed()) removeIfEmpty(this.pathOf(path));
  }

  private pathOf(path: string): string {
    return join(this.sysfs.path, path);
  }

  private open(): void {
    const { host, tunables } = this.source;
    const paths = sysfsPaths(host.profile);
    // A kernel of another profile may have had more.
    this.removeFiles(SYSFS_PATHS.filter((path) => !paths.includes(path)));
    for (const file of sysfsFiles(host, tunables)) this.openFile(file);
    this.guests = new GuestFiles(this.proc.path, host);
    this.guests.refresh((change) => change());
  }

  private openFile({ path, text, write }: SysfsFile): void {
    makeDirectory(dirname(this.pathOf(path)));
    const file = KernelFile.open(this.pathOf(path), write === undefined ? 0o444 : 0o644, text());
    if (write === undefined) this.counters.push({ file, text });
    else
      this.tunables.push(
        new TunableFile(file, {
          text,
          write: (written) => this.write(path, () => write(written)),
          failed: (error) => this.tell(error),
        }),
      );
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

  private async write(path: string, write: () => Promise<void>): Promise<void> {
    const { scanner, standstill } = this.source;
    try {
      await scanner.ready();
      await write();
    } catch (error) {
      // The scanner died before it was done: the next one takes it.
      if (!standstill.isReady) return this.write(path, write);
      const { code, message } = error as NodeJS.ErrnoException;
      this.logger.warn(
        { file: this.pathOf(path), errno: code },
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
