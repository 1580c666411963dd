/**
 * Where the lines of the log go: a file or standard output, and never does the daemon wait for it.
 *
 * Whether a write blocks belongs to what was opened, and that is shared with whoever handed it
 * down. So a terminal, where the shell is too, is opened anew: on a second opening of it that does
 * not block, one stopped with Ctrl-S answers EAGAIN. The other ways are worse. Node makes a
 * terminal of its own accord block, and a write handed to Node's threads keeps one of them, and the
 * process from ending, until Ctrl-Q. A terminal of another user's cannot be opened (`su` without
 * `--pty`): there the daemon waits with the log, as all programs do.
 *
 * A pipe or a socket cannot be left as it is either. A socket cannot be opened anew, nor a pipe of
 * another user's. Node has made them non-blocking by the time it has a stream for them, as it does
 * in every program. A file that standard output was sent to is left alone: opened anew it would
 * have a position of its own, and write over what others write there. No file blocks but for its
 * disk. Where standard output is closed, Node has opened /dev/null in its place.
 */
import { closeSync, constants, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { isatty } from 'node:tty';
import { systemError } from '../../errors.js';
import { FatalError } from '../fatal.js';
import { SYSTEM_TIMERS, type Timers } from '../timers.js';
import { HeldLines } from './held-lines.js';

const STDOUT = 1;
const STDERR = 2;
/** How long the last lines may take to get out. */
const FLUSH_PATIENCE_MS = 500;
const LOOK_MS = 2;

const { O_APPEND, O_CREAT, O_NOCTTY, O_NONBLOCK, O_WRONLY } = constants;

export class LogOutput {
  private readonly lines: HeldLines;

  /**
   * Appends to the file at `path`, one that is made is its owner's alone; or writes to standard
   * output. FatalError if the file cannot be opened. `missed` is told how many lines were dropped,
   * once lines get out again.
   */
  constructor(
    private readonly path: string | undefined,
    missed: (dropped: number) => void,
    timers: Timers,
  ) {
    const fd = path === undefined ? standard(STDOUT) : logFile(path);
    this.lines = new HeldLines(fd, missed, timers);
  }

  /** Takes a line, newline included. */
  write(line: string): void {
    this.lines.write(line);
  }

  /** Resolves once all lines are out, or cannot be got out soon. */
  flush(): Promise<void> {
    return flushed(this.lines);
  }

  /**
   * Goes on in what is at the path now: a new file, if the old one has been moved away. Every line
   * is in one of the two, whole: there is no moment between them. False where there is no
   * path. FatalError if it cannot be opened; lines go on into the old one then.
   */
  reopen(): boolean {
    if (this.path === undefined) return false;
    closeSync(this.lines.moveTo(logFile(this.path)));
    return true;
  }
}

/** Writes to standard error, which nobody may read either. Resolves as a flush does. */
export function lastWords(text: string): Promise<void> {
  const lines = new HeldLines(standard(STDERR), () => {}, SYSTEM_TIMERS);
  lines.write(text);
  return flushed(lines);
}

async function flushed(lines: HeldLines): Promise<void> {
  const deadline = performance.now() + FLUSH_PATIENCE_MS;
  while (!lines.isEmpty && performance.now() < deadline) {
    await delay(LOOK_MS);
    lines.attempt();
  }
}

/** A named pipe that nobody reads is refused rather than waited for. */
function logFile(path: string): number {
  try {
    return openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY, 0o600);
  } catch (error) {
    throw new FatalError(
      'LogFileUnusable',
      systemError(error, `cannot write the log file ${path}`),
    );
  }
}

function standard(fd: typeof STDOUT | typeof STDERR): number {
  if (!isatty(fd)) {
    // To have the stream is enough.
    void (fd === STDOUT ? process.stdout : process.stderr);
    return fd;
  }
  try {
    return openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    return fd;
  }
}
