/**
 * What a recorded day has as rows: of its guests, with what is counted of all their pages, and of
 * the pages of the sample.
 */
import { Sample } from '../fingerprints/sample.js';
import {
  PAGE_CONTENT,
  PAGE_HUGE,
  PAGE_KIND,
  PAGE_MERGED,
  PAGE_RESTLESS,
  PAGE_SHARED,
  PAGE_UNSAMPLED,
  PAGE_ZEROES,
} from '../recording/format.js';
import type { RecordedGuest } from '../recording/recorded-host.js';
import { eachPage } from '../recording/recorded-pages.js';
import type { GuestFacts } from '../recording/records.js';
import { halvesOf, PageRows, type Value } from './page-rows.js';
import type { RecordedDay } from './recorded-days.js';

/** That all guests of a recorded day have the same, in front of their own. */
export const DAY_COLUMNS = {
  recording: 'BIGINT',
  started_ms: 'BIGINT',
  swept_ms: 'BIGINT',
  sample: 'INTEGER',
  page_size: 'INTEGER',
} as const;

/** That stand in the directories' names. */
export const PARTITIONS = { host: 'VARCHAR', day: 'VARCHAR' } as const;

/** In the order of the columns. */
export const GUEST_COLUMNS = {
  guest_id: 'INTEGER',
  guest: 'VARCHAR',
  /** Which machine of that name: the same in all recordings of a host. */
  who: 'VARCHAR',
  /** A device may write to its memory: KSM merges none of it. */
  pinned: 'BOOLEAN',
  /** Present; 0 if the guest was there and is gone. */
  pages: 'BIGINT',
  advised_pages: 'BIGINT',
  zero_pages: 'BIGINT',
  /** Change whenever they are looked at. */
  volatile_pages: 'BIGINT',
  /** Map a frame that another page does since a fork. */
  forked_pages: 'BIGINT',
  /** The host's own KSM has merged them already. */
  merged_pages: 'BIGINT',
  /** Small pages in huge pages. */
  huge_pages: 'BIGINT',
  /** All others, in the sample or not: they merge with equal ones. */
  content_pages: 'BIGINT',
} as const;

export type GuestRow = Readonly<Record<keyof typeof GUEST_COLUMNS, Value>>;
type Names = Pick<GuestRow, 'guest' | 'who'>;

/**
 * Rows of the guests; `onPages` gets those of their pages. `sample`: one content in so
 * many, of which the recording has all.
 */
export function dayRows(
  day: RecordedDay,
  sample: number,
  onPages: (columns: readonly Value[][], rows: number) => void,
): GuestRow[] {
  const { host, gone } = day;
  const pages = new PageRows(host.header.pageSize, onPages);
  const sampled = new Sample(sample);
  const names = new Set<string>();
  const known = new Set<string>();
  const named = (facts: GuestFacts): Names => ({
    guest: namedApart(names, facts.name),
    who: namedApart(known, whoOf(facts)),
  });
  const rows = [...host.guests.values()].map((guest) =>
    guestRow(guest, named(guest.facts), day, sampled, pages),
  );
  pages.end();
  for (const [id, facts] of gone) rows.push(emptyRow(id, named(facts), false));
  return rows;
}

/** Images have nothing but their names. */
function whoOf({ name, pid, startedTicks }: GuestFacts): string {
  return pid === 0 ? name : `${name} ${pid} ${startedTicks}`;
}

/**
 * Guests of one name are told apart, also from one that has such a name by itself. Those that have
 * gone come last, so whoever stays has the names that are told of fewer.
 */
function namedApart(taken: Set<string>, name: string): string {
  let apart = name;
  for (let number = 2; taken.has(apart); number++) apart = `${name}#${number}`;
  taken.add(apart);
  return apart;
}

function emptyRow(id: number, { guest, who }: Names, isPinned: boolean): GuestRow {
  return {
    guest_id: id,
    guest,
    who,
    pinned: isPinned,
    pages: 0n,
    advised_pages: 0n,
    zero_pages: 0n,
    volatile_pages: 0n,
    forked_pages: 0n,
    merged_pages: 0n,
    huge_pages: 0n,
    content_pages: 0n,
  };
}

function guestRow(
  guest: RecordedGuest,
  names: Names,
  { ages, sweepsMs }: RecordedDay,
  sample: Sample,
  rows: PageRows,
): GuestRow {
  const { isPinned } = guest.facts;
  /** By PAGE_ kind. */
  const kinds = new Float64Array(PAGE_KIND + 1);
  let [pages, advised, merged, huge] = [0, 0, 0, 0];
  eachPage(guest, (state, isAdvised, _mapping, fingerprints, offset, page) => {
    const kind = state & PAGE_KIND;
    kinds[kind] = (kinds[kind] ?? 0) + 1;
    pages++;
    if (isAdvised) advised++;
    if ((state & PAGE_MERGED) !== 0) merged++;
    if ((state & PAGE_HUGE) !== 0) huge++;
    if (isPinned || kind === PAGE_UNSAMPLED || kind === PAGE_SHARED) return;
    if (kind === PAGE_CONTENT && !sample.has(fingerprints(), offset)) return;
    const firstSeenMs = sweepsMs[ages.sweepOf(guest.id, page)] ?? 0;
    const halves = halvesOf(state, fingerprints, offset);
    rows.add({ guestId: guest.id, page, state, isAdvised, ...halves, firstSeenMs });
  });
  const of = (kind: number): number => kinds[kind] ?? 0;
  return {
    ...emptyRow(guest.id, names, isPinned),
    pages: BigInt(pages),
    advised_pages: BigInt(advised),
    zero_pages: BigInt(of(PAGE_ZEROES)),
    volatile_pages: BigInt(of(PAGE_RESTLESS)),
    forked_pages: BigInt(of(PAGE_SHARED)),
    merged_pages: BigInt(merged),
    huge_pages: BigInt(huge),
    content_pages: BigInt(of(PAGE_CONTENT) + of(PAGE_UNSAMPLED)),
  };
}
