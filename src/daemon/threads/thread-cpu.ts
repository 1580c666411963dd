/** Processor time of the thread that asks, as Linux accounts it. */
import { readFileSync } from 'node:fs';

/**
 * Milliseconds, a few behind; 0 where the system does not tell. Reads a file: for a few times a
 * second.
 */
export function threadCpuMs(): number {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ', 1)[0]) / 1e6;
  } catch {
    return 0;
  }
}
