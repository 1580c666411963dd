/**
 * The daemon's life, from the first of its parts to its end: when told to, because a part does not
 * come up, or by a fault.
 *
 * What the daemon is made of, and in which order, src/daemon/parts.ts says. After a fault nothing
 * can be trusted any more, so no part is stopped in order. Only that is removed by which others
 * would take the daemon for alive, and the process is to end. Signals are the caller's business.
 */
import { traced } from '../errors.js';
import type { DaemonConfig } from './config.js';
import { FatalError } from './fatal.js';
import { LifeCycle } from './life-cycle.js';
import type { Log } from './log/log.js';
import { daemonParts, type Owner } from './parts.js';
import { SYSTEM_TIMERS } from './timers.js';

export class Daemon implements Owner {
  /**
   * Resolves when the daemon is down and its socket removed: with what went wrong, if anything did.
   */
  readonly ended: Promise<FatalError | undefined>;
  private end: (fatal: FatalError | undefined) => void = () => {};
  private readonly life: LifeCycle;
  private isEnding = false;
  /** Undefined until there is one. */
  private log: Log | undefined;

  private constructor(config: DaemonConfig) {
    this.ended = new Promise((resolve) => {
      this.end = resolve;
    });
    this.life = new LifeCycle(daemonParts(config, this, SYSTEM_TIMERS));
  }

  /** A daemon that is coming up, and says so once it listens. */
  static start(config: DaemonConfig, listens: () => void): Daemon {
    const daemon = new Daemon(config);
    daemon.life
      .start()
      .then(() => {
        if (!daemon.isEnding) listens();
      })
      .catch((error: unknown) =>
        daemon.endWith(error instanceof FatalError ? error : internalFault(error)),
      );
    return daemon;
  }

  /**
   * Stops all parts, or those that are up so far; `ended` resolves then. Does nothing the second
   * time.
   */
  stop(reason: string): void {
    if (this.isEnding) return;
    this.isEnding = true;
    this.log?.logger.info({ reason }, 'stopping');
    this.life.stop().then(
      () => {
        this.log?.logger.info('stopped');
        this.endWith(undefined);
      },
      (error: unknown) => this.die(internalFault(error, 'while stopping: ')),
    );
  }

  logsTo(log: Log): void {
    this.log = log;
  }

  /** The log goes on in a new file, if the old one has been moved away. */
  reopenLog(): void {
    this.log?.reopen();
  }

  /** Something threw that nobody caught: the daemon's state cannot be trusted any more. */
  fault(error: unknown): void {
    this.die(internalFault(error));
  }

  /** No more answers: the socket goes, and the process is to follow. */
  die(fatal: FatalError): void {
    this.isEnding = true;
    this.log?.logger.fatal({ exitStatus: fatal.exitStatus }, fatal.line);
    this.life.abandon();
    this.endWith(fatal);
  }

  private endWith(fatal: FatalError | undefined): void {
    void (this.log?.flush() ?? Promise.resolve()).then(() => this.end(fatal));
  }
}

function internalFault(error: unknown, when = ''): FatalError {
  return new FatalError('InternalFault', { code: 'EIO', message: when + describe(error) });
}

function describe(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(describe).join('; ');
  return traced(error);
}
