/**
 * A directory that is the daemon's alone: one that it made, found empty, or took over from a daemon
 * that has died.
 *
 * The daemon has it claimed (claim.ts) for as long as it keeps files there. A file in it marks it
 * as ksmd's. A directory with files but no such mark, or with anything that ksmd would not have put
 * there, is somebody else's and left as it is.
 *
 * A mount comes over it, with claim and mark beneath, where only he sees them who opened the
 * directory before. So it is opened first, and all is done by way of that: of two daemons of which
 * one mounts while the other looks, the other finds the claim nevertheless. Whoever meets a mount
 * of ksmd's there leaves it if a daemon answers, and otherwise takes that very mount away, none
 * that may have come since.
 */
import {
  closeSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { systemError } from '../../errors.js';
import { Claim, claimName, removeIfEmpty } from '../claim.js';
import { FatalError } from '../fatal.js';
import { makeDirectory } from '../make-directory.js';
import { isServed, openPlace, ownMountOf, pathOfPlace } from './mount/mount-point.js';
import { detachDead } from './mount/mounts.js';

/** Whether a daemon has made the directory, or found it. */
const MARKER = '.ksmd';
const MADE = 'made';
const FOUND = 'found';
const OTHERS_WRITE = 0o022;
const STICKY = 0o1000;

/** What ksmd puts at a path relative to the directory; undefined: nothing. */
export type Layout = (path: string) => 'directory' | 'file' | undefined;

export class OwnDirectory {
  private constructor(
    /** Without symbolic links. */
    readonly path: string,
    /** The open directory. */
    private readonly place: number,
    private readonly claim: Claim,
    private readonly made: boolean,
  ) {}

  /** The same directory, whatever is mounted over it. */
  get beneath(): string {
    return pathOfPlace(this.place);
  }

  /**
   * FatalError if it cannot be had; nothing is changed then, but that the mount of a dead daemon is
   * gone. What an earlier daemon left in the directory is still there.
   */
  static async claim(directory: string, layout: Layout): Promise<OwnDirectory> {
    let made = false;
    let place: number | undefined;
    let claim: Claim | undefined;
    try {
      [place, made] = await openBelowMounts(directory);
      const path = readlinkSync(pathOfPlace(place));
      const root = pathOfPlace(place);
      assertOwn(root, path, layout);
      assertSafe(root, path, false);
      assertSafe(dirname(path), dirname(path), true);
      claim = await Claim.take(join(root, MARKER));
      if (claim === undefined) throw keptByAnother(path);
      // Once more: nobody but this daemon changes it from here on.
      assertOwn(root, path, layout);
      const left = readMarker(root);
      if (left === undefined) mark(root, made);
      return new OwnDirectory(path, place, claim, made || left === MADE);
    } catch (error) {
      claim?.release();
      if (place !== undefined) closeSync(place);
      if (made) removeIfEmpty(directory);
      if (error instanceof FatalError) throw error;
      throw new FatalError(
        'SysfsUnusable',
        systemError(error, `cannot keep files in ${directory}: choose another --sysfs`),
      );
    }
  }

  /** Removes what is in it, but for what is kept of it: paths relative to the directory. */
  clear(kept: ReadonlySet<string> = new Set()): void {
    clear(this.beneath, '', kept);
  }

  /** To be called once it is empty again. */
  release(): void {
    rmSync(join(this.beneath, MARKER), { force: true });
    this.claim.release();
    closeSync(this.place);
    if (this.made) removeIfEmpty(this.path);
  }
}

/** The directory, made if need be, and not the root of a mount of ksmd's. */
async function openBelowMounts(directory: string): Promise<[place: number, made: boolean]> {
  let made = false;
  for (;;) {
    const place = openIfThere(directory);
    if (place === undefined) made = makeDirectory(directory);
    else if (ownMountOf(place) !== undefined) await takeAwayDead(place, directory);
    else return [place, made];
  }
}

/** Closes the place. FatalError if its daemon lives, or it cannot be taken away. */
async function takeAwayDead(place: number, directory: string): Promise<void> {
  try {
    if (await isServed(place)) throw keptByAnother(directory);
    await detachDead(place);
  } catch (error) {
    // Another daemon may have been quicker.
    if (error instanceof FatalError || ownMountOf(place) !== undefined) throw error;
  } finally {
    closeSync(place);
  }
}

function openIfThere(directory: string): number | undefined {
  try {
    return openPlace(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Nobody else may put something in the place of what the daemon keeps there, for the daemon would
 * write to it and remove it. `shared`: others may make files in it if the sticky bit keeps them
 * from each other's.
 */
function assertSafe(directory: string, name: string, shared: boolean): void {
  const { uid, mode } = statSync(directory);
  const mine = uid === process.geteuid?.() || (shared && uid === 0);
  const writable = (mode & OTHERS_WRITE) !== 0 && !(shared && (mode & STICKY) !== 0);
  if (!mine || writable)
    throw new FatalError('SysfsUnusable', {
      code: 'EPERM',
      message: `others can replace what is in ${name}: choose a --sysfs in a directory of your own`,
    });
}

function assertOwn(root: string, name: string, layout: Layout, directory = root): void {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (directory === root && isOfClaim(entry.name)) continue;
    const kind = layout(relative(root, path));
    if (kind === 'directory' && entry.isDirectory()) assertOwn(root, name, layout, path);
    // The mark comes before any file: it is looked for once there is one.
    else if (kind !== 'file' || !entry.isFile() || readMarker(root) === undefined) {
      throw new FatalError('SysfsUnusable', {
        code: 'EEXIST',
        message:
          `${join(name, relative(root, path))} is not ksmd's: choose a --sysfs that is empty, ` +
          'and has no proc beside it that is not',
      });
    }
  }
}

function clear(root: string, directory: string, kept: ReadonlySet<string>): void {
  for (const entry of readdirSync(join(root, directory), { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (directory === '' && isOfClaim(entry.name)) continue;
    if (entry.isDirectory()) {
      clear(root, path, kept);
      removeIfEmpty(join(root, path));
    } else if (!kept.has(path)) rmSync(join(root, path), { force: true });
  }
}

function isOfClaim(name: string): boolean {
  return name === MARKER || name.startsWith(claimName(MARKER));
}

/** Whole or not at all: a disk may be full. */
function mark(directory: string, made: boolean): void {
  const marker = join(directory, MARKER);
  try {
    writeFileSync(marker, made ? MADE : FOUND);
  } catch (error) {
    rmSync(marker, { force: true });
    throw error;
  }
}

function readMarker(directory: string): string | undefined {
  try {
    return readFileSync(join(directory, MARKER), 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function keptByAnother(directory: string): FatalError {
  return new FatalError('SysfsUnusable', {
    code: 'EBUSY',
    message: `another daemon keeps its files in ${directory}: stop it, or choose another --sysfs`,
  });
}
