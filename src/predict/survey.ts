/**
 * What has to be known of a recording before it is played: where each guest ever has pages, and
 * whose fork it is. So its memory can be laid out once, and nothing has to be moved later.
 *
 * Reads all of the recording, and keeps a few bytes a stretch of 512 pages.
 */
import {
  MAPPING_ADVISED,
  PAGE_ABSENT,
  PAGE_HUGE,
  PAGE_KIND,
  PAGE_SHARED,
  PREFIX_BINS,
} from '../recording/format.js';
import { STRETCH_PAGES } from '../recording/recorded-host.js';
import type { Recording } from '../recording/recording.js';
import type { PagesRecord } from '../recording/records.js';

/** Pages of a guest in a row, whole stretches. */
export interface Laid {
  readonly page: number;
  readonly pages: number;
  /** They lie in huge pages when they are seen first. */
  readonly huge: boolean;
}

export interface SurveyedGuest {
  /** In order, none overlaps another. */
  readonly laid: readonly Laid[];
  /** Whose pages it shares as it comes. */
  readonly forkOf: number | undefined;
}

export interface Survey {
  readonly guests: ReadonlyMap<number, SurveyedGuest>;
  /** Pages laid out at a time, at most. */
  readonly mostPages: number;
  readonly mostGuests: number;
  readonly mostRegions: number;
  /** A mapping is advised: KSM would look at those that are, and at no other. */
  readonly hasAdvised: boolean;
  /** Bytes that neighbours begin alike, as PREFIX_BINS counts. */
  readonly prefixes: readonly number[];
  /** When sweeps began, in milliseconds. */
  readonly sweepMs: readonly number[];
}

/** While it is looked at. */
class Guest {
  /** By place: whether it is huge. */
  readonly places = new Map<number, boolean>();
  /** How many pages it shares with whom, in its first sweep. */
  readonly sharedWith = new Map<number, number>();

  constructor(readonly firstSweep: number) {}

  see({ page, pages, state, owner }: PagesRecord, sweep: number): void {
    const kind = state & PAGE_KIND;
    if (kind === PAGE_ABSENT) return;
    const last = Math.floor((page + pages - 1) / STRETCH_PAGES);
    for (let place = Math.floor(page / STRETCH_PAGES); place <= last; place++)
      if (!this.places.has(place)) this.places.set(place, (state & PAGE_HUGE) !== 0);
    if (kind === PAGE_SHARED && owner !== undefined && sweep === this.firstSweep)
      this.sharedWith.set(owner, (this.sharedWith.get(owner) ?? 0) + pages);
  }

  surveyed(): SurveyedGuest {
    const laid: { page: number; pages: number; huge: boolean }[] = [];
    for (const place of [...this.places.keys()].sort((a, b) => a - b)) {
      const page = place * STRETCH_PAGES;
      const huge = this.places.get(place) === true;
      const last = laid.at(-1);
      if (last !== undefined && last.page + last.pages === page && last.huge === huge)
        last.pages += STRETCH_PAGES;
      else laid.push({ page, pages: STRETCH_PAGES, huge });
    }
    const [closest] = [...this.sharedWith].sort(([, a], [, b]) => b - a);
    return { laid, forkOf: closest?.[0] };
  }
}

export async function survey(recording: Recording): Promise<Survey> {
  const guests = new Map<number, Guest>();
  /** Guests that come, and as negative numbers those that go. */
  const changes: number[] = [];
  const prefixes = new Array<number>(PREFIX_BINS).fill(0);
  const sweepMs: number[] = [];
  let hasAdvised = false;
  for await (const record of recording.records()) {
    switch (record.type) {
      case 'guest':
        if (!guests.has(record.guest)) {
          guests.set(record.guest, new Guest(sweepMs.length));
          changes.push(record.guest);
        }
        if (record.mergesAny) hasAdvised = true;
        break;
      case 'guest-gone':
        changes.push(-record.guest);
        break;
      case 'mapping':
        if ((record.flags & MAPPING_ADVISED) !== 0) hasAdvised = true;
        break;
      case 'pages':
        guests.get(record.guest)?.see(record, sweepMs.length);
        break;
      case 'prefixes':
        record.counts.forEach((count, bin) => {
          prefixes[bin] = (prefixes[bin] ?? 0) + count;
        });
        break;
      case 'end':
        sweepMs.push(record.startMs);
        break;
      default:
    }
  }
  const surveyed = new Map([...guests].map(([id, guest]) => [id, guest.surveyed()]));
  return { guests: surveyed, ...mostOf(surveyed, changes), hasAdvised, prefixes, sweepMs };
}

/** How much there is at a time, at most. */
function mostOf(
  guests: ReadonlyMap<number, SurveyedGuest>,
  changes: readonly number[],
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
  for (const change of changes) {
    const sign = Math.sign(change);
    const laid = laidOf(Math.abs(change));
    for (const each of laid) pages += sign * each.pages;
    regions += sign * laid.length;
    live += sign;
    most.mostPages = Math.max(most.mostPages, pages);
    most.mostRegions = Math.max(most.mostRegions, regions);
    most.mostGuests = Math.max(most.mostGuests, live);
  }
  return most;
}
