/**
 * Safepoints: how one thread gets the machine to itself for a moment.
 *
 * Threads that use the machine pass a safepoint between two operations, while they hold no lock and
 * no reference. There they stand still as long as anybody asks. A thread that sleeps or waits does
 * so resting, which is as good as standing.
 *
 * No request is believed granted while a thread goes on. Whoever asks counts up the requests, then
 * looks at the thread's state. The thread declares itself running, then looks at the requests. So
 * one of the two sees the other.
 */
import {
  CTL_DOORBELL,
  CTL_FRAME_WAITERS,
  CTL_PARK_REQUESTS,
  CTL_THREAD_STATES,
  CTL_THREAD_WAITS,
  THREAD_NONE,
  THREAD_RESTING,
  THREAD_RUNNING,
} from '../core/layout.js';
import { KsmdError } from '../errors.js';

const THREADS = 256;
/** A thread that takes longer than this to reach a safepoint is stuck or dead. */
const PATIENCE_MS = 10_000;

/** A thread's side. */
export class Safepoint {
  private readonly word: number;
  private readonly waitsWord: number;

  /** `holder`: the thread's name in pte locks. It counts as running from here on, if it may. */
  constructor(
    private readonly i32: Int32Array,
    holder: number,
  ) {
    this.word = CTL_THREAD_STATES + holder;
    this.waitsWord = CTL_THREAD_WAITS + holder;
    this.goOn();
  }

  /** To be called often: stands still while asked to. */
  pass(): void {
    if (Atomics.load(this.i32, CTL_PARK_REQUESTS) === 0) return;
    this.declare(THREAD_RESTING);
    this.goOn();
  }

  /** Sleeps while `word` is `value`, for at most `ms`, resting meanwhile. */
  rest(word: number, value: number, ms: number): void {
    this.declare(THREAD_RESTING);
    Atomics.wait(this.i32, word, value, ms);
    this.goOn();
  }

  /**
   * The thread begins or ends to be one of those that wait for a frame: known by its name, so that
   * it can be taken off if it dies.
   */
  waitsForFrame(waits: boolean): void {
    Atomics.add(this.i32, CTL_FRAME_WAITERS, waits ? 1 : -1);
    Atomics.store(this.i32, this.waitsWord, waits ? 1 : 0);
  }

  /** The thread ends and will touch nothing any more. */
  end(): void {
    this.declare(THREAD_NONE);
  }

  private goOn(): void {
    for (;;) {
      this.declare(THREAD_RUNNING);
      const requests = Atomics.load(this.i32, CTL_PARK_REQUESTS);
      if (requests === 0) return;
      this.declare(THREAD_RESTING);
      Atomics.wait(this.i32, CTL_PARK_REQUESTS, requests);
    }
  }

  private declare(state: number): void {
    Atomics.store(this.i32, this.word, state);
    Atomics.notify(this.i32, this.word);
  }
}

/**
 * Asks every other thread to stand still. Resolves once all do, with what lets them go on again.
 * EBUSY if one does not come to a safepoint in ten seconds; then none is asked any more.
 *
 * Meanwhile the asking thread goes on with other things: it hears of a thread that has died, and
 * says so (forgetThread), which is as good as standing.
 */
export async function standStill(i32: Int32Array): Promise<() => void> {
  Atomics.add(i32, CTL_PARK_REQUESTS, 1);
  const letGo = (): void => {
    Atomics.sub(i32, CTL_PARK_REQUESTS, 1);
    Atomics.notify(i32, CTL_PARK_REQUESTS);
  };
  try {
    for (let word = CTL_THREAD_STATES; word < CTL_THREAD_STATES + THREADS; word++) {
      while (Atomics.load(i32, word) === THREAD_RUNNING) {
        const waiting = Atomics.waitAsync(i32, word, THREAD_RUNNING, PATIENCE_MS);
        if ((await waiting.value) === 'timed-out')
          throw new KsmdError(
            'EBUSY',
            `thread ${word - CTL_THREAD_STATES} does not stand still: it may be stuck`,
          );
      }
    }
    return letGo;
  } catch (error) {
    letGo();
    throw error;
  }
}

/** The scanner, if it sleeps, looks whether there is something to do. */
export function ringScanner(i32: Int32Array): void {
  Atomics.add(i32, CTL_DOORBELL, 1);
  Atomics.notify(i32, CTL_DOORBELL);
}

/** For a thread known to be gone that could not say so itself. */
export function forgetThread(i32: Int32Array, holder: number): void {
  if (Atomics.exchange(i32, CTL_THREAD_WAITS + holder, 0) !== 0)
    Atomics.sub(i32, CTL_FRAME_WAITERS, 1);
  Atomics.store(i32, CTL_THREAD_STATES + holder, THREAD_NONE);
  Atomics.notify(i32, CTL_THREAD_STATES + holder);
}
