/**
 * A host as it is told, sweep by sweep, and what of it has changed since the daemon was told last.
 * Nobody is asked here and nothing sent: that is for daemon-guests.ts, once a sweep is over.
 *
 * What a page is told to share with another guest's it has as its own from then on. So what it
 * holds is known when the other guest has changed or gone, and that somebody else is told to own
 * it is no write to it.
 */
import { KsmdError } from '../../../errors.js';
import { FINGERPRINT_BYTES } from '../../../fingerprints/fingerprint.js';
import type { RecordSink, SweepReport } from '../../../recording/capture/capture.js';
import {
  MAPPING_ADVISED,
  PAGE_ABSENT,
  PAGE_AS_BEFORE,
  PAGE_CONTENT,
  PAGE_KIND,
  PAGE_RESTLESS,
  PAGE_SHARED,
  type RecordingHeader,
} from '../../../recording/format.js';
import { RecordedHost, STRETCH_PAGES } from '../../../recording/recorded-host.js';
import type {
  EndRecord,
  GuestFacts,
  GuestRecord,
  MappingFacts,
  PagesRecord,
  SweepRecord,
} from '../../../recording/records.js';
import { CHANGED, FORKED, FollowedGuest } from './followed-guest.js';

export class ToldHost implements RecordSink {
  /** By their numbers, in the order in which they came. */
  readonly guests = new Map<number, FollowedGuest>();
  private readonly host: RecordedHost;
  private gone: FollowedGuest[] = [];
  private sweeps = 0;
  private changedPages = 0;
  private report: SweepReport | undefined;

  constructor(
    header: RecordingHeader,
    private readonly nameOf: (facts: GuestFacts) => string,
  ) {
    this.host = new RecordedHost(header);
  }

  /** What the last sweep came to. */
  get lastReport(): SweepReport | undefined {
    return this.report;
  }

  /** Those that have gone since this was asked last. */
  takeGone(): readonly FollowedGuest[] {
    const { gone } = this;
    this.gone = [];
    return gone;
  }

  /** ENOMEM if it would take more than half of this machine's memory. */
  write(record: Exclude<SweepRecord, EndRecord>): void {
    switch (record.type) {
      case 'guest':
        this.tellGuest(record);
        return;
      case 'guest-gone': {
        const guest = this.guests.get(record.guest);
        this.guests.delete(record.guest);
        this.host.apply(record);
        if (guest !== undefined) this.gone.push(guest);
        return;
      }
      case 'mapping': {
        const guest = this.guest(record.guest);
        const before = guest.told.mappings.get(record.page);
        this.host.apply(record);
        if (before !== undefined && counts(before, record)) return;
        if (before !== undefined) guest.touch(before);
        guest.touch(record);
        return;
      }
      case 'mapping-gone': {
        const guest = this.guest(record.guest);
        const before = guest.told.mappings.get(record.page);
        this.host.apply(record);
        if (before !== undefined) guest.touch(before);
        return;
      }
      case 'pages':
        this.tellPages(record);
        return;
      case 'unsampled-changes':
        this.changedPages += record.pages;
        return;
      default:
    }
  }

  endSweep(end: Omit<EndRecord, 'type'>): void {
    let [pages, restlessPages] = [0, 0];
    let tellsFrames = true;
    for (const guest of this.guests.values()) {
      restlessPages += stir(guest);
      pages += guest.presentPages;
      if (guest.told.facts.tellsFrames === false) tellsFrames = false;
    }
    const changedPages = this.changedPages + restlessPages;
    const tally = { guests: this.guests.size, pages, changedPages, restlessPages, tellsFrames };
    this.report = { sweep: ++this.sweeps, ...end, ...tally };
    this.changedPages = 0;
  }

  /** It keeps no file. */
  close(): void {}

  private guest(id: number): FollowedGuest {
    const guest = this.guests.get(id);
    if (guest === undefined)
      throw new KsmdError('EINVAL', `there is no guest ${id} to be followed`);
    return guest;
  }

  private tellGuest(record: GuestRecord): void {
    const known = this.guests.get(record.guest);
    const before = known?.told.facts;
    this.host.apply(record);
    if (known === undefined) {
      const told = this.host.guest(record.guest);
      this.guests.set(record.guest, new FollowedGuest(told, this.nameOf(record)));
    } else if (before?.mergesAny !== record.mergesAny || before.isPinned !== record.isPinned)
      known.touchAll();
  }

  private tellPages(record: PagesRecord): void {
    const guest = this.guest(record.guest);
    const kind = record.state & PAGE_KIND;
    if (kind === PAGE_SHARED) {
      this.share(guest, record);
      return;
    }
    if (kind !== PAGE_AS_BEFORE) this.changedPages += note(guest, record);
    this.host.apply(record);
    if (kind === PAGE_ABSENT) guest.forgetAbsent(record);
  }

  /** Pages become what the owner's are. */
  private share(guest: FollowedGuest, record: PagesRecord): void {
    const { page, pages, state, owner: id = 0 } = record;
    const owner = this.guests.get(id)?.told;
    if (!guest.isThere) guest.sharedWith.set(id, (guest.sharedWith.get(id) ?? 0) + pages);
    for (let at = page; at < page + pages; ) {
      const place = Math.floor(at / STRETCH_PAGES);
      const first = at - place * STRETCH_PAGES;
      const stretch = owner?.stretches.get(place);
      const kindAt = (index: number): number => {
        const kind = (stretch?.states[index] ?? PAGE_ABSENT) & PAGE_KIND;
        // Whose page could not be read has told nobody what is in it.
        return kind === PAGE_ABSENT ? PAGE_RESTLESS : kind;
      };
      const kind = kindAt(first);
      const most = Math.min(STRETCH_PAGES, first + page + pages - at);
      let end = first + 1;
      while (end < most && kindAt(end) === kind) end++;
      const run: PagesRecord = {
        ...{ type: 'pages', guest: record.guest, page: at, pages: end - first },
        state: (state & ~PAGE_KIND) | kind,
        ...(kind === PAGE_CONTENT && stretch !== undefined
          ? {
              fingerprints: stretch.fingerprints.subarray(
                first * FINGERPRINT_BYTES,
                end * FINGERPRINT_BYTES,
              ),
            }
          : {}),
      };
      note(guest, run);
      this.host.apply(run);
      const marks = guest.marksOf(place);
      for (let index = first; index < end; index++) marks[index] = (marks[index] ?? 0) | FORKED;
      at += end - first;
    }
  }
}

/** Whether a mapping that has become `now` has the same pages count as before. */
function counts(before: MappingFacts, now: MappingFacts): boolean {
  return before.pages === now.pages && ((before.flags ^ now.flags) & MAPPING_ADVISED) === 0;
}

/**
 * What of these pages is not what was told last, and how many had something else of their own. To
 * be called before that is forgotten.
 */
function note(guest: FollowedGuest, record: PagesRecord): number {
  const { page, pages, state, fingerprints } = record;
  const kind = state & PAGE_KIND;
  let changed = 0;
  for (let at = page; at < page + pages; ) {
    const place = Math.floor(at / STRETCH_PAGES);
    const first = at - place * STRETCH_PAGES;
    const end = Math.min(STRETCH_PAGES, first + page + pages - at);
    if (kind === PAGE_ABSENT && !guest.marks.has(place)) {
      at += end - first;
      continue;
    }
    const stretch = guest.told.stretches.get(place);
    const marks = guest.marksOf(place);
    for (let index = first; index < end; index++, at++) {
      const before = (stretch?.states[index] ?? PAGE_ABSENT) & PAGE_KIND;
      const mark = marks[index] ?? 0;
      const isSame =
        before === kind &&
        kind !== PAGE_RESTLESS &&
        (kind !== PAGE_CONTENT ||
          stretch?.fingerprints.compare(
            fingerprints ?? stretch.fingerprints,
            (at - page) * FINGERPRINT_BYTES,
            (at - page + 1) * FINGERPRINT_BYTES,
            index * FINGERPRINT_BYTES,
            (index + 1) * FINGERPRINT_BYTES,
          ) === 0);
      marks[index] = isSame ? mark & ~FORKED : (mark & ~FORKED) | CHANGED;
      const [wasThere, isThere] = [before !== PAGE_ABSENT, kind !== PAGE_ABSENT];
      guest.presentPages += Number(isThere) - Number(wasThere);
      // Those that never rest are counted as the sweep ends.
      const counts = wasThere && isThere && kind !== PAGE_RESTLESS && (mark & FORKED) === 0;
      if (counts && !isSame) changed++;
    }
    guest.dirty.add(place);
    if (kind === PAGE_RESTLESS) guest.restless.add(place);
  }
  return changed;
}

/** Every page that never rests is another one: how many are. */
function stir(guest: FollowedGuest): number {
  let pages = 0;
  for (const place of guest.restless) {
    const marks = guest.marksOf(place);
    const before = pages;
    guest.told.stretches.get(place)?.states.forEach((state, index) => {
      if ((state & PAGE_KIND) !== PAGE_RESTLESS) return;
      marks[index] = (marks[index] ?? 0) | CHANGED;
      pages++;
    });
    if (pages > before) guest.dirty.add(place);
    else guest.restless.delete(place);
  }
  return pages;
}
