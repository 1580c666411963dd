/**
 * What a guest takes up, as the kernel tells it of a process in /proc/PID/smaps.
 *
 * Looks at every page of it, while all threads go on. What maps the zero page is in none of it, as
 * in the kernel. A frame counts as mapped once more while somebody holds it for a moment, or for as
 * long as a snapshot is being sent.
 */
import { PTE_FRAME, PTE_PRESENT, PTE_STATE, SLOT_WORDS } from '../core/layout.js';
import type { Host } from '../ksm/host.js';
import { type LongWork, PAGES_A_STEP } from '../machine/long-work.js';
import { sharingKin } from './kin.js';
import { unchanged } from './unchanged.js';

/** The kernel reckons a page's part of a frame in so many parts of a byte. Linux: PSS_SHIFT. */
const PARTS_OF_A_BYTE = 4096;

export interface Footprint {
  /** Pages that have a frame, their own or shared; all of them are anonymous. */
  readonly rssPages: number;
  /** Bytes of these frames; of one that is mapped n times, an n-th for each. */
  readonly pssBytes: number;
  readonly hugePages: number;
  /** Pages that map a KSM page, and their part of pssBytes. */
  readonly ksmPages: number;
  readonly ksmPssBytes: number;
  /** Pages whose frame another guest maps too, at the same place, since one of them was forked. */
  readonly forkSharedPages: number;
}

/** Undefined if it exits meanwhile, or regions of any guest change. */
export function* takeFootprint(host: Host, guest: string): LongWork<Footprint | undefined> {
  const { machine } = host;
  const { frames, pageSize } = machine;
  const { i32 } = machine.memory;
  const isUnchanged = unchanged(host, guest);
  const whole = pageSize * PARTS_OF_A_BYTE;
  let rssPages = 0;
  let ksmPages = 0;
  let forkSharedPages = 0;
  let pss = 0;
  let ksmPss = 0;
  for (const { name, pages } of host.guests.regionsOf(guest)) {
    const first = host.guests.firstSlot(guest, name);
    for (let page = 0; page < pages; page++) {
      if (page % PAGES_A_STEP === 0) {
        yield;
        if (!isUnchanged()) return undefined;
      }
      const slot = first + page * SLOT_WORDS;
      if ((i32[slot + PTE_STATE] & PTE_PRESENT) === 0) continue;
      const frame = i32[slot + PTE_FRAME];
      // One that was given back since has none.
      const part = Math.floor(whole / Math.max(1, frames.mapcount(frame)));
      rssPages++;
      pss += part;
      if (frames.isKsm(frame)) {
        ksmPages++;
        ksmPss += part;
      }
      if (!sharingKin(machine, slot).next().done) forkSharedPages++;
    }
  }
  return {
    rssPages,
    pssBytes: Math.floor(pss / PARTS_OF_A_BYTE),
    hugePages: host.guests.hugePages(guest),
    ksmPages,
    ksmPssBytes: Math.floor(ksmPss / PARTS_OF_A_BYTE),
    forkSharedPages,
  };
}
