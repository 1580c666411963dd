/**
 * The log: JSON lines to standard output or a file, or what somebody makes of them, and the last of
 * them kept, as JSON, for whoever asks on the socket.
 *
 * That lines are not taken there is no failure: the daemon goes on, and its log can still be had on
 * the socket.
 */
import { type Logger, pino } from 'pino';
import type { LogLevel } from '../../names.js';
import { printableLines } from '../../printable.js';
import type { Timers } from '../timers.js';
import { LogOutput } from './log-output.js';

const KEPT_LINES = 1000;

/** Takes a line, newline included. */
export type LogFollower = (line: string) => void;

export class Log {
  readonly logger: Logger;
  private readonly output: LogOutput;
  private readonly kept: string[] = [];
  private readonly followers = new Set<LogFollower>();

  /**
   * Logs to `file`, appending, or to standard output. FatalError if it cannot be opened. `shown`:
   * what is written there of a line.
   */
  constructor(
    level: LogLevel,
    timers: Timers,
    file?: string,
    shown: (line: string) => string = (line) => line,
  ) {
    this.output = new LogOutput(file, (dropped) => this.missed(dropped), timers);
    const sink = {
      // A line may be read on a terminal, and JSON alone keeps not everything from it.
      write: (json: string): void => {
        const line = printableLines(json);
        this.output.write(shown(line));
        this.keep(line);
      },
    };
    this.logger = pino(
      {
        level,
        base: null,
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
      },
      sink,
    );
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

  /**
   * Goes on in what is at the path of the log file now. Without a log file there is nothing to do.
   * A failure is a line in the log.
   */
  reopen(): void {
    try {
      this.logger.info(
        this.output.reopen()
          ? 'the log file is opened anew'
          : "SIGHUP opens the log file anew, and there is none: '--log-file' sets one",
      );
    } catch (error) {
      this.logger.error(
        { reason: error instanceof Error ? error.message : String(error) },
        'the log goes on in the old file',
      );
    }
  }

  /** Resolves once all lines are out, or after a moment in which nobody takes them. */
  flush(): Promise<void> {
    return this.output.flush();
  }

  private missed(dropped: number): void {
    this.logger.warn({ dropped }, 'lines before this one were not taken where the log goes');
  }

  private keep(line: string): void {
    this.kept.push(line);
    if (this.kept.length > KEPT_LINES) this.kept.shift();
    for (const follower of this.followers) follower(line);
  }
}
