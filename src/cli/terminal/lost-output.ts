/**
 * Standard output that takes no more. A reader that has seen enough (`ksmd guests | head -1`) is no
 * failure; a full disk is one. Either ends the command: at once, unless it is at work that is to
 * end in good order.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { type KsmdError, systemError } from '../../errors.js';

/** What has to be ended first. */
const endings = new Set<() => void>();
let isLost = false;
let failure: KsmdError | undefined;

/** From now on. A reader that has seen enough is told without a failure. */
export function watchOutput(endAtOnce: (failure: KsmdError | undefined) => void): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // What is written later fails too.
    if (isLost) return;
    isLost = true;
    if (error.code !== 'EPIPE') failure = systemError(error, 'cannot write to standard output');
    if (endings.size === 0) endAtOnce(failure);
    for (const end of endings) end();
  });
}

/** While work goes on: `end` is called instead, and the command ends as the work does. */
export async function endedInGoodOrder<T>(end: () => void, work: () => Promise<T>): Promise<T> {
  endings.add(end);
  try {
    return await work();
  } finally {
    endings.delete(end);
  }
}

/** Rejects if it could not be written. A reader that has seen enough is none the worse. */
export async function assertWritten(): Promise<void> {
  // It is told a little later.
  await turn();
  if (failure !== undefined) throw failure;
}

/** Whether that is what went wrong, and nothing that a verb knows of. */
export function isOfOutput(error: unknown): boolean {
  return failure !== undefined && error === failure;
}
