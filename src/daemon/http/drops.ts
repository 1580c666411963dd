/**
 * What the daemon drops of its peers, as the log tells it: the first of a kind at once, and where
 * many are dropped then a line a second, that counts them. A flood of peers is none of lines.
 */
import type { Logger } from 'pino';
import type { Timers } from '../timers.js';

const INTERVAL_MS = 1000;

export class Drops {
  /** By kind told of within the last interval: how many more have come since. */
  private readonly more = new Map<string, number>();
  private stopTelling: (() => void) | undefined;

  constructor(
    private readonly logger: Logger,
    private readonly timers: Timers,
  ) {}

  /** `what`: a sentence for all of the kind. `fields` tell of this one. */
  tell(what: string, fields: object = {}): void {
    const more = this.more.get(what);
    this.more.set(what, more === undefined ? 0 : more + 1);
    if (more !== undefined) return;
    this.logger.warn(fields, what);
    this.stopTelling ??= this.timers.every(INTERVAL_MS, () => this.tellMore());
  }

  private tellMore(): void {
    for (const [what, more] of this.more) {
      if (more === 0) this.more.delete(what);
      else {
        this.logger.warn({ more }, what);
        this.more.set(what, 0);
      }
    }
    if (this.more.size > 0) return;
    this.stopTelling?.();
    this.stopTelling = undefined;
  }
}
