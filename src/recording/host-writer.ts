/**
 * Writes a host as it is now, whatever it was when it was written last: only what is another. So
 * that parts of recordings, and several in a row, become one.
 */
import { FINGERPRINT_BYTES } from '../fingerprints/fingerprint.js';
import { PAGE_ABSENT, PAGE_CONTENT, PAGE_KIND, PAGE_SHARED } from './format.js';
import { PageRuns } from './page-runs.js';
import {
  type RecordedGuest,
  RecordedHost,
  type RecordedStretch,
  STRETCH_PAGES,
} from './recorded-host.js';
import type { RecordingWriter } from './recording-writer.js';
import type {
  EndRecord,
  PagesRecord,
  PrefixesRecord,
  SweepRecord,
  UnsampledChangesRecord,
} from './records.js';

type Record = Exclude<SweepRecord, EndRecord>;

/** What is written of a guest: as which one, and what it is. */
interface Written {
  readonly id: number;
  readonly guest: RecordedGuest;
}

export class HostWriter {
  /** What the file says so far. */
  private readonly written: RecordedHost;
  /** By who they are: a process that goes on from one recording to the next stays itself. */
  private readonly ids = new Map<string, number>();
  /** Where pages that a left out guest shared are told instead: by that guest and the page. */
  private readonly standIns = new Map<string, number>();

  constructor(
    private readonly writer: RecordingWriter,
    /** Guests that it writes of. */
    private readonly isWanted: (name: string) => boolean = () => true,
  ) {
    this.written = new RecordedHost(writer.header);
  }

  /** How many it has written of. */
  get guests(): number {
    return this.ids.size;
  }

  /** Goes into the sweep as it is, if its guest does: what no state has. */
  private pass(record: PrefixesRecord | UnsampledChangesRecord, host: RecordedHost): void {
    const guest = host.guests.get(record.guest);
    if (guest === undefined || !this.isWanted(guest.facts.name)) return;
    this.writer.write({ ...record, guest: this.idOf(guest) });
  }

  /** The guest's number in the file; it is in it from now on. */
  private idOf(guest: RecordedGuest): number {
    const { name, pid, startedTicks } = guest.facts;
    // Images have no number that tells them apart, but their place in the recording.
    const who = pid === 0 ? `${name} ${guest.id}` : `${name} ${pid} ${startedTicks}`;
    let id = this.ids.get(who);
    if (id === undefined) {
      id = this.ids.size + 1;
      this.ids.set(who, id);
    }
    const known = this.written.guests.get(id);
    if (known === undefined || !isEqual(known.facts, guest.facts))
      this.tell({ ...guest.facts, type: 'guest', guest: id });
    return id;
  }

  /** `passing`: records of the sweep that say something of it alone. */
  endSweep(
    host: RecordedHost,
    end: Omit<EndRecord, 'type'>,
    passing: readonly (PrefixesRecord | UnsampledChangesRecord)[],
  ): void {
    const { written, writer } = this;
    this.standIns.clear();
    this.tell({ type: 'numbers', guest: undefined, values: host.numbers });
    if (!isEqual(written.facts, host.facts)) this.tell({ type: 'facts', facts: host.facts });
    const wanted = [...host.guests.values()]
      .filter(({ facts }) => this.isWanted(facts.name))
      .map((guest): Written => ({ id: this.idOf(guest), guest }));
    const ids = new Map(wanted.map(({ id, guest }) => [guest.id, id]));
    for (const each of wanted) this.tellGuest(each, host, ids);
    const stay = new Set(ids.values());
    for (const id of [...written.guests.keys()])
      if (!stay.has(id)) this.tell({ type: 'guest-gone', guest: id });
    for (const record of passing) this.pass(record, host);
    writer.endSweep(end);
  }

  private tellGuest(
    { id, guest }: Written,
    host: RecordedHost,
    ids: ReadonlyMap<number, number>,
  ): void {
    const before = this.written.guest(id);
    for (const [page, mapping] of guest.mappings)
      if (!isEqual(before.mappings.get(page), mapping))
        this.tell({ ...mapping, type: 'mapping', guest: id });
    for (const page of [...before.mappings.keys()])
      if (!guest.mappings.has(page)) this.tell({ type: 'mapping-gone', guest: id, page });
    const places = new Set([...before.stretches.keys(), ...guest.stretches.keys()]);
    const runs = new PageRuns(id, (record) => this.tell(record));
    for (const place of [...places].sort((a, b) => a - b)) {
      if (isSameStretch(before.stretches.get(place), guest.stretches.get(place))) continue;
      for (let index = 0; index < STRETCH_PAGES; index++) {
        const now = this.pageOf(guest, id, place, index, host, ids);
        if (!isPage(before, place, index, now))
          runs.add(now.page, now.state, now.fingerprints, now.owner);
      }
    }
    runs.end();
    if (guest.numbers.length > 0) this.tell({ type: 'numbers', guest: id, values: guest.numbers });
  }

  /** What is to be said of a page, with the numbers that guests have in the file. */
  private pageOf(
    guest: RecordedGuest,
    id: number,
    place: number,
    index: number,
    host: RecordedHost,
    ids: ReadonlyMap<number, number>,
  ): PagesRecord {
    const stretch = guest.stretches.get(place);
    const state = stretch?.states[index] ?? PAGE_ABSENT;
    const page = place * STRETCH_PAGES + index;
    const run = { type: 'pages', guest: id, page, pages: 1, state } as const;
    const kind = state & PAGE_KIND;
    if (kind === PAGE_CONTENT && stretch !== undefined)
      return { ...run, fingerprints: fingerprintOf(stretch.fingerprints, index) };
    if (kind !== PAGE_SHARED || stretch === undefined) return run;
    const owner = stretch.owners[index] ?? 0;
    const known = ids.get(owner);
    if (known !== undefined) return { ...run, owner: known };
    // Its owner is left out: the first who shares the page with it has it instead.
    const key = `${owner} ${page}`;
    const standIn = this.standIns.get(key);
    if (standIn !== undefined) return { ...run, owner: standIn };
    this.standIns.set(key, id);
    const theirs = host.guests.get(owner)?.stretches.get(place);
    const own = (theirs?.states[index] ?? PAGE_ABSENT) & PAGE_KIND;
    const instead = { ...run, state: (state & ~PAGE_KIND) | own };
    return own === PAGE_CONTENT && theirs !== undefined
      ? { ...instead, fingerprints: fingerprintOf(theirs.fingerprints, index) }
      : instead;
  }

  private tell(record: Record): void {
    this.writer.write(record);
    this.written.apply(record);
  }
}

function fingerprintOf(fingerprints: Buffer, index: number): Buffer {
  return fingerprints.subarray(index * FINGERPRINT_BYTES, (index + 1) * FINGERPRINT_BYTES);
}

/** Of one without shared pages, whose owners have other numbers. */
function isSameStretch(a: RecordedStretch | undefined, b: RecordedStretch | undefined): boolean {
  if (a === undefined || b === undefined || Buffer.compare(a.states, b.states) !== 0) return false;
  if (b.states.some((state) => (state & PAGE_KIND) === PAGE_SHARED)) return false;
  return a.fingerprints.equals(b.fingerprints);
}

/** Whether the file says so already. */
function isPage(
  { stretches }: RecordedGuest,
  place: number,
  index: number,
  { state, fingerprints, owner }: PagesRecord,
): boolean {
  const stretch = stretches.get(place);
  if ((stretch?.states[index] ?? PAGE_ABSENT) !== state) return false;
  if (fingerprints !== undefined)
    return stretch !== undefined && fingerprintOf(stretch.fingerprints, index).equals(fingerprints);
  return owner === undefined || stretch?.owners[index] === owner;
}

/** Of facts: texts, numbers and nothing deeper. */
function isEqual(a: object | undefined, b: object): boolean {
  const { type: _a, guest: _g, ...first } = { type: '', guest: 0, ...a };
  const { type: _b, guest: _h, ...second } = { type: '', guest: 0, ...b };
  return a !== undefined && JSON.stringify(first) === JSON.stringify(second);
}
