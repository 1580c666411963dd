/**
 * The guest table: address spaces by pointer.
 *
 * Names are the business of whoever keeps them. An entry that has exited stays until the scanner
 * has let go of its rmap items. Only the API thread takes and frees entries, while the scanner is
 * parked; the scanner frees those that have exited.
 */
import {
  CTL_GUEST_TABLE,
  CTL_GUESTS,
  GUEST_FREE,
  GUEST_LIVE,
  GUEST_NUMA_NODE,
  GUEST_STATE,
  GUEST_WORDS,
  MAX_NUMA_NODES,
} from '../core/layout.js';
import { KsmdError } from '../errors.js';
import type { SharedMemory } from './memory.js';

export class Guests {
  private readonly i32: Int32Array;

  constructor(memory: SharedMemory) {
    this.i32 = memory.i32;
  }

  /** A new guest without regions, all of whose frames come from NUMA node `node`. */
  create(node = 0): number {
    assertNumaNode(node);
    const { i32 } = this;
    const table = i32[CTL_GUEST_TABLE];
    for (let guest = table; guest < table + i32[CTL_GUESTS] * GUEST_WORDS; guest += GUEST_WORDS) {
      if (i32[guest + GUEST_STATE] !== GUEST_FREE) continue;
      i32.fill(0, guest, guest + GUEST_WORDS);
      i32[guest + GUEST_NUMA_NODE] = node;
      i32[guest + GUEST_STATE] = GUEST_LIVE;
      return guest;
    }
    throw new KsmdError(
      'ENOSPC',
      `there are already ${i32[CTL_GUESTS]} guests: unregister one first`,
    );
  }

  free(guest: number): void {
    this.i32[guest + GUEST_STATE] = GUEST_FREE;
  }

  /** Every guest that has not exited. */
  live(): number[] {
    return this.inUse().filter((guest) => this.i32[guest + GUEST_STATE] === GUEST_LIVE);
  }

  /** Every entry in use, exiting ones too. */
  inUse(): number[] {
    const guests: number[] = [];
    const table = this.i32[CTL_GUEST_TABLE];
    for (
      let guest = table;
      guest < table + this.i32[CTL_GUESTS] * GUEST_WORDS;
      guest += GUEST_WORDS
    ) {
      if (this.i32[guest + GUEST_STATE] !== GUEST_FREE) guests.push(guest);
    }
    return guests;
  }
}

/** EINVAL unless there is such a NUMA node. */
export function assertNumaNode(node: number): void {
  if (isNumaNode(node)) return;
  throw new KsmdError('EINVAL', `NUMA node ${node}: there are nodes 0 to ${MAX_NUMA_NODES - 1}`);
}

export function isNumaNode(node: number): boolean {
  return Number.isInteger(node) && node >= 0 && node < MAX_NUMA_NODES;
}
