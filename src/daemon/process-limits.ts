/**
 * What the process's limits (`ulimit`) have to leave for a daemon to come up and work.
 *
 * Where they leave less, Node and V8 end the process themselves, some time and in many words. Below
 * what Node itself needs to begin, nothing of ksmd runs that could say more.
 */
import { readFileSync } from 'node:fs';
import type { Errno } from '../errors.js';
import { FatalError } from './fatal.js';

/** Node opens modules many at a time: some 150 files while the daemon loads. */
export const LEAST_DESCRIPTORS = 256;
/**
 * V8 reserves 10 GiB of addresses for every memory of WebAssembly: the machine's, and one of the
 * checksum's a thread. None of that is memory before it is touched. Measured idle: 52 GiB under
 * Node 20, 62 under 22, 43 under 24.
 */
export const LEAST_ADDRESS_SPACE_GIB = 64;
const GIB = 2 ** 30;

/** `limits`: as /proc/self/limits has them. What cannot be read is no limit. */
export function limitProblem(limits = ownLimits()): FatalError | undefined {
  const descriptors = limit(limits, 'Max open files');
  if (descriptors < LEAST_DESCRIPTORS)
    return tooLow(
      'EMFILE',
      `${descriptors} open files (ulimit -n), of at least ${LEAST_DESCRIPTORS}`,
    );
  const bytes = limit(limits, 'Max address space');
  if (bytes < LEAST_ADDRESS_SPACE_GIB * GIB)
    return tooLow(
      'ENOMEM',
      `${Math.floor(bytes / GIB)} GiB of address space (ulimit -v), of at least ` +
        `${LEAST_ADDRESS_SPACE_GIB} GiB`,
    );
  return undefined;
}

function tooLow(code: Errno, left: string): FatalError {
  return new FatalError('LimitTooLow', {
    code,
    message: `the limits of this process leave ${left}: raise the limit`,
  });
}

function limit(limits: string, name: string): number {
  const [, soft] = new RegExp(`^${name} +(\\d+) `, 'm').exec(limits) ?? [];
  return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
}

function ownLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'latin1');
  } catch {
    return '';
  }
}
