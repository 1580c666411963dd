/**
 * Who has what in common: contents by the guests that have them, from one look at their pages. What
 * merging would give back of it, in time and at what cost, is not known here.
 *
 * Zero pages are told apart: everybody may have them, and they say nothing of who is alike. Of a
 * sample counts are scaled, each with its error.
 */
import { KsmdError } from '../errors.js';
import { PAGE_CONTENT, PAGE_KIND, PAGE_UNSAMPLED, PAGE_ZEROES } from '../recording/format.js';
import type { RecordedGuest, RecordedHost } from '../recording/recorded-host.js';
import { eachPage, hasAdvised } from '../recording/recorded-pages.js';
import { ContentTable } from './content-table.js';
import { type Estimated, Scale, Summed } from './scale.js';

/** Guests of which each has so much of the contents of one of the others are a group. */
const GROUP_SHARE = 0.5;
/** So many contents and mappings are told. */
const TOP = 10;
/** Each two are compared. */
const MOST_GUESTS = 2000;

/** A guest, by the name that it is told by here. */
export interface SharingGuest {
  readonly name: string;
  readonly told: RecordedGuest;
}

export interface GuestShared {
  readonly name: string;
  readonly pages: number;
  readonly zeroPages: number;
  /** Frames that merging within it gives back. */
  readonly within: Estimated;
  /** Contents that another has as well: frames that are lost if it is moved away. */
  readonly withOthers: Estimated;
}

/** Contents that both have. */
export interface PairShared extends Estimated {
  readonly a: number;
  readonly b: number;
}

export interface ContentShared {
  readonly fingerprint: string;
  readonly pages: number;
  /** Indices of `guests`. */
  readonly guests: readonly number[];
}

/** Mappings of one label, of all guests together. */
export interface MappingShared {
  readonly label: string;
  readonly pages: number;
  /** Equal to another page, of whatever mapping. */
  readonly equal: Estimated;
}

export interface Shared {
  /** Only what KSM sees now, as somebody has advised it; else as if all were advised. */
  readonly isAdvised: boolean;
  /** Ordered so that groups stand together. */
  readonly guests: readonly GuestShared[];
  /** Of `guests`, those that have something in common; those with most first. */
  readonly pairs: readonly PairShared[];
  /** Two guests and more; indices of `guests`. */
  readonly groups: readonly (readonly number[])[];
  /** That most pages have. */
  readonly contents: readonly ContentShared[];
  /** That have most equal pages. */
  readonly mappings: readonly MappingShared[];
  /** Frames that merging between guests gives back, what it gives back within each apart. */
  readonly between: Estimated;
  readonly tenants: readonly TenantShared[] | undefined;
  /** Of `between`, what only tenants with one another have in common; 0 where there are none. */
  readonly acrossTenants: Estimated;
}

/** Guests that may share with one another, and with nobody else. */
export interface TenantShared {
  readonly name: string;
  readonly guests: number;
  /** Frames that merging between its guests gives back, what it gives back within each apart. */
  readonly between: Estimated;
}

export interface SharedOptions {
  readonly selection: 'auto' | 'advised' | 'all';
  /** By the names of guests; undefined: all share with all. */
  readonly tenantOf?: (guest: string) => string;
}

/**
 * `all`: of hosts that were recorded with one key and as one sample, which the caller makes sure
 * of. EINVAL if they are too many.
 */
export function shared(
  { header }: Pick<RecordedHost, 'header'>,
  all: readonly SharingGuest[],
  { selection, tenantOf }: SharedOptions,
): Shared {
  const guests = all.filter(({ told }) => !told.facts.isPinned);
  if (guests.length > MOST_GUESTS)
    throw new KsmdError('EINVAL', `${guests.length} guests: compare at most ${MOST_GUESTS}`);
  const isAdvised =
    selection === 'advised' ||
    (selection === 'auto' && guests.some(({ told }) => hasAdvised(told)));
  const table = new ContentTable();
  const counts = guests.map(({ told }, at) => countOf(told, at, isAdvised, table));
  const sets = new Map<number, number>();
  table.each((_pages, _guests, set) => sets.set(set, (sets.get(set) ?? 0) + 1));
  const common = inCommon(table, sets, counts);
  const order = inGroups(counts, common);
  const places = new Map(order.flat().map((guest, place) => [guest, place]));
  const placeOf = (guest: number): number => places.get(guest) ?? 0;
  const scale = new Scale(header.sample);
  return {
    isAdvised,
    guests: order.flat().map((at) => guestShared(guests, counts, at, scale)),
    pairs: pairsOf(common, counts.length, placeOf, scale),
    groups: order.filter((group) => group.length > 1).map((group) => group.map(placeOf)),
    contents: topContents(table, placeOf),
    mappings: topMappings(guests, isAdvised, table, scale),
    between: scale.of(betweenOf(table, sets, () => '').get('') ?? new Summed()),
    tenants: tenantOf && tenantsOf(guests, tenantOf, table, sets, scale),
    acrossTenants: scale.of(acrossOf(guests, tenantOf, table, sets)),
  };
}

interface Counted {
  pages: number;
  zeroPages: number;
  /** Pages whose content merges with equal ones, in the sample or not. */
  contentPages: number;
  /** Different contents of the sample, and those of them that others have as well. */
  readonly own: Summed;
  readonly elsewhere: Summed;
}

function countOf(
  guest: RecordedGuest,
  at: number,
  isAdvised: boolean,
  table: ContentTable,
): Counted {
  const own = new Summed();
  const elsewhere = new Summed();
  const count: Counted = { pages: 0, zeroPages: 0, contentPages: 0, own, elsewhere };
  eachPage(guest, (state, isOfAdvised, _mapping, fingerprints, offset) => {
    if (isAdvised && !isOfAdvised) return;
    count.pages++;
    const kind = state & PAGE_KIND;
    if (kind === PAGE_ZEROES) count.zeroPages++;
    else if (kind === PAGE_CONTENT || kind === PAGE_UNSAMPLED) count.contentPages++;
    if (kind === PAGE_CONTENT) table.add(fingerprints(), offset, at, at);
  });
  return count;
}

/**
 * Contents of the sample that each two guests both have, in a square; counts what each has alone on
 * the way. `sets`: how many contents have which guests; there are far fewer sets than contents.
 */
function inCommon(
  table: ContentTable,
  sets: ReadonlyMap<number, number>,
  counts: readonly Counted[],
): Float64Array {
  const common = new Float64Array(counts.length ** 2);
  for (const [set, times] of sets) {
    const members = table.sets.elementsOf(set);
    for (const a of members) {
      counts[a]?.own.addEach(1, times);
      if (members.length > 1) counts[a]?.elsewhere.addEach(1, times);
      for (const b of members) {
        const at = a * counts.length + b;
        if (a < b) common[at] = (common[at] ?? 0) + times;
      }
    }
  }
  return common;
}

/** Guests by groups, the largest first; who is in none is alone in one. */
function inGroups(counts: readonly Counted[], common: Float64Array): number[][] {
  const leaders = counts.map((_count, at) => at);
  const leaderOf = (at: number): number => {
    const leader = leaders[at] ?? at;
    return leader === at ? at : leaderOf(leader);
  };
  for (let a = 0; a < counts.length; a++)
    for (let b = a + 1; b < counts.length; b++) {
      const fewer = Math.min(counts[a]?.own.sum ?? 0, counts[b]?.own.sum ?? 0);
      const both = common[a * counts.length + b] ?? 0;
      if (both > 0 && both >= fewer * GROUP_SHARE) leaders[leaderOf(b)] = leaderOf(a);
    }
  const groups = new Map<number, number[]>();
  for (const at of counts.keys()) {
    const leader = leaderOf(at);
    groups.set(leader, [...(groups.get(leader) ?? []), at]);
  }
  const sharedBy = (group: readonly number[]): number =>
    group.reduce((sum, at) => sum + (counts[at]?.elsewhere.sum ?? 0), 0);
  return [...groups.values()].sort((a, b) => b.length - a.length || sharedBy(b) - sharedBy(a));
}

function guestShared(
  guests: readonly SharingGuest[],
  counts: readonly Counted[],
  at: number,
  scale: Scale,
): GuestShared {
  const [guest, count] = [guests[at], counts[at]];
  if (guest === undefined || count === undefined) throw new RangeError(`no guest ${at}`);
  return {
    name: guest.name,
    pages: count.pages,
    zeroPages: count.zeroPages,
    within: scale.without(count.contentPages, count.own),
    withOthers: scale.of(count.elsewhere),
  };
}

function pairsOf(
  common: Float64Array,
  guests: number,
  placeOf: (guest: number) => number,
  scale: Scale,
): PairShared[] {
  const pairs: PairShared[] = [];
  for (const [at, contents] of common.entries()) {
    if (contents === 0) continue;
    const [a = 0, b = 0] = [placeOf(Math.floor(at / guests)), placeOf(at % guests)].sort(
      (one, other) => one - other,
    );
    const summed = new Summed();
    summed.addEach(1, contents);
    pairs.push({ a, b, ...scale.of(summed) });
  }
  return pairs.sort((one, other) => other.pages - one.pages || one.a - other.a || one.b - other.b);
}

function topContents(table: ContentTable, placeOf: (guest: number) => number): ContentShared[] {
  const top: { pages: number; set: number; place: number }[] = [];
  table.each((pages, _guests, set, place) => {
    if (pages < 2 || pages <= (top[TOP - 1]?.pages ?? 0)) return;
    top.push({ pages, set, place });
    top.sort((a, b) => b.pages - a.pages);
    top.length = Math.min(top.length, TOP);
  });
  return top.map(({ pages, set, place }) => ({
    fingerprint: table.keyAt(place).toString('hex'),
    pages,
    guests: table.sets
      .elementsOf(set)
      .map(placeOf)
      .sort((a, b) => a - b),
  }));
}

function topMappings(
  guests: readonly SharingGuest[],
  isAdvised: boolean,
  table: ContentTable,
  scale: Scale,
): MappingShared[] {
  const found = new Map<string, { pages: number; equal: Summed }>();
  for (const { told } of guests)
    eachPage(told, (state, isOfAdvised, { label }, fingerprints, offset) => {
      if (isAdvised && !isOfAdvised) return;
      const of = found.get(label) ?? { pages: 0, equal: new Summed() };
      found.set(label, of);
      of.pages++;
      if ((state & PAGE_KIND) !== PAGE_CONTENT) return;
      if (table.pagesOf(fingerprints(), offset) > 1) of.equal.add(1);
    });
  return [...found]
    .map(([label, { pages, equal }]) => ({ label, pages, equal: scale.of(equal) }))
    .filter(({ equal }) => equal.pages > 0)
    .sort((a, b) => b.equal.pages - a.equal.pages)
    .slice(0, TOP);
}

function tenantsOf(
  guests: readonly SharingGuest[],
  tenantOf: (guest: string) => string,
  table: ContentTable,
  sets: ReadonlyMap<number, number>,
  scale: Scale,
): TenantShared[] {
  const names = guests.map(({ name }) => tenantOf(name));
  const between = betweenOf(table, sets, (guest) => names[guest] ?? '');
  return [...new Set(names)]
    .map((name) => ({
      name,
      guests: names.filter((each) => each === name).length,
      between: scale.of(between.get(name) ?? new Summed()),
    }))
    .sort((a, b) => b.between.pages - a.between.pages);
}

/** Of contents, by whom their guests belong to: all but one of those that have them there. */
function betweenOf(
  table: ContentTable,
  sets: ReadonlyMap<number, number>,
  ownerOf: (guest: number) => string,
): Map<string, Summed> {
  const between = new Map<string, Summed>();
  for (const [set, times] of sets) {
    const counts = new Map<string, number>();
    for (const guest of table.sets.elementsOf(set))
      counts.set(ownerOf(guest), (counts.get(ownerOf(guest)) ?? 0) + 1);
    for (const [owner, guests] of counts) {
      const summed = between.get(owner) ?? new Summed();
      between.set(owner, summed);
      summed.addEach(guests - 1, times);
    }
  }
  return between;
}

/** Of contents, all but one of the tenants that have them. */
function acrossOf(
  guests: readonly SharingGuest[],
  tenantOf = (_guest: string): string => '',
  table: ContentTable,
  sets: ReadonlyMap<number, number>,
): Summed {
  const names = guests.map(({ name }) => tenantOf(name));
  const across = new Summed();
  for (const [set, times] of sets)
    across.addEach(
      new Set(table.sets.elementsOf(set).map((guest) => names[guest])).size - 1,
      times,
    );
  return across;
}
