/**
 * The machine in the API thread's hands alone: for what changes guests, and what looks at all of it
 * at once.
 *
 * All other threads stand still while such work lasts, one piece at a time. This thread goes on
 * answering: it does not block until the others stand, and work that takes long is done in slices,
 * with a turn of the event loop between two. Whoever touches guests' memory without having the
 * machine to himself asks first whether that may be (`isReady`, `ready`).
 *
 * What a thread that died has left, its locks above all, is made good before anybody else has the
 * machine.
 */
import { setImmediate as turn } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import type { LongWork } from '../../machine/long-work.js';
import { ringScanner, standStill } from '../../machine/safepoint.js';
import { inSlices, slice } from '../slices.js';

interface Repair {
  readonly work: () => LongWork<unknown>;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

export class Standstill {
  /** Settled when nobody has the machine or waits for it. */
  private last: Promise<unknown> = Promise.resolve();
  private isHeld = false;
  /** Threads that are being killed: heard of, but not dead yet. */
  private dying = 0;
  private readonly repairs: Repair[] = [];
  private readonly waiting: (() => void)[] = [];
  /** Ends looks that are under way, and those that wait for their turn. */
  private interrupted = new AbortController();

  constructor(private readonly i32: Int32Array) {}

  /** Whether nothing that a dead thread left is still to be made good: counters can be believed. */
  get isSound(): boolean {
    return this.dying === 0 && this.repairs.length === 0;
  }

  /** Whether this thread may touch guests' memory, until it next turns to the event loop. */
  get isReady(): boolean {
    return this.isSound && !this.isHeld;
  }

  /** Resolves when it is sound. */
  async sound(): Promise<void> {
    while (!this.isSound) await this.news();
  }

  /** Resolves when it is ready; what happens then must happen at once. */
  async ready(): Promise<void> {
    while (!this.isReady) await this.news();
  }

  /** Throws unless the machine is held, as a host is to be told. */
  readonly assertHeld = (): void => {
    if (!this.isHeld) throw new Error('guests change only while all other threads stand still');
  };

  /** Makes a change that is done in a moment. */
  change<T>(change: () => T): Promise<T> {
    return this.inTurn(async () => change());
  }

  /** Makes a change in slices; nothing ends it before it is done. */
  changeInSlices<T>(work: () => LongWork<T>): Promise<T> {
    return this.inTurn(() => inSlices(work()));
  }

  /** Looks at the whole machine, in slices. EINTR if `signal` or `interruptLooks` ends it. */
  look<T>(work: () => LongWork<T>, signal?: AbortSignal): Promise<T> {
    const ended = this.interrupted.signal;
    return this.inTurn(() =>
      inSlices(work(), signal === undefined ? ended : AbortSignal.any([ended, signal])),
    );
  }

  /** Does work in slices between which others may have the machine: it needs it ready, no more. */
  async betweenOthers(work: LongWork): Promise<void> {
    for (;;) {
      await this.ready();
      if (slice(work).done === true) return;
      await turn();
    }
  }

  /** The daemon stops: nobody waits for the end of a look. */
  interruptLooks(): void {
    this.interrupted.abort();
    this.interrupted = new AbortController();
  }

  /** Kills a thread wherever it is; resolves after its 'exit' listeners have asked for repairs. */
  async kill(worker: Worker): Promise<void> {
    this.dying++;
    try {
      await worker.terminate();
    } finally {
      this.dying--;
      this.tell();
    }
  }

  /**
   * Makes good what a thread that died has left. To be called as soon as its end is heard of.
   * Rejects with what `work` throws; a thread that will not stand still is waited for.
   */
  repair(work: () => LongWork<unknown>): Promise<void> {
    return new Promise((done, failed) => {
      const repair = { work, done, failed };
      this.repairs.push(repair);
      // Whoever has the machine next does it, and that may be this one.
      const attempt = (): void => {
        this.change(() => {}).catch(() => {
          if (this.repairs.includes(repair)) attempt();
        });
      };
      attempt();
    });
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.last.then(() => this.alone(work));
    this.last = done.catch(() => {});
    return done;
  }

  private async alone<T>(work: () => Promise<T>): Promise<T> {
    const letGo = await standStill(this.i32);
    this.isHeld = true;
    try {
      await this.makeRepairs();
      return await work();
    } finally {
      this.isHeld = false;
      letGo();
      // There may be something to scan now.
      ringScanner(this.i32);
      this.tell();
    }
  }

  private async makeRepairs(): Promise<void> {
    for (let repair = this.repairs[0]; repair !== undefined; repair = this.repairs[0]) {
      try {
        await inSlices(repair.work());
        repair.done();
      } catch (error) {
        repair.failed(error);
      } finally {
        this.repairs.shift();
        this.tell();
      }
    }
  }

  /** Resolves when it may have become sound or ready. */
  private news(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  private tell(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}
