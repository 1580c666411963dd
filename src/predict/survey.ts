/**
 * What has to be known of a recording before it is played: where each guest ever has pages, and
 * whose fork it is. So its memory can be laid out once, and nothing has to be moved later.
 *
 * Reads all of the recording, and keeps a few bytes a stretch of 512 pages and a mapping; of a
 * sample a bit a page besides.
 */
import { Sample } from '../fingerprints/sample.js';
import { isNumaNode } from '../machine/guests.js';
import {
  MAPPING_HUGE,
  PAGE_ABSENT,
  PAGE_CONTENT,
  PAGE_HUGE,
  PAGE_KIND,
  PAGE_RESTLESS,
  PAGE_SHARED,
  PAGE_ZEROES,
  PREFIX_BINS,
} from '../recording/format.js';
import { STRETCH_PAGES } from '../recording/recorded-host.js';
import { decidesForAdvised, isImage } from '../recording/recorded-pages.js';
import type { Recording } from '../recording/recording.js';
import type { GuestFacts, MappingFacts, PagesRecord } from '../recording/records.js';
import { ALL_PLACES, PageSet, type Places } from './places.js';

/** Places of a guest in a row: of a whole recording those of whole stretches. */
export interface Laid {
  readonly page: number;
  readonly pages: number;
  /** They lie in huge pages when they are seen first. */
  readonly huge: boolean;
  /** The NUMA node that the mapping around it lies on; undefined if that is not told. */
  readonly node: number | undefined;
}

export interface SurveyedGuest {
  readonly places: Places;
  /** In order, none overlaps another. */
  readonly laid: readonly Laid[];
  /** Whose pages it shares as it comes: a guest's that came before. */
  readonly forkOf: number | undefined;
  /** It, or one that forks have made it kin of, has pages at address 0. */
  readonly beginsAtZero: boolean;
}

export interface Survey {
  /** Told is one page in so many. */
  readonly oneIn: number;
  readonly guests: ReadonlyMap<number, SurveyedGuest>;
  /** Pages laid out at a time, at most: of guests that are gone for a sweep more. */
  readonly mostPages: number;
  readonly mostGuests: number;
  readonly mostRegions: number;
  /** Guests that are no processes. */
  readonly images: number;
  /** Something is advised: KSM would look at that, and at nothing else. */
  readonly hasAdvised: boolean;
  /** Some mapping is advised to huge pages. */
  readonly hasHugeAdvice: boolean;
  /** Bytes that neighbours begin alike, as PREFIX_BINS counts. */
  readonly prefixes: readonly number[];
  /** When sweeps began, in milliseconds since the first of them did. */
  readonly sweepMs: readonly number[];
}

/** While it is looked at. */
class Guest {
  /** By place: whether it is huge. */
  readonly places = new Map<number, boolean>();
  /** By where they begin, as they were told first. */
  readonly mappings = new Map<number, MappingFacts>();
  /** How many pages it shares with whom, in its first sweep. */
  readonly sharedWith = new Map<number, number>();
  /** Of a sample: pages that a content is ever told of. */
  readonly sampled = new PageSet();
  /** One that it has shared pages with before; undefined for the first of a family. */
  kin: Guest | undefined;

  constructor(
    readonly firstSweep: number,
    /** How many came before. */
    readonly place: number,
  ) {}

  get family(): Guest {
    return this.kin === undefined ? this : this.kin.family;
  }

  map(mapping: MappingFacts): void {
    if (!this.mappings.has(mapping.page)) this.mappings.set(mapping.page, mapping);
  }

  /** `owner`: whose pages they are, if they are shared. */
  see(record: PagesRecord, sweep: number, owner: Guest | undefined, sample: Sample): void {
    const { page, pages, state, ...told } = record;
    const kind = state & PAGE_KIND;
    if (kind === PAGE_ABSENT) return;
    if (sample.n > 1) this.seeSampled(record, sample);
    if (owner !== undefined && owner.family !== this.family) this.family.kin = owner.family;
    const last = Math.floor((page + pages - 1) / STRETCH_PAGES);
    for (let place = Math.floor(page / STRETCH_PAGES); place <= last; place++)
      if (!this.places.has(place)) this.places.set(place, (state & PAGE_HUGE) !== 0);
    if (kind !== PAGE_SHARED || told.owner === undefined || sweep !== this.firstSweep) return;
    if (owner !== undefined && owner.place < this.place)
      this.sharedWith.set(told.owner, (this.sharedWith.get(told.owner) ?? 0) + pages);
  }

  private seeSampled({ page, pages, state }: PagesRecord, sample: Sample): void {
    const kind = state & PAGE_KIND;
    if (kind === PAGE_CONTENT) this.sampled.add(page, pages);
    if (kind !== PAGE_ZEROES && kind !== PAGE_RESTLESS) return;
    for (let at = page; at < page + pages; at++) if (sample.hasPlace(at)) this.sampled.add(at, 1);
  }

  get forkOf(): number | undefined {
    const [closest] = [...this.sharedWith].sort(([, a], [, b]) => b - a);
    return closest?.[0];
  }

  get laid(): Laid[] {
    const laid: (Laid & { pages: number })[] = [];
    const mappings = [...this.mappings.values()].sort((a, b) => a.page - b.page);
    let at = 0;
    for (const place of [...this.places.keys()].sort((a, b) => a - b)) {
      const page = place * STRETCH_PAGES;
      const end = page + STRETCH_PAGES;
      while ((mappings[at]?.page ?? end) + (mappings[at]?.pages ?? 0) <= page) at++;
      const mapping = mappings[at];
      const node = mapping !== undefined && mapping.page < end ? nodeOf(mapping) : undefined;
      const huge = this.places.get(place) === true;
      const last = laid.at(-1);
      const goesOn = last?.huge === huge && last.node === node;
      if (goesOn && last.page + last.pages === page) last.pages += STRETCH_PAGES;
      else laid.push({ page, pages: STRETCH_PAGES, huge, node });
    }
    return laid;
  }
}

export async function survey(recording: Recording): Promise<Survey> {
  const guests = new Map<number, Guest>();
  const changes: Change[] = [];
  const sample = new Sample(recording.header.sample);
  const prefixes = new Array<number>(PREFIX_BINS).fill(0);
  const sweepMs: number[] = [];
  const [beginMs = 0] = recording.sweepStartsMs;
  const facts = new Map<number, GuestFacts>();
  let hasAdvised = false;
  let hasHugeAdvice = false;
  for await (const record of recording.records()) {
    switch (record.type) {
      case 'guest':
        if (!guests.has(record.guest)) {
          guests.set(record.guest, new Guest(sweepMs.length, guests.size));
          changes.push({ guest: record.guest, sign: 1 });
        }
        facts.set(record.guest, record);
        hasAdvised ||= decidesForAdvised(record);
        break;
      case 'guest-gone':
        changes.push({ guest: record.guest, sign: -1 });
        break;
      case 'mapping': {
        const of = facts.get(record.guest);
        hasAdvised ||= of !== undefined && decidesForAdvised(of, record);
        hasHugeAdvice ||= (record.flags & MAPPING_HUGE) !== 0;
        guests.get(record.guest)?.map(record);
        break;
      }
      case 'pages':
        guests
          .get(record.guest)
          ?.see(record, sweepMs.length, guests.get(record.owner ?? Number.NaN), sample);
        break;
      case 'prefixes':
        record.counts.forEach((count, bin) => {
          prefixes[bin] = (prefixes[bin] ?? 0) + count;
        });
        break;
      case 'end':
        sweepMs.push(record.startMs - beginMs);
        changes.push('end');
        break;
      default:
    }
  }
  const surveyed = surveyedOf(guests, placesOf(guests, sample));
  const { n: oneIn } = sample;
  const images = [...facts.values()].filter(isImage).length;
  const most = mostOf(surveyed, changes);
  const advice = { hasAdvised, hasHugeAdvice };
  return { oneIn, guests: surveyed, ...most, images, ...advice, prefixes, sweepMs };
}

/** A host has fewer nodes than a kernel can: of others it is as if they were not told. */
function nodeOf({ node }: MappingFacts): number | undefined {
  return node !== undefined && isNumaNode(node) ? node : undefined;
}

/** By the first of each family. */
function placesOf(guests: ReadonlyMap<number, Guest>, sample: Sample): Map<Guest, Places> {
  const families = new Map<Guest, PageSet>();
  for (const { family, sampled } of guests.values()) {
    const pages = families.get(family) ?? new PageSet();
    pages.addAll(sampled);
    families.set(family, pages);
  }
  return new Map(
    [...families].map(([family, pages]) => [family, sample.n > 1 ? pages.places() : ALL_PLACES]),
  );
}

function surveyedOf(
  guests: ReadonlyMap<number, Guest>,
  families: ReadonlyMap<Guest, Places>,
): Map<number, SurveyedGuest> {
  const each = [...guests].map(([id, guest]) => {
    const places = families.get(guest.family) ?? ALL_PLACES;
    return { id, places, laid: placed(guest.laid, places), forkOf: guest.forkOf };
  });
  /** The first of its family, by each guest: whose fork a guest is has come before. */
  const roots = new Map<number, number>();
  const atZero = new Set<number>();
  for (const { id, laid, forkOf = id } of each) {
    const root = roots.get(forkOf) ?? forkOf;
    roots.set(id, root);
    if (laid[0]?.page === 0) atZero.add(root);
  }
  return new Map(
    each.map(({ id, places, laid, forkOf }) => {
      const beginsAtZero = atZero.has(roots.get(id) ?? id);
      return [id, { places, laid, forkOf, beginsAtZero }];
    }),
  );
}

/** Where pages lie that are laid so; what has no page with a place is left out. */
function placed(laid: readonly Laid[], places: Places): Laid[] {
  return laid.flatMap(({ page, pages, ...how }) => {
    const first = places.of(page);
    const end = places.of(page + pages);
    return end === first ? [] : [{ page: first, pages: end - first, ...how }];
  });
}

/** A guest comes or goes, or a sweep ends. */
type Change = { readonly guest: number; readonly sign: 1 | -1 } | 'end';

/**
 * How much there is at a time, at most. A guest that is gone stays until the scanner has met it:
 * it is counted until the next sweep's end.
 */
function mostOf(
  guests: ReadonlyMap<number, SurveyedGuest>,
  changes: readonly Change[],
): Pick<Survey, 'mostPages' | 'mostGuests' | 'mostRegions'> {
  const most = { mostPages: 0, mostGuests: 0, mostRegions: 0 };
  let pages = 0;
  let regions = 0;
  let live = 0;
  const laidOf = (id: number): readonly Laid[] => {
    const guest = guests.get(id);
    const parent = guest?.forkOf === undefined ? undefined : guests.get(guest.forkOf);
    // A fork begins with what its parent has, whether it keeps that or not.
    return [...(guest?.laid ?? []), ...(parent?.laid ?? [])];
  };
  const count = (guest: number, sign: number): void => {
    const laid = laidOf(guest);
    for (const each of laid) pages += sign * each.pages;
    regions += sign * laid.length;
    live += sign;
    most.mostPages = Math.max(most.mostPages, pages);
    most.mostRegions = Math.max(most.mostRegions, regions);
    most.mostGuests = Math.max(most.mostGuests, live);
  };
  let goneBefore: number[] = [];
  let gone: number[] = [];
  for (const change of changes)
    if (change === 'end') {
      for (const guest of goneBefore) count(guest, -1);
      goneBefore = gone;
      gone = [];
    } else if (change.sign === 1) count(change.guest, 1);
    else gone.push(change.guest);
  return most;
}
