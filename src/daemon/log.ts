/**
 * The log: JSON lines to standard output or a file, written before the call returns, and the last of them kept for whoever asks on the socket.
 *
 * Standard output that is closed by its reader is no failure: the daemon goes on, and its log can still be had on the socket.
 */
import { openSync } from 'node:fs';
import { type Level, type Logger, pino } from 'pino';
import { LogFileUnusableError } from './fatal.js';

export type LogLevel = Level;
export const LOG_LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];

const KEPT_LINES = 1000;
const STDOUT = 1;

/** Takes a line, newline included. */
export type LogFollower = (line: string) => void;

export class Log {
  readonly logger: Logger;
  private readonly kept: string[] = [];
  private readonly followers = new Set<LogFollower>();

  /** Logs to `file`, appending, or to standard output. LogFileUnusableError if it cannot be opened. */
  constructor(level: LogLevel, file?: string) {
    const destination = pino.destination({ fd: file === undefined ? STDOUT : openLogFile(file), sync: true });
    const sink = {
      write: (line: string): void => {
        destination.write(line);
        this.keep(line);
      },
    };
    this.logger = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } }, sink);
  }

  /** The last `count` lines, oldest first. */
  last(count: number): readonly string[] {
    return count === 0 ? [] : this.kept.slice(-count);
  }

  /** Calls `follower` with each line from now on, until the returned function is called. */
  follow(follower: LogFollower): () => void {
    this.followers.add(follower);
    return () => this.followers.delete(follower);
  }

  private keep(line: string): void {
    this.kept.push(line);
    if (this.kept.length > KEPT_LINES) this.kept.shift();
    for (const follower of this.followers) follower(line);
  }
}

function openLogFile(file: string): number {
  try {
    return openSync(file, 'a', 0o600);
  } catch (error) {
    throw new LogFileUnusableError(`cannot write the log file: ${error instanceof Error ? error.message : error}`);
  }
}
