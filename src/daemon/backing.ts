/**
 * Whether there is room for the memory asked for, all of it: frames and tables, however many guests
 * come to fill them or a snapshot does at once, and what the daemon itself takes besides.
 *
 * The operating system would promise more, and send its OOM killer in the middle of a store.
 */
import { KsmdError } from '../errors.js';
import { geometryOf, type MachineSize } from '../machine/geometry.js';
import type { Room } from './room.js';

const MIB = 2 ** 20;
/**
 * What the process comes to take beyond what it has as it reserves the memory. Measured: 40 MiB
 * while a host was filled, snapshots of it sent and all pages listed. Each workload takes more.
 */
export const WORKING_BYTES = 96 * MIB;
/**
 * The same a page, where pages are many and small in memory: lists of all of them are made while a
 * check counts, a snapshot is taken or the dashboard looks on.
 */
const WORKING_BYTES_A_FINGERPRINT = 12;

/** What is advised fits at the next start too, when the process has taken a little more. */
export const ADVICE_SLACK_BYTES = 8 * MIB;

/** ENOMEM, with what would fit, if there is less room. EINVAL as `geometryOf`. */
export function assertBacked(size: MachineSize, room: Room | undefined): void {
  const needed = bytesNeeded(size);
  if (room === undefined || needed <= room.bytes) return;
  const fits = fittingMebibytes(size, room.bytes - ADVICE_SLACK_BYTES);
  throw new KsmdError(
    'ENOMEM',
    `a memory of ${size.memoryBytes} bytes needs ${Math.ceil(needed / MIB)} MiB, tables and the ` +
      `daemon itself included, and ${room.bound} leaves ${Math.floor(room.bytes / MIB)} MiB: ` +
      (fits === 0 ? 'not even --memory 1MiB would fit' : `--memory ${fits}MiB would fit`),
  );
}

function bytesNeeded(size: MachineSize): number {
  const { bytes, frames, frameBytes, pageSize } = geometryOf(size);
  return bytes + WORKING_BYTES + (frameBytes < pageSize ? frames * WORKING_BYTES_A_FINGERPRINT : 0);
}

/** The most that fit, in whole MiB of memory. */
function fittingMebibytes(size: MachineSize, bytes: number): number {
  let fits = 0;
  for (let more = 2048; more >= 1; more /= 2) {
    const memoryBytes = (fits + more) * MIB;
    if (memoryBytes < size.memoryBytes && isWithin({ ...size, memoryBytes }, bytes)) fits += more;
  }
  return fits;
}

/** Also where it is too little for any machine. */
function isWithin(size: MachineSize, bytes: number): boolean {
  try {
    return bytesNeeded(size) <= bytes;
  } catch {
    return true;
  }
}
