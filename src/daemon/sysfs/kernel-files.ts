/**
 * DIR/kernel/mm, ksm and transparent_hugepage in it, and DIR/../proc: the files of the profile's
 * kernel, for programs that read and write those.
 *
 * Where it can be they are mounts, and answer as the kernel's do; elsewhere pictures, plain files
 * that follow. The API thread does all of it, the scanner nothing.
 */
import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Logger } from 'pino';
import { KsmdError, systemError, traced } from '../../errors.js';
import type { Host } from '../../ksm/host.js';
import type { SysfsCarrier } from '../../names.js';
import { FatalError } from '../fatal.js';
import type { Scanner } from '../threads/scanner.js';
import type { Standstill } from '../threads/standstill.js';
import type { TunableWrites } from '../threads/tunable-writes.js';
import type { Timers } from '../timers.js';
import { procLayout, procTree } from './guest-files.js';
import { Mounts } from './mount/mounts.js';
import { OwnDirectory } from './own-directory.js';
import { patientWrites } from './patient-writes.js';
import { Pictures } from './picture/pictures.js';
import { Rollups } from './rollups.js';
import { sysfsLayout, sysfsTree } from './sysfs-files.js';
import type { Directory } from './tree.js';

/** What stat says of a file of the kernel's. */
const SYSFS_FILE_BYTES = 4096;
const PROC_FILE_BYTES = 0;

export interface KernelFilesConfig {
  readonly directory: string;
  /** Undefined: mounts where they can be had. */
  readonly as: SysfsCarrier | undefined;
  /** What the daemon itself makes while it runs: not in there. */
  readonly socketPath: string;
}

export interface KernelFilesSource {
  readonly host: Host;
  readonly scanner: Scanner;
  readonly standstill: Standstill;
  readonly tunables: TunableWrites;
}

interface Carrier {
  settled(): Promise<void>;
  remove(): void;
}

export class KernelFiles {
  private carrier: Carrier | undefined;
  private rollups: Rollups | undefined;
  /** Undefined once somebody has unmounted them. */
  private carriedAs: SysfsCarrier | undefined = 'picture';
  private isRemoved = false;

  private constructor(
    private readonly logger: Logger,
    private readonly sysfs: OwnDirectory,
    private readonly proc: OwnDirectory,
  ) {}

  /**
   * The files are there when this resolves. FatalError if they cannot be, and nothing is
   * left of them.
   */
  static async start(
    config: KernelFilesConfig,
    source: KernelFilesSource,
    logger: Logger,
    timers: Timers,
  ): Promise<KernelFiles> {
    const sysfs = await OwnDirectory.claim(config.directory, sysfsLayout);
    let proc: OwnDirectory;
    try {
      proc = await OwnDirectory.claim(join(dirname(sysfs.path), 'proc'), procLayout);
    } catch (error) {
      sysfs.release();
      throw error;
    }
    const files = new KernelFiles(logger, sysfs, proc);
    try {
      files.assertOutside(config.socketPath);
      await files.open(config.as, source, timers);
    } catch (error) {
      files.remove();
      if (error instanceof FatalError) throw error;
      throw new FatalError(
        'SysfsUnusable',
        systemError(
          error,
          `cannot keep the kernel's files in ${config.directory}: choose another --sysfs`,
        ),
      );
    }
    return files;
  }

  /** Where they are, and as what; undefined if somebody has unmounted them. */
  get place(): { readonly directory: string; readonly as: SysfsCarrier } | undefined {
    const { carriedAs } = this;
    return carriedAs && { directory: this.sysfs.path, as: carriedAs };
  }

  /** Answers what was asked, with EINTR where it takes a long look, and removes everything. */
  async stop(): Promise<void> {
    this.rollups?.stop();
    await this.carrier?.settled();
    this.remove();
  }

  /** Takes nothing up any more, and removes everything. Does nothing the second time. */
  remove(): void {
    if (this.isRemoved) return;
    this.isRemoved = true;
    try {
      this.carrier?.remove();
      this.proc.release();
      this.sysfs.release();
    } catch (error) {
      this.logger.error(
        systemError(
          error,
          `not all files in ${this.sysfs.path} and ${this.proc.path} could be removed`,
        ).line,
      );
    }
  }

  private async open(
    as: SysfsCarrier | undefined,
    source: KernelFilesSource,
    timers: Timers,
  ): Promise<void> {
    const { host, standstill, tunables } = source;
    const rollups = new Rollups(host);
    this.rollups = rollups;
    const sysfs = sysfsTree(host, patientWrites(source));
    const proc = procTree(host, rollups);
    if (as !== 'picture') {
      try {
        await this.mount(sysfs, proc, standstill);
        return;
      } catch (error) {
        // What is made in a mount that is there would wait for this very thread.
        this.carrier?.remove();
        this.carrier = undefined;
        this.carriedAs = 'picture';
        if (as === 'mount') throw error;
        const why = error instanceof KsmdError ? error.line : String(error);
        this.logger.info(`the kernel's files in ${this.sysfs.path} are plain files: ${why}`);
      }
    }
    this.carrier = Pictures.make(
      [
        [this.sysfs, sysfs],
        [this.proc, proc],
      ],
      { standstill, tunables, rollups },
      this.logger,
      timers,
    );
  }

  private async mount(sysfs: Directory, proc: Directory, standstill: Standstill): Promise<void> {
    const ready = (): Promise<void> => standstill.sound();
    this.carriedAs = 'mount';
    this.carrier = await Mounts.make(
      [
        [this.sysfs, { root: sysfs, fileBytes: SYSFS_FILE_BYTES, ready }],
        [this.proc, { root: proc, fileBytes: PROC_FILE_BYTES, ready }],
      ],
      {
        lost: (path) => {
          if (path === this.sysfs.path) this.carriedAs = undefined;
          this.logger.error(`somebody has unmounted ${path}: the files there are gone`);
        },
        fault: (error) =>
          this.logger.error(`a fault in the files in ${this.sysfs.path}: ${traced(error)}`),
      },
    );
    // What a picture has left is for a picture to take over, so it goes once there is a mount.
    for (const directory of [this.sysfs, this.proc]) directory.clear();
  }

  /** The daemon would wait for itself where it makes something in a mount of its own. */
  private assertOutside(socketPath: string): void {
    const folder = realpathSync(dirname(socketPath));
    for (const { path } of [this.sysfs, this.proc])
      if (`${folder}/`.startsWith(`${path}/`))
        throw new FatalError('SysfsUnusable', {
          code: 'EINVAL',
          message: `the socket is to be in ${path}: choose another --sysfs, or another --socket`,
        });
  }
}
