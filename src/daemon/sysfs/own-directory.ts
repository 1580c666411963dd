/**
 * A directory that is the daemon's alone: one that it made, found empty, or took over from a daemon
 * that has died.
 *
 * A file in it names the process that keeps it. A directory with files but no such name, or with
 * anything that ksmd would not have put there, is somebody else's and left as it is.
 */
import {
  readdirSync,
  readFileSync,
  realpathSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { systemError } from '../../errors.js';
import { FatalError } from '../fatal.js';
import { makeDirectory } from '../make-directory.js';

const MARKER = '.ksmd';
const OTHERS_WRITE = 0o022;
const STICKY = 0o1000;

/** What ksmd puts at a path relative to the directory; undefined: nothing. */
export type Layout = (path: string) => 'directory' | 'file' | undefined;

export class OwnDirectory {
  private constructor(
    /** Without symbolic links. */
    readonly path: string,
    private readonly made: boolean,
  ) {}

  /**
   * FatalError if it cannot be had; nothing is changed then. What an earlier daemon left in
   * it is still there.
   */
  static claim(directory: string, layout: Layout): OwnDirectory {
    let made = false;
    try {
      made = makeDirectory(directory);
      const path = realpathSync(directory);
      const left = readMarker(path);
      assertOwn(path, layout, left !== undefined);
      assertSafe(path, false);
      assertSafe(dirname(path), true);
      if (left !== undefined) {
        if (left.owner === processName(Number.parseInt(left.owner, 10)))
          throw keptByAnother(path, left.owner);
        rmSync(join(path, MARKER));
      }
      made ||= left?.made ?? false;
      // Not if another daemon has done so just now.
      writeFileSync(join(path, MARKER), `${processName(process.pid)}${made ? ' made' : ''}\n`, {
        flag: 'wx',
        mode: 0o644,
      });
      return new OwnDirectory(path, made);
    } catch (error) {
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
    if (this.made) removeIfEmpty(this.path);
  }
}

/** What somebody else has put into it stays. */
export function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {}
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

function assertOwn(root: string, layout: Layout, isMarked: boolean, directory = root): void {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (path === join(root, MARKER)) continue;
    const kind = layout(relative(root, path));
    if (kind === 'directory' && entry.isDirectory()) assertOwn(root, layout, isMarked, path);
    else if (kind !== 'file' || !entry.isFile() || !isMarked) {
      throw new FatalError('SysfsUnusable', {
        code: 'EEXIST',
        message:
          `${path} is not ksmd's: choose a --sysfs that is empty, and has no proc beside it ` +
          'that is not',
      });
    }
  }
}

function readMarker(directory: string): { owner: string; made: boolean } | undefined {
  try {
    const [pid, startedAt, made] = readFileSync(join(directory, MARKER), 'latin1')
      .trim()
      .split(' ');
    return { owner: `${pid} ${startedAt}`, made: made === 'made' };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function keptByAnother(directory: string, owner: string): FatalError {
  return new FatalError('SysfsUnusable', {
    code: 'EBUSY',
    message:
      `process ${Number.parseInt(owner, 10)} keeps its files in ${directory}: stop it, or ` +
      'choose another --sysfs',
  });
}

/**
 * What a process is known by, and none after it: its number, and the clock tick it started at.
 * Undefined if it is gone.
 */
function processName(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name, in parentheses, may hold anything.
    const [state = '', ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return 'ZX'.includes(state) ? undefined : `${pid} ${fields[18]}`;
  } catch {
    return undefined;
  }
}
