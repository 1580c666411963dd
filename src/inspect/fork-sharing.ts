/**
 * How many pages need no frame of their own because their guests were forked: what KSM has no part
 * in, and what would be shared without it.
 *
 * Regions that were one before their guests forked are a family. A page bears the number of the
 * fork that it has been shared since, until it gets a frame for itself (PTE_FORK_MASK), whatever
 * KSM gives it meanwhile. Of the pages that lie at the same place in each region, those with the
 * same number would map one frame without KSM; all but one of them are counted. Pages that were
 * written alike since the fork, and that KSM has merged, are not among them.
 *
 * Looks at every page of every family, while all threads go on.
 */
import { PTE_STATE, REGION_KIN, REGION_SLOT, SLOT_WORDS } from '../core/layout.js';
import type { Host } from '../ksm/host.js';
import { type LongWork, PAGES_A_STEP } from '../machine/long-work.js';
import type { Machine } from '../machine/machine.js';
import { forkOf, ringOf } from './kin.js';
import { unchanged } from './unchanged.js';

/** Region pointers. */
export type Family = readonly number[];

/** Those that have more than one region, good until regions change. */
export function families({ machine }: Host): Family[] {
  const { regions, memory } = machine;
  const found: Family[] = [];
  const met = new Set<number>();
  for (const guest of machine.guests.live()) {
    for (let region = regions.first(guest); region !== 0; region = regions.next(region)) {
      if (memory.i32[region + REGION_KIN] === region || met.has(region)) continue;
      const family = ringOf(machine, region);
      for (const kin of family) met.add(kin);
      found.push(family);
    }
  }
  return found;
}

/** How many ptes there are to look at. */
export function pagesOf({ machine }: Host, found: readonly Family[]): number {
  return found.reduce((sum, family) => sum + family.length * pagesOfEach(machine, family), 0);
}

function pagesOfEach({ regions }: Machine, [region]: Family): number {
  return region === undefined ? 0 : regions.pages(region);
}

/** Counts them. Undefined if regions change meanwhile. */
export function* countForkSharing(
  host: Host,
  found: readonly Family[],
): LongWork<number | undefined> {
  const { machine } = host;
  const { i32 } = machine.memory;
  const isUnchanged = unchanged(host);
  const met = new Set<number>();
  let sharing = 0;
  let looked = 0;
  for (const family of found) {
    const starts = family.map((region) => i32[region + REGION_SLOT]);
    const end = pagesOfEach(machine, family) * SLOT_WORDS;
    for (let at = 0; at < end; at += SLOT_WORDS) {
      sharing += sharingAt(i32, starts, at, met);
      looked += starts.length;
      if (looked < PAGES_A_STEP) continue;
      looked = 0;
      yield;
      if (!isUnchanged()) return undefined;
    }
  }
  return sharing;
}

/** At one place of a family: pages that a fork has come to share, less the forks that did so. */
function sharingAt(
  i32: Int32Array,
  starts: readonly number[],
  at: number,
  met: Set<number>,
): number {
  let sharing = 0;
  let last = 0;
  met.clear();
  for (const start of starts) {
    const fork = forkOf(i32[start + at + PTE_STATE]);
    if (fork === 0) continue;
    // Most have shared it since their neighbour has.
    if (fork === last || met.has(fork)) sharing++;
    met.add(fork);
    last = fork;
  }
  return sharing;
}
