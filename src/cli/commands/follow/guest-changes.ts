/**
 * What makes the daemon's guest what was told of it: pages to be stored and to be dropped, in runs,
 * and regions that are to be there before. Its marks are then as if all of that was done.
 */
import { FINGERPRINT_BYTES } from '../../../fingerprints/fingerprint.js';
import {
  PAGE_ABSENT,
  PAGE_CONTENT,
  PAGE_KIND,
  PAGE_RESTLESS,
  PAGE_UNSAMPLED,
} from '../../../recording/format.js';
import { STRETCH_PAGES } from '../../../recording/recorded-host.js';
import { type MemoryPart, partsOf } from '../../../recording/recorded-memory.js';
import { CHANGED, FORKED, type FollowedGuest, HELD } from './followed-guest.js';
import { type GuestRegion, type NewRegion, RegionPlan } from './guest-regions.js';

export interface PageRun {
  readonly page: number;
  readonly pages: number;
}

export interface GuestChanges {
  readonly regions: readonly NewRegion[];
  readonly stores: readonly PageRun[];
  readonly drops: readonly PageRun[];
  /** Regions of which nothing is left. */
  readonly emptied: readonly GuestRegion[];
}

/** What of a guest counts, and how it is held. */
export interface Rules {
  /** Only mappings that somebody has advised. */
  readonly advisedOnly: boolean;
  readonly pageSize: number;
  /** A sample has single pages of huge ones. */
  readonly takesHugePages: boolean;
}

/** Anything is present that counts. */
export function hasAnything(guest: FollowedGuest, rules: Rules): boolean {
  const parts = countedParts(guest, rules);
  for (const [place, { states }] of guest.told.stretches)
    for (const { first, end } of partsIn(parts, place)) {
      const begin = place * STRETCH_PAGES;
      const some = states.subarray(Math.max(first - begin, 0), Math.max(end - begin, 0));
      if (some.some((state) => (state & PAGE_KIND) !== PAGE_ABSENT)) return true;
    }
  return false;
}

/** The guest has become a fork of `parent` in the daemon: it has all pages that this one has. */
export function inheritPages(guest: FollowedGuest, parent: FollowedGuest): void {
  for (const [place, theirs] of parent.marks) {
    const own = guest.told.stretches.get(place);
    const their = parent.told.stretches.get(place);
    const marks = guest.marksOf(place);
    theirs.forEach((mark, index) => {
      if ((mark & HELD) === 0) return;
      const kind = (own?.states[index] ?? PAGE_ABSENT) & PAGE_KIND;
      const isSame =
        ((marks[index] ?? 0) & FORKED) !== 0 &&
        kind === ((their?.states[index] ?? PAGE_ABSENT) & PAGE_KIND) &&
        kind !== PAGE_RESTLESS &&
        (kind !== PAGE_CONTENT ||
          own?.fingerprints.compare(
            their?.fingerprints ?? own.fingerprints,
            index * FINGERPRINT_BYTES,
            (index + 1) * FINGERPRINT_BYTES,
            index * FINGERPRINT_BYTES,
            (index + 1) * FINGERPRINT_BYTES,
          ) === 0);
      marks[index] = HELD | FORKED | (isSame ? 0 : CHANGED);
    });
  }
  guest.touchAll();
}

export function changesOf(guest: FollowedGuest, rules: Rules): GuestChanges {
  const { told, dirty } = guest;
  const parts = countedParts(guest, rules);
  const plan = new RegionPlan(guest.regions, rules.pageSize, rules.takesHugePages);
  const stores = new Runs();
  const drops = new Runs();
  const counted = new Uint8Array(STRETCH_PAGES);
  const stored = new Uint8Array(STRETCH_PAGES);
  for (const place of [...dirty].sort((a, b) => a - b)) {
    const begin = place * STRETCH_PAGES;
    const stretch = told.stretches.get(place);
    const marks = guest.marksOf(place);
    const those = partsIn(parts, place);
    counted.fill(0);
    stored.fill(0);
    for (const { first, end } of those)
      counted.fill(1, Math.max(first - begin, 0), Math.min(end - begin, STRETCH_PAGES));
    for (let index = 0; index < STRETCH_PAGES; index++) {
      const mark = marks[index] ?? 0;
      const kind = (stretch?.states[index] ?? PAGE_ABSENT) & PAGE_KIND;
      if (kind === PAGE_ABSENT || counted[index] === 0) {
        if ((mark & HELD) !== 0) drops.add(begin + index);
        marks[index] = mark & ~HELD;
      } else if ((mark & HELD) === 0 || (mark & CHANGED) !== 0) {
        stores.add(begin + index);
        stored[index] = 1;
        marks[index] = (mark | HELD) & ~CHANGED;
        // Of what is outside a sample nothing is held: to say so again changes nothing.
      } else if (kind === PAGE_UNSAMPLED) stores.bridge(begin + index);
    }
    if (stretch !== undefined) plan.add(place, stretch, stored, those);
    guest.forgetAbsent({ page: begin, pages: STRETCH_PAGES });
  }
  dirty.clear();
  const { regions } = plan;
  return { regions, stores: stores.all, drops: drops.all, emptied: emptiedBy(drops.all, guest) };
}

/** What of its memory counts, in order: nothing of what a device may write to. */
function countedParts({ told }: FollowedGuest, { advisedOnly }: Rules): MemoryPart[] {
  if (told.facts.isPinned) return [];
  const parts = [...partsOf(told)];
  return advisedOnly ? parts.filter(({ isAdvised }) => isAdvised) : parts;
}

/** Those that have pages of a stretch, in order. */
function partsIn(parts: readonly MemoryPart[], place: number): MemoryPart[] {
  const begin = place * STRETCH_PAGES;
  let low = 0;
  let high = parts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((parts[middle]?.end ?? 0) > begin) high = middle;
    else low = middle + 1;
  }
  let end = low;
  while ((parts[end]?.first ?? Number.POSITIVE_INFINITY) < begin + STRETCH_PAGES) end++;
  return parts.slice(low, end);
}

function emptiedBy(drops: readonly PageRun[], guest: FollowedGuest): GuestRegion[] {
  const touched = new Set<GuestRegion>();
  for (const { page, pages } of drops)
    for (const region of guest.regions.overlapping(page, page + pages)) touched.add(region);
  return [...touched].filter(({ page, pages }) => !guest.holdsAny(page, pages));
}

/** Pages that come in order, as runs. */
class Runs {
  readonly all: { page: number; pages: number }[] = [];
  private bridgedTo = -1;

  add(page: number): void {
    const last = this.all.at(-1);
    if (last !== undefined && (last.page + last.pages === page || this.bridgedTo === page))
      last.pages = page + 1 - last.page;
    else this.all.push({ page, pages: 1 });
  }

  /** A page that may be part of a run, if there are others after it. */
  bridge(page: number): void {
    const last = this.all.at(-1);
    const end = last === undefined ? -1 : last.page + last.pages;
    if (page === end || page === this.bridgedTo) this.bridgedTo = page + 1;
  }
}
