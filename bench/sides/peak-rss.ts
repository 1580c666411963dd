/** A process's peak resident set, as the kernel counts it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** In bytes, of this process or of another. */
export function peakRssBytes(pid: number | 'self' = 'self'): number {
  const kib = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
  return Number(kib ?? 0) * 1024;
}

/**
 * Lets this process's peak start again, without the machines no longer used. Where /proc is
 * read-only, it stays that of all before.
 */
export async function restartPeakRss(): Promise<void> {
  setFlagsFromString('--expose-gc');
  // Memory that was shared goes a turn after its last object is found dead.
  for (let turn = 0; turn < 2; turn++) {
    runInNewContext('gc()');
    await setImmediate();
  }
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // The peak is then too high, never too low.
  }
}
