/**
 * A host as a recording has it at one moment: records are applied, and then it can be asked what
 * each page is. Beside each guest's and mapping's facts it takes 17 bytes a page.
 *
 * A file of a few bytes can tell of any number of pages. So there is a limit to what a host takes,
 * and whoever would go beyond it is refused: no recording has the reader killed for its memory.
 */
import { totalmem } from 'node:os';
import { KsmdError } from '../errors.js';
import { FINGERPRINT_BYTES } from '../fingerprints/fingerprint.js';
import {
  PAGE_ABSENT,
  PAGE_AS_BEFORE,
  PAGE_CONTENT,
  PAGE_KIND,
  PAGE_SHARED,
  type RecordingHeader,
} from './format.js';
import type { EndRecord, GuestFacts, MappingFacts, PagesRecord, SweepRecord } from './records.js';

const MIB = 2 ** 20;
/** About what they take, texts and places in maps included. */
const GUEST_BYTES = 2048;
const MAPPING_BYTES = 512;
const STRETCH_BYTES = 1024;
/** More no Map can have. */
const MOST_STRETCHES = 2 ** 24 - 1;

/** Pages are kept by so many in a row that begin at a multiple of it: a huge page's worth. */
export const STRETCH_PAGES = 512;

export class RecordedStretch {
  /** PAGE_ kind and marks. */
  readonly states = new Uint8Array(STRETCH_PAGES);
  private contents: Buffer | undefined;
  private sharedWith: Uint32Array | undefined;

  /** About what it takes. */
  get bytes(): number {
    const { contents, sharedWith } = this;
    return STRETCH_BYTES + (contents?.byteLength ?? 0) + (sharedWith?.byteLength ?? 0);
  }

  /** 16 bytes for each page; of one that is no PAGE_CONTENT they say nothing. */
  get fingerprints(): Buffer {
    this.contents ??= Buffer.alloc(STRETCH_PAGES * FINGERPRINT_BYTES);
    return this.contents;
  }

  /** Of a page that is PAGE_SHARED: whose frame it maps. */
  get owners(): Uint32Array {
    this.sharedWith ??= new Uint32Array(STRETCH_PAGES);
    return this.sharedWith;
  }
}

export class RecordedGuest {
  /** By the page they begin at. */
  readonly mappings = new Map<number, MappingFacts>();
  /** By their place: page n lies in n / STRETCH_PAGES. */
  readonly stretches = new Map<number, RecordedStretch>();
  /** As the header's `guestNumbers` has them. */
  numbers: readonly number[] = [];

  constructor(
    readonly id: number,
    public facts: GuestFacts,
  ) {}
}

export class RecordedHost {
  /** By their numbers in the recording. */
  readonly guests = new Map<number, RecordedGuest>();
  numbers: readonly number[] = [];
  facts: Readonly<Record<string, string>>;
  /** The sweep that ended last. */
  lastSweep: EndRecord | undefined;

  private heldBytes = 0;

  /** `mostBytes`: that it may take; what it would is an estimate, on the large side. */
  constructor(
    readonly header: RecordingHeader,
    private readonly mostBytes = halfOfMemory(),
  ) {
    this.facts = header.facts;
  }

  /** ENOMEM if it would take more than it may: then it is of no use any more. */
  apply(record: SweepRecord): void {
    switch (record.type) {
      case 'pages':
        this.applyPages(record);
        return;
      case 'guest': {
        const known = this.guests.get(record.guest);
        if (known !== undefined) known.facts = record;
        else {
          this.guests.set(record.guest, new RecordedGuest(record.guest, record));
          this.hold(GUEST_BYTES);
        }
        return;
      }
      case 'guest-gone':
        this.removeGuest(record.guest);
        return;
      case 'mapping': {
        const { mappings } = this.guest(record.guest);
        if (!mappings.has(record.page)) this.hold(MAPPING_BYTES);
        mappings.set(record.page, record);
        return;
      }
      case 'mapping-gone':
        if (this.guest(record.guest).mappings.delete(record.page)) this.hold(-MAPPING_BYTES);
        return;
      case 'numbers':
        if (record.guest === undefined) this.numbers = record.values;
        else this.guest(record.guest).numbers = record.values;
        return;
      case 'facts':
        this.facts = { ...this.facts, ...record.facts };
        return;
      // They say something of a sweep, and nothing of what the host is after it.
      case 'prefixes':
      case 'unsampled-changes':
        return;
      case 'end':
        this.lastSweep = record;
        return;
    }
  }

  guest(id: number): RecordedGuest {
    const guest = this.guests.get(id);
    if (guest === undefined) throw new KsmdError('EINVAL', `the recording has no guest ${id} here`);
    return guest;
  }

  private removeGuest(id: number): void {
    const guest = this.guests.get(id);
    if (guest === undefined) return;
    this.guests.delete(id);
    this.hold(-GUEST_BYTES - guest.mappings.size * MAPPING_BYTES);
    for (const stretch of guest.stretches.values()) this.hold(-stretch.bytes);
  }

  /** So many bytes more, or fewer. */
  private hold(bytes: number): void {
    this.heldBytes += bytes;
    if (this.heldBytes > this.mostBytes) throw tooLarge(`${Math.floor(this.mostBytes / MIB)} MiB`);
  }

  private applyPages({ guest, page, pages, state, fingerprints, owner }: PagesRecord): void {
    const { stretches } = this.guest(guest);
    const kind = state & PAGE_KIND;
    const end = page + pages;
    for (let at = page; at < end; ) {
      const place = Math.floor(at / STRETCH_PAGES);
      const first = at - place * STRETCH_PAGES;
      const stop = Math.min(end, (place + 1) * STRETCH_PAGES);
      const last = first + stop - at;
      let stretch = stretches.get(place);
      const before = stretch?.bytes ?? 0;
      if (stretch === undefined && kind !== PAGE_ABSENT) {
        if (stretches.size === MOST_STRETCHES) throw tooLarge('a guest can have');
        stretch = new RecordedStretch();
        stretches.set(place, stretch);
      }
      if (stretch !== undefined) {
        const { states } = stretch;
        if (kind === PAGE_AS_BEFORE)
          for (let i = first; i < last; i++)
            states[i] = ((states[i] ?? 0) & PAGE_KIND) | (state & ~PAGE_KIND);
        else states.fill(state, first, last);
        if (kind === PAGE_CONTENT && fingerprints !== undefined)
          fingerprints.copy(
            stretch.fingerprints,
            first * FINGERPRINT_BYTES,
            (at - page) * FINGERPRINT_BYTES,
            (stop - page) * FINGERPRINT_BYTES,
          );
        if (kind === PAGE_SHARED && owner !== undefined) stretch.owners.fill(owner, first, last);
        if (kind === PAGE_ABSENT && states.every((each) => each === PAGE_ABSENT)) {
          stretches.delete(place);
          this.hold(-before);
        } else this.hold(stretch.bytes - before);
      }
      at = stop;
    }
  }
}

/** Of this machine, or of the control group that it runs in. */
function halfOfMemory(): number {
  const limit = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  return Math.floor(Math.min(totalmem(), limit) / 2);
}

function tooLarge(what: string): KsmdError {
  return new KsmdError(
    'ENOMEM',
    `the recorded host takes more than ${what}: a machine with more memory reads it, and so does ` +
      "this one what 'ksmd capture --sample' records of it",
  );
}
