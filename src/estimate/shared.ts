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
import { eachPage, hasAnyAdvised, isImage } from '../recording/recorded-pages.js';
import { ContentTable } from './content-table.js';
import type { EstimateOptions } from './estimate.js';
import { GuestRows } from './guest-rows.js';
import { Likeness, ordered } from './likeness.js';
import { type EachCounted, type MappingShared, mappingsShared } from './mapping-shared.js';
import { type Estimated, Scale, Summed } from './scale.js';
import { acrossTenants, betweenOf, type TenantShared, tenantsOf } from './tenants.js';

/** So many contents and mappings are told. */
const TOP = 10;
/** Each two are compared. */
const MOST_GUESTS = 2000;

/** A guest, by the name that it is told by here. */
export interface SharingGuest {
  readonly name: string;
  readonly told: RecordedGuest;
  /** Only what is advised of it counts, as on its host something is. */
  readonly isAdvisedOnly: boolean;
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

export interface Shared {
  /** Not counted: on their hosts something is advised, and they are not. */
  readonly unadvisedPages: number;
  /** Of those counted, that are advised mergeable. */
  readonly advisedPages: number;
  /** Ordered so that those that are alike stand together. */
  readonly guests: readonly GuestShared[];
  /** Of `guests`, those that have something in common; those with most first. */
  readonly pairs: readonly PairShared[];
  /** Of which each two are alike, as GROUP_LIKENESS has it; indices of `guests`, neighbours. */
  readonly groups: readonly (readonly number[])[];
  /** That most pages have. */
  readonly contents: readonly ContentShared[];
  /** That would save most. */
  readonly mappings: readonly MappingShared[];
  /** Frames that merging between guests gives back, what it gives back within each apart. */
  readonly between: Estimated;
  readonly tenants: readonly TenantShared[] | undefined;
  /** Of `between`, what only tenants with one another have in common; 0 where there are none. */
  readonly acrossTenants: Estimated;
}

export interface SharedOptions {
  /** By the names of guests; undefined: all share with all. */
  readonly tenantOf?: (guest: string) => string;
}

/**
 * Those of several hosts, by their names: with the host's before it, and told apart if need be.
 * `auto`: where something is advised, only that counts, host by host.
 */
export function sharingGuests(
  hosts: readonly RecordedHost[],
  selection: EstimateOptions['selection'],
): SharingGuest[] {
  const named = hosts.flatMap((host) => {
    const guests = [...host.guests.values()];
    const isAdvisedOnly =
      selection === 'advised' || (selection === 'auto' && hasAnyAdvised(guests));
    const { host: of } = host.header;
    return guests.map((told) => ({
      name: hosts.length === 1 ? told.facts.name : `${of}/${told.facts.name}`,
      told,
      isAdvisedOnly,
    }));
  });
  const times = new Map<string, number>();
  return named.map(({ name, ...guest }) => {
    const before = times.get(name) ?? 0;
    times.set(name, before + 1);
    return { name: before === 0 ? name : `${name}#${before + 1}`, ...guest };
  });
}

/**
 * `all`: of hosts that were recorded with one key and as one sample, which the caller makes sure
 * of. EINVAL if they are too many.
 */
export function shared(
  { header }: Pick<RecordedHost, 'header'>,
  all: readonly SharingGuest[],
  { tenantOf }: SharedOptions = {},
): Shared {
  const guests = all.filter(({ told }) => !told.facts.isPinned);
  if (guests.length > MOST_GUESTS)
    throw new KsmdError('EINVAL', `${guests.length} guests: compare at most ${MOST_GUESTS}`);
  const table = new ContentTable();
  const rows = new GuestRows(guests.length);
  const counts = guests.map((guest, at) => countOf(guest, at, table, rows));
  const common = inCommon(rows, counts);
  const likeness = new Likeness(
    counts.map(({ own }) => own.sum),
    common,
  );
  const { order, groups } = ordered(likeness, (guest) => counts[guest]?.elsewhere.sum ?? 0);
  const places = new Map(order.map((guest, place) => [guest, place]));
  const placeOf = (guest: number): number => places.get(guest) ?? 0;
  const scale = new Scale(header.sample);
  return {
    unadvisedPages: counts.reduce((sum, count) => sum + count.unadvisedPages, 0),
    advisedPages: counts.reduce((sum, count) => sum + count.advisedPages, 0),
    guests: order.map((at) => guestShared(guests, counts, at, scale)),
    pairs: pairsOf(common, counts.length, placeOf, scale),
    groups: groups.map((group) => group.map(placeOf).sort((a, b) => a - b)),
    contents: topContents(table, rows, placeOf),
    mappings: mappingsShared(eachCountedOf(guests), table, scale, TOP),
    between: scale.of(betweenOf(rows, () => '').get('') ?? new Summed()),
    tenants: tenantOf && tenantsOf(guests, tenantOf, rows, scale),
    acrossTenants: scale.of(acrossTenants(guests, tenantOf ?? (() => ''), rows)),
  };
}

interface Counted {
  pages: number;
  unadvisedPages: number;
  advisedPages: number;
  zeroPages: number;
  /** Pages whose content merges with equal ones, in the sample or not. */
  contentPages: number;
  /** Different contents of the sample, and those of them that others have as well. */
  readonly own: Summed;
  readonly elsewhere: Summed;
}

function countOf(
  { told, isAdvisedOnly }: SharingGuest,
  at: number,
  table: ContentTable,
  rows: GuestRows,
): Counted {
  const own = new Summed();
  const elsewhere = new Summed();
  const none = { pages: 0, unadvisedPages: 0, advisedPages: 0, zeroPages: 0, contentPages: 0 };
  const count: Counted = { ...none, own, elsewhere };
  eachPage(told, (state, isOfAdvised, _mapping, fingerprints, offset) => {
    if (isAdvisedOnly && !isOfAdvised) {
      count.unadvisedPages++;
      return;
    }
    count.pages++;
    if (isOfAdvised && !isImage(told.facts)) count.advisedPages++;
    const kind = state & PAGE_KIND;
    if (kind === PAGE_ZEROES) count.zeroPages++;
    else if (kind === PAGE_CONTENT || kind === PAGE_UNSAMPLED) count.contentPages++;
    if (kind === PAGE_CONTENT) rows.add(table.add(fingerprints(), offset, at), at);
  });
  return count;
}

/**
 * Contents of the sample that each two guests both have, in a square; counts what each has alone on
 * the way.
 */
function inCommon(rows: GuestRows, counts: readonly Counted[]): Float64Array {
  const common = new Float64Array(counts.length ** 2);
  rows.eachSet((members, times) => {
    for (const a of members) {
      counts[a]?.own.addEach(1, times);
      if (members.length > 1) counts[a]?.elsewhere.addEach(1, times);
      for (const b of members) {
        const at = a * counts.length + b;
        if (a < b) common[at] = (common[at] ?? 0) + times;
      }
    }
  });
  return common;
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

function topContents(
  table: ContentTable,
  rows: GuestRows,
  placeOf: (guest: number) => number,
): ContentShared[] {
  const top: { pages: number; number: number; place: number }[] = [];
  table.each((pages, _guests, number, place) => {
    if (pages < 2 || pages <= (top[TOP - 1]?.pages ?? 0)) return;
    top.push({ pages, number, place });
    top.sort((a, b) => b.pages - a.pages);
    top.length = Math.min(top.length, TOP);
  });
  return top.map(({ pages, number, place }) => ({
    fingerprint: table.keyAt(place).toString('hex'),
    pages,
    guests: rows
      .guestsOf(number)
      .map(placeOf)
      .sort((a, b) => a - b),
  }));
}

/** Pages that count, guest by guest. */
function eachCountedOf(guests: readonly SharingGuest[]): EachCounted {
  return (visit) => {
    for (const { told, isAdvisedOnly } of guests)
      eachPage(told, (state, isAdvised, { label }, fingerprints, offset) => {
        if (isAdvised || !isAdvisedOnly) visit(state, isAdvised, label, fingerprints, offset);
      });
  };
}
