/**
 * Work that a signal ends in good order; a second one ends the command at once. Nor does it go on
 * where standard output takes no more.
 */
import { endedInGoodOrder } from '../../terminal/lost-output.js';

/** Those that end a command. */
export const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export async function untilInterrupted<T>(
  work: (interrupted: AbortSignal) => Promise<T>,
): Promise<T> {
  const interruption = new AbortController();
  const interrupt = (): void => {
    for (const signal of SIGNALS) process.off(signal, interrupt);
    interruption.abort();
  };
  for (const signal of SIGNALS) process.on(signal, interrupt);
  try {
    return await endedInGoodOrder(
      () => interruption.abort(),
      () => work(interruption.signal),
    );
  } finally {
    for (const signal of SIGNALS) process.off(signal, interrupt);
  }
}
