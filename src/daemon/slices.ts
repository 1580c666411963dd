/**
 * Long work on the API thread: done in slices, with a turn of the event loop between two, so that
 * whoever asks for something else is answered meanwhile.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { finish, type LongWork } from '../machine/long-work.js';
import { nobodyWaits } from './awaited-work.js';

/** How long a slice is, but for the step it ends with. */
const SLICE_MS = 0.4;

/** Goes on with the work for one slice; `done` if it came to its end. */
export function slice<T>(work: LongWork<T>): IteratorResult<void, T> {
  const untilMs = performance.now() + SLICE_MS;
  for (;;) {
    const step = work.next();
    if (step.done === true || performance.now() >= untilMs) return step;
  }
}

/** How often what is looked at may change before it is looked at in one go. */
const MOST_LOOKS = 4;

/**
 * Looks at what changes now and then, in slices: again from the start where `look` has ended with
 * undefined, because something changed. What does not hold still is looked at without a turn of the
 * event loop. EINTR once `signal` is aborted.
 */
export async function lookInSlices<T>(
  look: () => LongWork<T | undefined>,
  signal?: AbortSignal,
): Promise<T> {
  for (let looks = 0; looks < MOST_LOOKS; looks++) {
    const found = await inSlices(look(), signal);
    if (found !== undefined) return found;
  }
  const found = finish(look());
  if (found === undefined) throw new Error('what was looked at has changed with nobody at work');
  return found;
}

/** Does all of it; at once, if it takes no longer than a slice. EINTR once `signal` is aborted. */
export async function inSlices<T>(work: LongWork<T>, signal?: AbortSignal): Promise<T> {
  for (;;) {
    if (signal?.aborted === true) throw nobodyWaits();
    const step = slice(work);
    if (step.done === true) return step.value;
    await turn();
  }
}
