/**
 * A directory that is the daemon's alone: one that it made, found empty, or took over from a daemon
 * that has died.
 *
 * The daemon has it claimed (claim.ts) for as long as it keeps files there. A file in it marks it
 * as ksmd's. A directory with files but no such mark, or with anything that ksmd would not have put
 * there, is somebody else's and left as it is.
 */
import { readdirSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { systemError } from '../../errors.js';
import { Claim, claimName, removeIfEmpty } from '../claim.js';
import { FatalError } from '../fatal.js';
import { makeDirectory } from '../make-directory.js';

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
    private readonly claim: Claim,
    private readonly made: boolean,
  ) {}

  /**
   * FatalError if it cannot be had; nothing is changed then. What an earlier daemon left in
   * it is still there.
   */
  static async claim(directory: string, layout: Layout): Promise<OwnDirectory> {
    let made = false;
    let claim: Claim | undefined;
    try {
      made = makeDirectory(directory);
      const path = realpathSync(directory);
      assertOwn(path, layout);
      assertSafe(path, false);
      assertSafe(dirname(path), true);
      claim = await Claim.take(join(path, MARKER));
      if (claim === undefined) throw keptByAnother(path);
      // Once more: nobody but this daemon changes it from here on.
      assertOwn(path, layout);
      const left = readMarker(path);
      if (left === undefined) mark(path, made);
      return new OwnDirectory(path, claim, made || left === MADE);
    } catch (error) {
      claim?.release();
      if (made) removeIfEmpty(directory);
      if (error instanceof FatalError) throw error;
      throw new FatalError(
        'SysfsUnusable',
        systemError(error, `cannot keep files in ${directory}: choose another --sysfs`),
      );
    }
  }

  /** To be called once it is empty again. */
  release(): void {
    rmSync(join(this.path, MARKER), { force: true });
    this.claim.release();
    if (this.made) removeIfEmpty(this.path);
  }
}

/**
 * Nobody else may put something in the place of what the daemon keeps there, for the daemon would
 * write to it and remove it. `shared`: others may make files in it if the sticky bit keeps them
 * from each other's.
 */
function assertSafe(directory: string, shared: boolean): void {
  const { uid, mode } = statSync(directory);
  const mine = uid === process.geteuid?.() || (shared && uid === 0);
  const writable = (mode & OTHERS_WRITE) !== 0 && !(shared && (mode & STICKY) !== 0);
  if (!mine || writable)
    throw new FatalError('SysfsUnusable', {
      code: 'EPERM',
      message:
        `others can replace what is in ${directory}: choose a --sysfs in a directory of your ` +
        'own',
    });
}

function assertOwn(root: string, layout: Layout, directory = root): void {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (directory === root && isOfClaim(entry.name)) continue;
    const kind = layout(relative(root, path));
    if (kind === 'directory' && entry.isDirectory()) assertOwn(root, layout, path);
    // The mark comes before any file: it is looked for once there is one.
    else if (kind !== 'file' || !entry.isFile() || readMarker(root) === undefined) {
      throw new FatalError('SysfsUnusable', {
        code: 'EEXIST',
        message:
          `${path} is not ksmd's: choose a --sysfs that is empty, and has no proc beside it ` +
          'that is not',
      });
    }
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
