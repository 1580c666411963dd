/** How large a frame may be, and all of them together: known before any memory is reserved. */
import { KsmdError } from '../errors.js';

/**
 * EINVAL if no machine can have frames like that. Whether there is room for them it does not say.
 */
export function assertFrameSizes(memoryBytes: number, pageSize: number): void {
  if (!Number.isInteger(Math.log2(pageSize)) || pageSize < 16 || pageSize > 65536) {
    throw new KsmdError(
      'EINVAL',
      `a page of ${pageSize} bytes: take a power of two from 16 to 65536`,
    );
  }
  if (!Number.isSafeInteger(memoryBytes) || memoryBytes < pageSize || memoryBytes % pageSize !== 0)
    throw new KsmdError(
      'EINVAL',
      `a memory of ${memoryBytes} bytes: take a positive multiple of the page size, ${pageSize}`,
    );
}
