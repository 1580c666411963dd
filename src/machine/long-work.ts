/**
 * Work that takes long with many pages, written so that it can be paused.
 *
 * What it yields is nothing: a yield is a place where the thread may turn to something else for a
 * moment, and then goes on as if nothing had been. What the work stands on must not change
 * meanwhile; whoever pauses it sees to that.
 */

export type LongWork<T = void> = Generator<void, T, void>;

/** Pages between two places to pause: a fraction of a millisecond, whatever is done to them. */
export const PAGES_A_STEP = 128;

/** Does it all at once, for those who have nothing else to do. */
export function finish<T>(work: LongWork<T>): T {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}
