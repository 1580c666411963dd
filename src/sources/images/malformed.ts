/** A file that is not what it says it is, and where: one line. */
import { KsmdError } from '../../errors.js';

/** EINVAL. `position`: of the byte that is wrong, or the first that is missing. */
export function malformed(path: string, what: string, position: number): KsmdError {
  return new KsmdError('EINVAL', `${path}: ${what}, at byte ${position}`);
}
