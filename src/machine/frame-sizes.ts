/** How large a frame may be, and all of them together: known before any memory is reserved. */
import { KsmdError } from '../errors.js';

const SMALLEST_FRAME = 16;
const LARGEST_PAGE = 65536;

/**
 * EINVAL if no machine can have frames of whole pages like that. Whether there is room for them it
 * does not say.
 */
export function assertFrameSizes(memoryBytes: number, pageSize: number): void {
  assertPageSize(pageSize);
  if (!Number.isSafeInteger(memoryBytes) || memoryBytes < pageSize || memoryBytes % pageSize !== 0)
    throw new KsmdError(
      'EINVAL',
      `a memory of ${memoryBytes} bytes: take a positive multiple of the page size, ${pageSize}`,
    );
}

/** EINVAL if no page of that size can have frames of that size. */
export function assertFingerprintSizes(pageSize: number, frameBytes: number): void {
  assertPageSize(pageSize);
  assertPowerOfTwo('a frame', frameBytes, pageSize);
}

function assertPageSize(pageSize: number): void {
  assertPowerOfTwo('a page', pageSize, LARGEST_PAGE);
}

function assertPowerOfTwo(what: string, bytes: number, most: number): void {
  if (Number.isInteger(Math.log2(bytes)) && bytes >= SMALLEST_FRAME && bytes <= most) return;
  throw new KsmdError(
    'EINVAL',
    `${what} of ${bytes} bytes: take a power of two from ${SMALLEST_FRAME} to ${most}`,
  );
}
