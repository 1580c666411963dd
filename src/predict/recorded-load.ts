/**
 * A recording's guests in a host: what a sweep has found changed is changed there, record by
 * record. A page that never rests is another whenever the scanner comes by.
 *
 * The host holds fingerprints. Pages that more than one guest maps since a fork are shared there
 * too, as long as the recording says so.
 */
import { KsmdError } from '../errors.js';
import { FINGERPRINT_BYTES } from '../fingerprints/fingerprint.js';
import { Sample } from '../fingerprints/sample.js';
import type { RecordedStretch } from '../inspect/given-back.js';
import type { Host } from '../ksm/host.js';
import {
  PAGE_ABSENT,
  PAGE_AS_BEFORE,
  PAGE_CONTENT,
  PAGE_KIND,
  PAGE_RESTLESS,
  PAGE_SHARED,
  PAGE_UNSAMPLED,
  PAGE_ZEROES,
} from '../recording/format.js';
import { STRETCH_PAGES } from '../recording/recorded-host.js';
import { isImage, isMappingAdvised } from '../recording/recorded-pages.js';
import type { GuestFacts, MappingFacts, PagesRecord, SweepRecord } from '../recording/records.js';
import { firstEndingAfter, LoadedGuest, type Pages, uncovered } from './loaded-guest.js';
import { ALL_PLACES, PageSet } from './places.js';
import { restlessContent } from './restless-content.js';
import type { Survey } from './survey.js';
import { summed, type ToldCounts, ToldPages } from './told-pages.js';

/** Pages that are stored at once. */
const RUN_PAGES = 4096;
const ZEROES = Buffer.alloc(RUN_PAGES * FINGERPRINT_BYTES);
const NO_CONTENT = ZEROES.subarray(0, FINGERPRINT_BYTES);
/** Images may begin at address 0, where no guest's memory does: they lie so many pages on. */
const IMAGE_PAGE = 2 ** 20;

/** Pages that are left out, and why: of those that are present after the last sweep applied. */
export interface LeftOut {
  /** Of guests whose memory a device may write to. */
  readonly pinnedPages: number;
  /** In mappings that are not advised, where others are. */
  readonly notAdvisedPages: number;
}

export class RecordedLoad {
  private readonly guests = new Map<number, LoadedGuest>();
  private readonly pageSize: number;
  private readonly sample: Sample;
  private stirred = 0;

  /** `advisedOnly`: KSM looks at advised mappings alone. */
  constructor(
    private readonly host: Host,
    private readonly survey: Survey,
    private readonly advisedOnly: boolean,
    /** Told of pages, from `page` on, that have come to hold something else. */
    private readonly changed: (guest: number, page: number, fingerprints: Buffer) => void,
    /** By the names of guests: nodes that all their memory is on, in place of those recorded. */
    private readonly domains?: ReadonlyMap<string, number>,
  ) {
    this.pageSize = host.machine.pageSize;
    this.sample = new Sample(survey.oneIn);
  }

  apply(record: SweepRecord): void {
    switch (record.type) {
      case 'guest':
        if (!this.guests.has(record.guest)) this.come(record.guest, record);
        return;
      case 'guest-gone':
        this.go(record.guest);
        return;
      case 'mapping':
        this.map(this.guest(record.guest), record);
        return;
      case 'mapping-gone': {
        const guest = this.guest(record.guest);
        guest.mappings = guest.mappings.filter(({ page }) => page !== record.page);
        return;
      }
      case 'pages':
        this.applyPages(record);
        return;
      case 'end':
        for (const [id, guest] of this.guests) {
          this.settle(id, guest);
          this.endFork(guest);
          guest.isNew = false;
        }
        return;
      default:
    }
  }

  get leftOut(): LeftOut {
    let pinnedPages = 0;
    let notAdvisedPages = 0;
    for (const { leftOut, isPinned } of this.guests.values())
      if (isPinned) pinnedPages += leftOut.size;
      else notAdvisedPages += leftOut.size;
    return { pinnedPages, notAdvisedPages };
  }

  /** Of a sample: in it and outside of it, of guests that are there. */
  get told(): ToldCounts {
    return summed([...this.guests.values()].flatMap(({ told }) => told?.counts ?? []));
  }

  /**
   * What the recording has of the stretch that begins at a virtual page of a guest, by the guest's
   * pointer in the machine.
   */
  recordedStretches(): (guest: number, vpn: number) => RecordedStretch | undefined {
    const settled = [...this.guests.values()].filter(({ isSettled }) => isSettled);
    const known = new Map(settled.map((guest) => [this.host.guests.pointer(guest.name), guest]));
    return (pointer, vpn) => {
      const guest = known.get(pointer);
      return guest?.recorded?.within((vpn - guest.base) / STRETCH_PAGES);
    };
  }

  /** Pages that have changed once more, of guests that are there still. */
  applyAgain(record: PagesRecord): void {
    if (this.guests.has(record.guest)) this.applyPages(record);
  }

  /** Before the scanner comes by again, every page that never rests is another one. */
  stir(): void {
    for (const guest of this.guests.values())
      for (const page of guest.restless) this.store(guest, page, this.newContent());
  }

  private come(id: number, facts: GuestFacts): void {
    const surveyed = this.survey.guests.get(id);
    const name = `guest-${id}`;
    const guest = new LoadedGuest(
      id,
      name,
      surveyed?.beginsAtZero === true ? IMAGE_PAGE : 0,
      surveyed?.places ?? ALL_PLACES,
      facts.isPinned,
      // Nobody advises an image: its pages count whatever processes have advised.
      facts.mergesAny || isImage(facts),
      this.domains?.get(facts.name),
      this.sample.n === 1 ? undefined : new ToldPages(this.sample),
    );
    this.guests.set(id, guest);
  }

  /**
   * The guest is there for the host, before the first of its pages is told: a fork only then, since
   * its parent's pages may be told after it has come. In another domain than its parent it is none:
   * it has pages of its own.
   */
  private settle(id: number, guest: LoadedGuest): void {
    if (guest.isSettled) return;
    guest.isSettled = true;
    const { host } = this;
    const { name } = guest;
    const surveyed = this.survey.guests.get(id);
    const parent = surveyed?.forkOf === undefined ? undefined : this.guests.get(surveyed.forkOf);
    if (surveyed?.forkOf === undefined || parent === undefined || parent.domain !== guest.domain)
      host.createGuest(name, guest.domain);
    else {
      this.settle(surveyed.forkOf, parent);
      host.fork(parent.name, name);
      guest.parent = parent;
      guest.forkedUpTo = 0;
    }
    const hasHuge = this.sample.n === 1 && surveyed?.laid.some(({ huge }) => huge) === true;
    if (hasHuge || guest.parent?.recorded !== undefined) {
      guest.recorded = new PageSet();
      if (guest.parent?.recorded !== undefined) guest.recorded.addAll(guest.parent.recorded);
    }
    const laid = uncovered(this.regionsOf(guest), surveyed?.laid ?? []);
    for (const { page, pages, huge, node } of laid)
      host.map(name, String(page), pages, {
        address: this.addressOf(guest, page),
        huge: huge && this.sample.n === 1,
        node: guest.domain ?? node,
      });
    guest.regions = this.regionsOf(guest);
  }

  private regionsOf({ name, base }: LoadedGuest): Pages[] {
    return this.host.guests
      .regionsOf(name)
      .map(({ address, pages }) => ({ page: address / this.pageSize - base, pages }));
  }

  private address(guest: LoadedGuest, page: number): number {
    return this.addressOf(guest, guest.places.of(page));
  }

  private addressOf({ base }: LoadedGuest, place: number): number {
    return (base + place) * this.pageSize;
  }

  private go(id: number): void {
    const guest = this.guests.get(id);
    if (guest === undefined) return;
    this.guests.delete(id);
    if (guest.isSettled) this.host.exitGuest(guest.name);
  }

  private map(guest: LoadedGuest, mapping: MappingFacts): void {
    guest.mappings = guest.mappings.filter(({ page }) => page !== mapping.page);
    guest.mappings.push(mapping);
    guest.mappings.sort((a, b) => a.page - b.page);
    if (isMappingAdvised(mapping) && !guest.isPinned)
      guest.leftOut.remove(mapping.page, mapping.pages);
  }

  private applyPages(record: PagesRecord): void {
    const { page, pages, state } = record;
    const guest = this.guest(record.guest);
    const kind = state & PAGE_KIND;
    this.settle(record.guest, guest);
    if (kind === PAGE_ABSENT) guest.leftOut.remove(page, pages);
    if (guest.isPinned) {
      if (kind !== PAGE_ABSENT) guest.leftOut.add(page, pages);
      return;
    }
    if (guest.forkedUpTo !== undefined) {
      this.drop(guest, guest.forkedUpTo, page);
      guest.forkedUpTo = Math.max(guest.forkedUpTo, page + pages);
    }
    // What is gone may be told after the mapping that it was in.
    if (!this.advisedOnly || guest.mergesAny || kind === PAGE_ABSENT) {
      this.put(guest, record, page, page + pages);
      return;
    }
    guest.leftOut.add(page, pages);
    for (const mapping of guest.mappings) {
      if (!isMappingAdvised(mapping)) continue;
      const from = Math.max(page, mapping.page);
      const to = Math.min(page + pages, mapping.page + mapping.pages);
      if (from >= to) continue;
      guest.leftOut.remove(from, to - from);
      this.put(guest, record, from, to);
    }
  }

  /** Pages `from` to `to` - 1 of those that the record is of. */
  private put(guest: LoadedGuest, record: PagesRecord, from: number, to: number): void {
    const kind = record.state & PAGE_KIND;
    if (kind === PAGE_AS_BEFORE) return;
    guest.told?.put(kind, from, to, guest.isNew);
    if (guest.restless.size > 0 && kind !== PAGE_RESTLESS)
      for (let page = from; page < to; page++) guest.restless.delete(page);
    switch (kind) {
      case PAGE_ABSENT:
      // What is outside a sample is as if it was not there.
      case PAGE_UNSAMPLED:
        if (!guest.isNew || guest.parent !== undefined) this.drop(guest, from, to);
        return;
      case PAGE_ZEROES:
        if (this.sample.n > 1) {
          this.putByPlace(guest, from, to, (page) => this.store(guest, page, NO_CONTENT));
          return;
        }
        for (let page = from; page < to; page += RUN_PAGES)
          this.store(
            guest,
            page,
            ZEROES.subarray(0, Math.min(RUN_PAGES, to - page) * FINGERPRINT_BYTES),
          );
        return;
      case PAGE_CONTENT:
        if (record.fingerprints !== undefined)
          this.putContents(
            guest,
            from,
            record.fingerprints.subarray(
              (from - record.page) * FINGERPRINT_BYTES,
              (to - record.page) * FINGERPRINT_BYTES,
            ),
          );
        return;
      case PAGE_RESTLESS:
        this.putByPlace(guest, from, to, (page) => {
          guest.restless.add(page);
          this.store(guest, page, this.newContent());
        });
        return;
      case PAGE_SHARED:
        this.share(guest, record.owner, from, to);
        return;
      default:
        throw new KsmdError('EINVAL', `pages of an unknown kind (${kind})`);
    }
  }

  /** Pages that no content puts into the sample, or not: of them it is those at some places. */
  private putByPlace(
    guest: LoadedGuest,
    from: number,
    to: number,
    put: (page: number) => void,
  ): void {
    for (let page = from; page < to; page++)
      if (this.sample.hasPlace(page)) put(page);
      else if (!guest.isNew || guest.parent !== undefined) this.drop(guest, page, page + 1);
  }

  /** A guest that is new has frames of its own for them, be they equal to those of its parent. */
  private putContents(guest: LoadedGuest, first: number, contents: Buffer): void {
    if (guest.isNew) this.store(guest, first, contents);
    else this.storeChanged(guest, first, contents);
  }

  /** Where no fork has given it the owner's pages, it has equal ones of its own. */
  private share(guest: LoadedGuest, owner: number | undefined, from: number, to: number): void {
    const theirs = owner === undefined ? undefined : this.guests.get(owner);
    if (theirs?.isSettled !== true || (guest.forkedUpTo !== undefined && theirs === guest.parent))
      return;
    const content = Buffer.alloc(FINGERPRINT_BYTES);
    for (let page = from; page < to; page++) {
      if (theirs.told !== undefined)
        guest.told?.put(theirs.told.kindOf(page), page, page + 1, false);
      if (!theirs.places.has(page)) continue;
      this.host.memory.loadPage(theirs.name, this.address(theirs, page), content);
      this.storeChanged(guest, page, content);
    }
  }

  /**
   * Pages that have these contents already are let be: that somebody else is told to own them,
   * since who did has gone, is no write to them, and what a fork shares it shares still.
   */
  private storeChanged(guest: LoadedGuest, first: number, contents: Buffer): void {
    const known = Buffer.alloc(FINGERPRINT_BYTES);
    let changedFrom = 0;
    for (let at = 0; at < contents.length; at += FINGERPRINT_BYTES) {
      const page = first + at / FINGERPRINT_BYTES;
      this.host.memory.loadPage(guest.name, this.address(guest, page), known);
      const isKnown = known.compare(contents, at, at + FINGERPRINT_BYTES) === 0;
      // Of zeroes it cannot be told whether they are there at all.
      if (!isKnown || known.equals(NO_CONTENT)) continue;
      this.storeSome(guest, first, contents, changedFrom, at);
      changedFrom = at + FINGERPRINT_BYTES;
    }
    this.storeSome(guest, first, contents, changedFrom, contents.length);
  }

  /** Those of `contents` between two of its bytes; `first` is the page of the first of all. */
  private storeSome(
    guest: LoadedGuest,
    first: number,
    contents: Buffer,
    from: number,
    to: number,
  ): void {
    if (from === to) return;
    const page = first + from / FINGERPRINT_BYTES;
    const fingerprints = contents.subarray(from, to);
    this.store(guest, page, fingerprints);
    this.changed(guest.id, page, fingerprints);
  }

  /** What a fork has of its parent's, and has not been told of, is gone. */
  private endFork(guest: LoadedGuest): void {
    if (guest.forkedUpTo === undefined) return;
    this.drop(guest, guest.forkedUpTo, Number.MAX_SAFE_INTEGER);
    guest.forkedUpTo = undefined;
  }

  /** Pages `firstPage` to `endPage` - 1 are there no longer. */
  private drop(guest: LoadedGuest, firstPage: number, endPage: number): void {
    guest.recorded?.remove(firstPage, endPage - firstPage);
    const { host, pageSize } = this;
    const { regions, places } = guest;
    const from = places.of(firstPage);
    const to = places.of(endPage);
    for (let at = firstEndingAfter(regions, from); at < regions.length; at++) {
      const region = regions[at];
      if (region === undefined || region.page >= to) return;
      const begin = Math.max(region.page, from);
      const end = Math.min(region.page + region.pages, to);
      if (begin < end)
        host.madvise(
          guest.name,
          this.addressOf(guest, begin),
          (end - begin) * pageSize,
          'dontneed',
        );
    }
  }

  private store(guest: LoadedGuest, page: number, contents: Buffer): void {
    guest.recorded?.add(page, contents.length / FINGERPRINT_BYTES);
    this.host.memory.storePages(guest.name, this.address(guest, page), contents);
  }

  private newContent(): Buffer {
    return restlessContent(++this.stirred);
  }

  private guest(id: number): LoadedGuest {
    const guest = this.guests.get(id);
    if (guest === undefined) throw new KsmdError('EINVAL', `the recording has no guest ${id} here`);
    return guest;
  }
}
