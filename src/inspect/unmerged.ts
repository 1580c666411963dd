/**
 * How many pages are equal at this moment and not merged, and why; and of one page, which others
 * are equal to it.
 *
 * Looks at every page twice, while all threads go on; for all of them, at the bytes of each frame
 * once, which takes about a microsecond a frame.
 */
import { PTE_FRAME, PTE_PRESENT, PTE_STATE, SLOT_WORDS } from '../core/layout.js';
import type { Host } from '../ksm/host.js';
import { type LongWork, PAGES_A_STEP } from '../machine/long-work.js';
import { APART_REASONS, type ApartReason } from '../names.js';
import { Apart, KEPT_APART_REASONS } from './apart.js';
import { slotAt } from './explain.js';
import type { PageName } from './page-explanation.js';
import { passedBelow } from './scan-progress.js';
import { unchanged } from './unchanged.js';

export interface Unmerged {
  /** Pages that are equal to one of another frame, and not merged. */
  pages: number;
  /** One content in so many was looked at, and stands for the others; 1: all of them. */
  sample: number;
  /** They, by what each waits for. */
  reasons: Record<ApartReason, number>;
  /** What smart_scan=0 would have: pages that merge, and frames that come free. */
  withoutSmartScan: { pages: number; freedPages: number };
}

/** Of all pages. Undefined if guests or regions change meanwhile. */
export function* takeUnmerged(host: Host): LongWork<Unmerged | undefined> {
  const apart = new Apart(host.machine);
  const isUnchanged = unchanged(host, ...host.guests.names());
  if (!(yield* eachPage(host, isUnchanged, (slot, isPassed) => apart.note(slot, isPassed))))
    return undefined;
  yield* apart.sum();
  const none = Object.fromEntries(APART_REASONS.map((reason) => [reason, 0]));
  const reasons = none as Unmerged['reasons'];
  let pages = 0;
  const count = (slot: number): void => {
    const reason = apart.reason(slot);
    if (reason === undefined) return;
    const weight = apart.weight(slot);
    pages += weight;
    reasons[reason] += weight;
  };
  if (!(yield* eachPage(host, isUnchanged, count))) return undefined;
  return {
    pages,
    sample: apart.sample,
    reasons,
    withoutSmartScan: {
      pages: [...KEPT_APART_REASONS].reduce((sum, reason) => sum + reasons[reason], 0),
      freedPages: apart.freedWithoutSmartScan(),
    },
  };
}

/** Pages that are equal to one page, in other frames than its own. */
export interface Likes {
  /** What the page waits for; absent if it is merged, or nothing is equal to it. */
  readonly reason?: ApartReason;
  readonly count: number;
  /** The first of them. */
  readonly first: readonly Like[];
}

export interface Like extends PageName {
  readonly numaNode: number;
  /** What it waits for itself; absent if it is merged. */
  readonly reason?: ApartReason;
}

/** Of the page at an address; at most `most` are named. EFAULT; undefined as above. */
export function* takeLikes(
  host: Host,
  guest: string,
  address: number,
  most: number,
): LongWork<Likes | undefined> {
  const { machine } = host;
  const { i32 } = machine.memory;
  const own = slotAt(host, guest, address);
  if ((i32[own + PTE_STATE] & PTE_PRESENT) === 0) return { count: 0, first: [] };
  const frame = i32[own + PTE_FRAME];
  const apart = new Apart(machine, frame);
  const isUnchanged = unchanged(host, ...host.guests.names());
  if (!(yield* eachPage(host, isUnchanged, (slot, isPassed) => apart.note(slot, isPassed))))
    return undefined;
  yield* apart.sum();
  const first: Like[] = [];
  let count = 0;
  const take = (slot: number, _: boolean, region: RegionName, page: number): void => {
    if (!apart.knows(slot) || i32[slot + PTE_FRAME] === frame) return;
    count++;
    if (first.length >= most) return;
    first.push({
      ...region,
      address: region.address + page * machine.pageSize,
      numaNode: machine.frames.numaNode(i32[slot + PTE_FRAME]),
      ...reasonOf(apart, slot),
    });
  };
  if (!(yield* eachPage(host, isUnchanged, take))) return undefined;
  return { ...reasonOf(apart, own), count, first };
}

function reasonOf(apart: Apart, slot: number): { reason?: ApartReason } {
  const reason = apart.reason(slot);
  return reason === undefined ? {} : { reason };
}

/** By its guest; the address is that of its first page. */
type RegionName = PageName;

/**
 * Calls `visit` with each slot of each region, and whether the scanner has come by in the full scan
 * under way. False if guests or regions change meanwhile.
 */
function* eachPage(
  host: Host,
  isUnchanged: () => boolean,
  visit: (slot: number, isPassed: boolean, region: RegionName, page: number) => void,
): LongWork<boolean> {
  for (const guest of host.guests.names())
    for (const { name: region, address, pages } of host.guests.regionsOf(guest)) {
      const start = host.guests.firstSlot(guest, region);
      const name = { guest, region, address };
      const vpn = address / host.machine.pageSize;
      let passedVpn = 0;
      for (let page = 0; page < pages; page++) {
        if (page % PAGES_A_STEP === 0) {
          yield;
          if (!isUnchanged()) return false;
          passedVpn = passedBelow(host, guest);
        }
        visit(start + page * SLOT_WORDS, vpn + page < passedVpn, name, page);
      }
    }
  return true;
}
