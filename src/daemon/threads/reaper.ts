/**
 * Killing threads, one at a time.
 *
 * A killed thread stops somewhere, and this thread hears of it through its event loop only. To wait
 * in between for all threads to stand still would be to wait for a dead one, and never hear. So
 * while a killing is under way the machine must be left alone: wait until `idle`.
 */
import type { Worker } from 'node:worker_threads';
import { KsmdError } from '../../errors.js';

export class Reaper {
  private pending = 0;
  private last: Promise<void> = Promise.resolve();

  /** Kills `worker`; resolves after its 'exit' listeners have cleared up. */
  kill(worker: Worker): Promise<void> {
    this.pending++;
    this.last = this.last.then(async () => {
      try {
        await worker.terminate();
      } finally {
        this.pending--;
      }
    });
    return this.last;
  }

  get isIdle(): boolean {
    return this.pending === 0;
  }

  async idle(): Promise<void> {
    while (this.pending > 0) await this.last;
  }

  /** EBUSY while a killing is under way. */
  assertIdle(): void {
    if (this.pending > 0) throw new KsmdError('EBUSY', 'a thread is being killed: try again');
  }
}
