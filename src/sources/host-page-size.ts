/**
 * The page size of the machine at hand, as the kernel tells every process at its start. pagemap has
 * an entry for each such page, and no less of a process comes or goes.
 */
import { readFileSync } from 'node:fs';
import { KsmdError } from '../errors.js';

/** The entry's type in the auxiliary vector: getauxval(3). */
const AT_PAGESZ = 6n;

/**
 * In bytes. `path`: an auxiliary vector, of pairs of 64-bit numbers, type and value. EINVAL if it
 * does not say.
 */
export function hostPageSize(path = '/proc/self/auxv'): number {
  const bytes = readFileSync(path);
  const numbers = new BigUint64Array(new Uint8Array(bytes).buffer, 0, bytes.length >> 3);
  for (let at = 0; at + 1 < numbers.length; at += 2)
    if (numbers[at] === AT_PAGESZ) return Number(numbers[at + 1]);
  throw new KsmdError('EINVAL', `${path} does not say how large this machine's pages are`);
}
