/** How much memory a prediction's host takes: tables and fingerprints of all pages at a time. */
import { MAX_BYTES } from '../machine/geometry.js';
import type { RecordingHeader } from '../recording/format.js';

/** Bytes that a host takes for a page that it has a place for, for its content, and besides. */
const BYTES_A_SLOT = 36;
const BYTES_A_FRAME = 110;
const BYTES_BESIDES = 16 * 1024 * 1024;

/** Of so many pages; there is no larger host. */
export function hostBytes(pages: number): number {
  return Math.min(MAX_BYTES, Math.ceil(pages * (BYTES_A_SLOT + BYTES_A_FRAME)) + BYTES_BESIDES);
}

/** At most, before it is known how many pages there are: as if all of the host's memory counted. */
export function mostHostBytes({ nodeBytes, pageSize, sample }: RecordingHeader): number {
  const pages = nodeBytes.reduce((sum, bytes) => sum + bytes, 0) / pageSize / sample;
  return pages === 0 ? MAX_BYTES : hostBytes(pages);
}
