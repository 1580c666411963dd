/**
 * Work that a signal ends as ever, once it is said on standard error what is left of it. Who has
 * something of its own to end is not kept from that.
 */
import { complain } from '../../terminal/output.js';
import { SIGNALS } from '../record/until-interrupted.js';

/** `line`: asked for when the signal comes. */
export async function toldAtASignal<T>(line: () => string, work: () => Promise<T>): Promise<T> {
  const interrupt = (signal: NodeJS.Signals): void => {
    for (const each of SIGNALS) process.off(each, interrupt);
    complain(line());
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };
  for (const signal of SIGNALS) process.on(signal, interrupt);
  try {
    return await work();
  } finally {
    for (const signal of SIGNALS) process.off(signal, interrupt);
  }
}
