/**
 * Looks at the pages of one guest, sweep by sweep, and tells what is another than before. A fast
 * hash finds out that a page has changed; only then is its fingerprint taken.
 *
 * A page that was another at the last sweep and is another again may never rest: it is looked at
 * once more, a little later, and told only then.
 */
import xxhash from 'xxhash-wasm';
import { FINGERPRINT_BYTES, type Fingerprinter } from '../../fingerprints/fingerprint.js';
import type { Sample } from '../../fingerprints/sample.js';
import {
  PAGE_ABSENT,
  PAGE_AS_BEFORE,
  PAGE_CONTENT,
  PAGE_KIND,
  PAGE_RESTLESS,
  PAGE_SHARED,
  PAGE_UNSAMPLED,
  PAGE_ZEROES,
} from '../format.js';
import { PageRuns, type RunRoom } from '../page-runs.js';
import { STRETCH_PAGES } from '../recorded-host.js';
import type { PagesRecord } from '../records.js';
import { CHANGED, PageHash, SeenPages, type SeenStretch, UNDECIDED } from './seen-pages.js';

const hasher = await xxhash();
/** Of the page that is looked at. */
const hash = new PageHash();
const ZEROES = Buffer.alloc(FINGERPRINT_BYTES);

/** Pages of one sweep: how many there are, and how many are not what they were. */
export interface PageTally {
  present: number;
  changed: number;
  restless: number;
}

export class PageWatch {
  readonly seen = new SeenPages();
  readonly tally: PageTally = { present: 0, changed: 0, restless: 0 };
  /** Pages that have changed from one content outside the sample to another, in this sweep. */
  unsampledChanges = 0;
  private undecidedPages = 0;
  private readonly runs: PageRuns;

  constructor(
    guest: number,
    private readonly fingerprinter: Fingerprinter,
    private readonly sample: Sample,
    write: (record: PagesRecord) => void,
    room?: RunRoom,
  ) {
    this.runs = new PageRuns(guest, write, room);
  }

  /** A sweep begins: pages come in order of address. */
  begin(): void {
    this.seen.begin();
    this.unsampledChanges = 0;
    this.undecidedPages = 0;
    Object.assign(this.tally, { present: 0, changed: 0, restless: 0 });
  }

  /** Pages that follow are present, and those since the last ones that came are not. */
  pass(page: number, pages: number): void {
    this.seen.pass(page, page + pages, this.gone);
    this.tally.present += pages;
  }

  /** A page holds these bytes; `marks` are PAGE_HUGE, PAGE_MERGED. */
  look(page: number, bytes: Buffer, marks: number): void {
    const stretch = this.seen.stretchOf(page);
    const index = page % STRETCH_PAGES;
    const before = stretch.states[index] ?? PAGE_ABSENT;
    const kind = before & PAGE_KIND;
    hash.set(hasher.h64Raw(bytes));
    const isKnown = kind !== PAGE_ABSENT && kind !== PAGE_SHARED;
    if (isKnown && stretch.isAsBefore(index, hash)) {
      // Looked at again in the same sweep, before it was decided.
      if ((before & UNDECIDED) !== 0) this.undecidedPages++;
      else if (kind === PAGE_RESTLESS) this.tell(page, stretch, index, bytes, marks);
      else this.remark(page, stretch, index, marks);
      return;
    }
    stretch.keep(index, hash);
    if (isKnown) this.tally.changed++;
    if (kind === PAGE_RESTLESS) {
      this.tally.restless++;
      this.remark(page, stretch, index, marks);
    } else if (isKnown && (before & CHANGED) !== 0) {
      stretch.states[index] = (before & (PAGE_KIND | CHANGED)) | marks | UNDECIDED;
      this.undecidedPages++;
    } else this.tell(page, stretch, index, bytes, isKnown ? marks | CHANGED : marks);
  }

  /**
   * Nobody has written a page since it was looked at. False if it has to be looked at all the same:
   * it was not yet, or it was restless.
   */
  rest(page: number, marks: number): boolean {
    const stretch = this.seen.stretchOf(page);
    const index = page % STRETCH_PAGES;
    const before = stretch.states[index] ?? PAGE_ABSENT;
    const kind = before & PAGE_KIND;
    if (kind === PAGE_ABSENT || kind === PAGE_SHARED || kind === PAGE_RESTLESS) return false;
    if ((before & UNDECIDED) !== 0) return false;
    this.remark(page, stretch, index, marks);
    return true;
  }

  /** A page maps the same frame as `owner`'s at the same address. */
  share(page: number, owner: number, marks: number): void {
    const stretch = this.seen.stretchOf(page);
    const index = page % STRETCH_PAGES;
    const before = stretch.states[index] ?? PAGE_ABSENT;
    const state = PAGE_SHARED | marks;
    if ((before & ~CHANGED) === state && stretch.ownerOf(index) === owner) return;
    stretch.states[index] = state;
    stretch.share(index, owner);
    this.runs.add(page, state, undefined, owner);
  }

  /** Whether a page was last seen to hold these bytes. */
  holds(page: number, bytes: Buffer): boolean {
    hash.set(hasher.h64Raw(bytes));
    return this.seen.holds(page, hash);
  }

  /** All that is present has come. How many pages are undecided. */
  end(): number {
    this.seen.end(this.gone);
    this.runs.end();
    return this.undecidedPages;
  }

  /** Those that may be restless are read once more; `read` fills `bytes`, if it can. */
  decide(bytes: Buffer, read: (page: number) => boolean): void {
    this.seen.undecided((page, stretch, index) => {
      const state = (stretch.states[index] ?? 0) & ~UNDECIDED;
      const marks = state & ~(PAGE_KIND | CHANGED);
      const isRead = read(page);
      if (isRead) hash.set(hasher.h64Raw(bytes));
      if (isRead && stretch.isAsBefore(index, hash))
        this.tell(page, stretch, index, bytes, marks | CHANGED);
      else {
        if (isRead) stretch.keep(index, hash);
        this.tally.restless++;
        stretch.states[index] = PAGE_RESTLESS | marks | CHANGED;
        this.runs.add(page, PAGE_RESTLESS | marks);
      }
    });
    this.runs.end();
  }

  /** Of the page no more is known than that it is there no longer. */
  lose(page: number): void {
    this.tally.present--;
    const stretch = this.seen.stretchOf(page);
    const index = page % STRETCH_PAGES;
    if (((stretch.states[index] ?? 0) & PAGE_KIND) === PAGE_ABSENT) return;
    stretch.states[index] = PAGE_ABSENT;
    this.gone(page);
  }

  private readonly gone = (page: number): void => {
    this.runs.add(page, PAGE_ABSENT);
  };

  /** What the page holds now; `marks` with CHANGED, if it held something else before. */
  private tell(
    page: number,
    stretch: SeenStretch,
    index: number,
    bytes: Buffer,
    marks: number,
  ): void {
    const before = stretch.states[index] ?? PAGE_ABSENT;
    const fingerprint = this.fingerprinter.of(bytes);
    const kind = fingerprint.equals(ZEROES)
      ? PAGE_ZEROES
      : this.sample.has(fingerprint)
        ? PAGE_CONTENT
        : PAGE_UNSAMPLED;
    stretch.states[index] = kind | marks;
    const told = kind | (marks & ~CHANGED);
    if (kind === PAGE_CONTENT) this.runs.add(page, told, fingerprint);
    else if ((before & ~(CHANGED | UNDECIDED)) !== told) this.runs.add(page, told);
    else if (kind === PAGE_UNSAMPLED) this.unsampledChanges++;
  }

  /** The page holds what it held, or is as restless as before. */
  private remark(page: number, stretch: SeenStretch, index: number, marks: number): void {
    const before = stretch.states[index] ?? PAGE_ABSENT;
    const kind = before & PAGE_KIND;
    stretch.states[index] = kind | marks | (kind === PAGE_RESTLESS ? CHANGED : 0);
    if ((before & ~(PAGE_KIND | CHANGED)) === marks) return;
    this.runs.add(page, PAGE_AS_BEFORE | marks);
  }
}
