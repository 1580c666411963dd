/**
 * A computer's memory: frames, and guests whose page tables map them.
 *
 * Each thread has a Machine of its own, all over the same shared memory. Addresses are bytes,
 * checked here and nowhere below. Loads and stores may come from any thread; guests and regions
 * change only on the API thread while the scanner is parked. Does not know what KSM is; it leaves
 * KSM some words in each slot.
 */
import {
  CTL_DONTNEED_FREES_TABLES,
  CTL_FRAMES,
  CTL_REGIONS_EPOCH,
  CTL_STORES_FAILED,
  PTE_DIRTY,
  PTE_HASHED,
  PTE_MERGEABLE,
  PTE_PRESENT,
  PTE_STATE,
  PTE_ZERO,
  REGION_MERGEABLE,
  REGION_RMAP_ITEMS,
  SLOT_WORDS,
  STRETCH_PAGES,
} from '../core/layout.js';
import { KsmdError } from '../errors.js';
import { hex } from '../hex.js';
import { Frames } from './frames.js';
import type { MachineSize } from './geometry.js';
import { Guests } from './guests.js';
import { type LongWork, PAGES_A_STEP } from './long-work.js';
import { SharedMemory } from './memory.js';
import { DONE, LOCKED, type Outcome, PageAccess } from './page-access.js';
import { type Patience, ShortPatience } from './patience.js';
import { PteLock } from './pte.js';
import { Regions } from './regions.js';
import { Stretches } from './stretches.js';

/** Addresses stay below this: what a 47-bit user address space holds. */
const ADDRESS_LIMIT = 2 ** 47;
/** Where regions go that name no address. */
const DEFAULT_ADDRESS = 0x100000000;
const STEP_WORDS = PAGES_A_STEP * SLOT_WORDS;
const STRETCH_WORDS = STRETCH_PAGES * SLOT_WORDS;

export class Machine {
  readonly frames: Frames;
  readonly guests: Guests;
  readonly regions: Regions;
  readonly lock: PteLock;
  readonly pages: PageAccess;
  readonly stretches: Stretches;
  /** Bytes of a guest's page. */
  readonly pageSize: number;
  /** Bytes stored of a page: all of it, or its fingerprint. */
  readonly frameBytes: number;
  /**
   * Frames held by references that no pte stands for, 0 where one was let go of: the API thread's
   * alone.
   */
  readonly pinned = new Set<Int32Array>();
  private readonly patience: Patience;
  /**
   * The region that this thread used last, good while regions are of that epoch; and the offset in
   * its page of the address last looked up.
   */
  private readonly near = { epoch: -1, guest: 0, vpn: 0, endVpn: 0, slot: 0, offset: 0 };

  constructor(
    readonly memory: SharedMemory,
    patience?: Patience,
  ) {
    this.pageSize = memory.pageSize;
    this.frameBytes = memory.frameBytes;
    this.frames = new Frames(memory);
    this.guests = new Guests(memory);
    this.regions = new Regions(memory);
    this.lock = new PteLock(memory);
    this.patience = patience ?? new ShortPatience(this.lock);
    this.stretches = new Stretches(memory, this.regions, this.frames);
    this.pages = new PageAccess(memory, this.frames, this.lock, this.stretches);
  }

  /**
   * A new machine, its memory seen as the thread `holder` sees it. EINVAL if there is no room
   * for it.
   */
  static create(size: MachineSize, holder: number): Machine {
    return new Machine(SharedMemory.create(size, holder));
  }

  /**
   * Maps `pages` untouched pages at `address`, or where there is room. `huge`: advised to huge
   * pages. EINVAL if the address is unaligned, out of range or taken.
   */
  *map(guest: number, pages: number, address?: number, huge = false): LongWork<number> {
    if (!Number.isSafeInteger(pages) || pages < 1)
      throw new KsmdError('EINVAL', `a region of ${pages} pages: take 1 or more`);
    const at = address ?? this.freeAddress(guest, pages, huge);
    if (!Number.isSafeInteger(at) || at % this.pageSize !== 0)
      throw new KsmdError(
        'EINVAL',
        `address ${hex(at)} is no multiple of the page size, ${this.pageSize}`,
      );
    if (at < this.pageSize || at + pages * this.pageSize > ADDRESS_LIMIT) {
      throw new KsmdError(
        'EINVAL',
        `${pages} pages at ${hex(at)}: addresses go ` +
          `from ${hex(this.pageSize)} to ${hex(ADDRESS_LIMIT)}`,
      );
    }
    const vpn = at / this.pageSize;
    const { regions } = this;
    for (
      let r = regions.endingAbove(guest, vpn);
      r !== 0 && regions.vpn(r) < vpn + pages;
      r = regions.next(r)
    ) {
      if (!regions.isGhost(r))
        throw new KsmdError(
          'EINVAL',
          `${pages} pages at ${hex(at)} overlap a region at ${hex(regions.vpn(r) * this.pageSize)}`,
        );
    }
    return yield* regions.create(guest, vpn, pages, huge);
  }

  /** Unmaps a region. Where rmap items are left it stays as a ghost. */
  *unmap(region: number): LongWork {
    const { i32 } = this.memory;
    yield* this.dropPages(region, 0, this.regions.pages(region));
    const slot = this.regions.slot(region, this.regions.vpn(region));
    for (let s = slot; s < this.regions.endSlot(region); s += SLOT_WORDS) {
      i32[s + PTE_STATE] &= PTE_HASHED | PTE_DIRTY;
      if ((s - slot) % STEP_WORDS === 0) yield;
    }
    for (const start of this.stretches.of(region)) this.stretches.clear(start);
    this.regions.makeGhost(region);
    if (i32[region + REGION_RMAP_ITEMS] === 0) this.regions.destroy(region);
  }

  /** Sets or clears the advice MERGEABLE on `count` pages of a region from `first` on. */
  *advise(region: number, first: number, count: number, mergeable: boolean): LongWork {
    const { i32 } = this.memory;
    for (let i = first; i < first + count; i++) {
      if (i % PAGES_A_STEP === 0) yield;
      const slot = this.regions.slot(region, this.regions.vpn(region) + i);
      const was = (i32[slot + PTE_STATE] & PTE_MERGEABLE) !== 0;
      if (was === mergeable) continue;
      this.pages.advise(slot, mergeable);
      i32[region + REGION_MERGEABLE] += mergeable ? 1 : -1;
    }
    const { stretches } = this;
    for (const start of stretches.within(region, first, count))
      if (stretches.isHuge(start) && !stretches.isOneMapping(start)) stretches.mapSmall(start);
  }

  /** Forgets the contents of `count` pages of a region from `first` on. */
  *dropPages(region: number, first: number, count: number): LongWork {
    const { i32 } = this.memory;
    const slot = this.regions.slot(region, this.regions.vpn(region) + first);
    for (const start of this.stretches.within(region, first, count))
      this.dropStretch(start, slot <= start && start + STRETCH_WORDS <= slot + count * SLOT_WORDS);
    for (let s = slot; s < slot + count * SLOT_WORDS; s += SLOT_WORDS) {
      if ((s - slot) % STEP_WORDS === 0) yield;
      if ((Atomics.load(i32, s + PTE_STATE) & (PTE_PRESENT | PTE_ZERO)) !== 0) this.pages.drop(s);
    }
  }

  /** Pages of a stretch are about to be dropped: all of them, or some. */
  private dropStretch(start: number, isWhole: boolean): void {
    const { stretches } = this;
    const isAll = isWhole && stretches.isOneMapping(start);
    const freesTables = this.memory.i32[CTL_DONTNEED_FREES_TABLES] !== 0;
    if (isAll && (freesTables || !stretches.isSmall(start))) stretches.clear(start);
    else if (stretches.isHuge(start)) stretches.mapSmall(start);
  }

  /** EFAULT unless regions map all of `length` bytes at `address`. */
  assertMapped(guest: number, address: number, length: number): void {
    if (!Number.isSafeInteger(address) || address < 0)
      throw new KsmdError('EINVAL', `address ${address} is no address`);
    if (!Number.isSafeInteger(length) || length < 0)
      throw new KsmdError('EINVAL', `length ${length} is no length`);
    let vpn = Math.floor(address / this.pageSize);
    const end = Math.ceil((address + length) / this.pageSize);
    while (vpn < end) {
      const region = this.regions.at(guest, vpn);
      if (region === 0) throw new KsmdError('EFAULT', `no region maps ${hex(vpn * this.pageSize)}`);
      vpn = this.regions.vpn(region) + this.regions.pages(region);
    }
  }

  /** Its frames hold what stands for pages, not the pages. */
  get holdsFingerprints(): boolean {
    return this.frameBytes < this.pageSize;
  }

  /** ENOTSUP where frames hold fingerprints of pages. */
  assertHoldsBytes(): void {
    if (!this.holdsFingerprints) return;
    throw new KsmdError(
      'ENOTSUP',
      'this host holds fingerprints of pages, not their bytes: none can be read or written. ' +
        'A daemon without --fingerprints holds them',
    );
  }

  /**
   * Copies what the guest has at `address` into `target`. EFAULT if part of it is not mapped.
   */
  load(guest: number, address: number, target: Uint8Array): void {
    this.assertHoldsBytes();
    const slot = this.slotWithinPage(guest, address, target.length);
    if (slot !== 0 && this.pages.load(slot, this.near.offset, target) === DONE) return;
    this.assertMapped(guest, address, target.length);
    this.eachPage(guest, address, target.length, (slot, offset, from, length) =>
      this.pages.load(slot, offset, target.subarray(from, from + length)),
    );
  }

  /** Copies what frames hold of the page at `address` into `target`, `frameBytes`. EFAULT. */
  loadPage(guest: number, address: number, target: Uint8Array): void {
    this.assertMapped(guest, address, this.pageSize);
    this.eachPage(guest, address, this.pageSize, (slot) => this.pages.load(slot, 0, target));
  }

  /**
   * Stores `source` at `address`. EFAULT, nothing stored, if part of it is not mapped;
   * ENOMEM, which says how much was, if frames run out.
   */
  store(guest: number, address: number, source: Uint8Array): void {
    this.assertHoldsBytes();
    const slot = this.slotWithinPage(guest, address, source.length);
    if (slot !== 0 && this.pages.store(slot, this.near.offset, source) === DONE) return;
    this.assertMapped(guest, address, source.length);
    const stored = this.putBytes(guest, address, source);
    if (stored < source.length) throw this.outOfFrames(address + stored, stored, source.length);
  }

  /**
   * Stores what frames are to hold of whole pages from `address` on: `contents` has `frameBytes` a
   * page. The API thread's only. Errors as of `store`, in bytes of `contents`; EINVAL if it is not
   * of whole pages.
   */
  storePages(guest: number, address: number, contents: Uint8Array): void {
    const { frameBytes, pageSize } = this;
    const pages = contents.length / frameBytes;
    if (address % pageSize !== 0 || !Number.isInteger(pages))
      throw new KsmdError(
        'EINVAL',
        `${contents.length} bytes at ${hex(address)} are no whole pages`,
      );
    this.assertMapped(guest, address, pages * pageSize);
    const stored = this.putPages(guest, address, contents);
    if (stored < pages)
      throw this.outOfFrames(address + stored * pageSize, stored * frameBytes, contents.length);
  }

  /**
   * As `store`, faster where it is of many pages. The API thread's only.
   */
  storeLong(guest: number, address: number, source: Uint8Array): void {
    const { pageSize } = this;
    const head = (pageSize - (address % pageSize)) % pageSize;
    const whole = Math.floor((source.length - head) / pageSize);
    if (whole < 2 || this.frameBytes !== pageSize) {
      this.store(guest, address, source);
      return;
    }
    this.assertMapped(guest, address, source.length);
    const tail = head + whole * pageSize;
    let stored = this.putBytes(guest, address, source.subarray(0, head));
    if (stored === head)
      stored += this.putPages(guest, address + head, source.subarray(head, tail)) * pageSize;
    if (stored === tail) stored += this.putBytes(guest, address + tail, source.subarray(tail));
    if (stored < source.length) throw this.outOfFrames(address + stored, stored, source.length);
  }

  /** What frames are to hold of whole pages; how many pages had it before frames ran out. */
  private putPages(guest: number, address: number, contents: Uint8Array): number {
    const { frameBytes, pageSize, regions } = this;
    const pages = contents.length / frameBytes;
    for (let done = 0; done < pages; ) {
      const vpn = address / pageSize + done;
      const region = regions.at(guest, vpn);
      const count = Math.min(pages - done, regions.vpn(region) + regions.pages(region) - vpn);
      const some = contents.subarray(done * frameBytes, (done + count) * frameBytes);
      done += this.pages.fill(regions.slot(region, vpn), some);
      if (done === pages) return done;
      // The next page is in another region, or takes a fault, or is locked, or finds no frame.
      const frame = contents.subarray(done * frameBytes, (done + 1) * frameBytes);
      const next = address + done * pageSize;
      if (this.eachPage(guest, next, frameBytes, (s) => this.pages.store(s, 0, frame)) === 0)
        return done;
      done++;
    }
    return pages;
  }

  /** How many bytes were stored before frames ran out. */
  private putBytes(guest: number, address: number, source: Uint8Array): number {
    return this.eachPage(guest, address, source.length, (slot, offset, from, length) =>
      this.pages.store(slot, offset, source.subarray(from, from + length)),
    );
  }

  /**
   * The slot, if the bytes are within one mapped page: the common case, with the region last used
   * at hand, and `near.offset`. Otherwise 0.
   */
  private slotWithinPage(guest: number, address: number, length: number): number {
    const vpn = Math.floor(address / this.pageSize);
    const offset = address - vpn * this.pageSize;
    if (!Number.isInteger(offset) || offset + length > this.pageSize) return 0;
    const { regions, memory } = this;
    // Plain: the changes it is to tell of happen while this thread stands still. A ghost, which the
    // scanner drops at any time, is never remembered here.
    const epoch = memory.i32[CTL_REGIONS_EPOCH];
    const { near } = this;
    if (near.epoch !== epoch || near.guest !== guest || vpn < near.vpn || vpn >= near.endVpn) {
      const region = regions.at(guest, vpn);
      if (region === 0) return 0;
      near.epoch = epoch;
      near.guest = guest;
      near.vpn = regions.vpn(region);
      near.endVpn = near.vpn + regions.pages(region);
      near.slot = regions.slot(region, near.vpn);
    }
    near.offset = offset;
    return near.slot + (vpn - near.vpn) * SLOT_WORDS;
  }

  /** Visits page by page; how many bytes were done before patience ran out for want of a frame. */
  private eachPage(
    guest: number,
    address: number,
    length: number,
    visit: (slot: number, offset: number, from: number, length: number) => Outcome,
  ): number {
    let region = 0;
    let waits = 0;
    for (let done = 0; done < length; ) {
      const vpn = Math.floor((address + done) / this.pageSize);
      if (region === 0 || vpn >= this.regions.vpn(region) + this.regions.pages(region))
        region = this.regions.at(guest, vpn);
      if (region === 0)
        throw new KsmdError('EFAULT', `no region maps ${hex(vpn * this.pageSize)} any more`);
      const offset = address + done - vpn * this.pageSize;
      const size = Math.min(this.pageSize - offset, length - done);
      const slot = this.regions.slot(region, vpn);
      const outcome = visit(slot, offset, done, size);
      if (outcome === DONE) {
        done += size;
        waits = 0;
        continue;
      }
      if (outcome === LOCKED) this.patience.forLock(slot, waits++);
      else if (!this.patience.forFrame()) return done;
      // While this thread waited, regions may have changed.
      region = 0;
    }
    return length;
  }

  /** A store has failed at `address`: counts it. */
  private outOfFrames(address: number, stored: number, length: number): KsmdError {
    Atomics.add(this.memory.i32, CTL_STORES_FAILED, 1);
    return new KsmdError(
      'ENOMEM',
      `no free frame for ${hex(address)}: ${stored} of ${length} bytes were stored`,
      { bytesStored: stored },
    );
  }

  private freeAddress(guest: number, pages: number, huge: boolean): number {
    const unit = huge ? STRETCH_PAGES : 1;
    let vpn = Math.ceil(DEFAULT_ADDRESS / this.pageSize / unit) * unit;
    for (let r = this.regions.first(guest); r !== 0; r = this.regions.next(r)) {
      if (this.regions.vpn(r) >= vpn + pages) break;
      const end = this.regions.vpn(r) + this.regions.pages(r);
      vpn = Math.max(vpn, Math.ceil(end / unit) * unit);
    }
    return vpn * this.pageSize;
  }
}

/** How many references no pte stands for each frame has. */
export function pinsOf(machine: Machine): Int32Array {
  // Where nothing is pinned, nothing of it is touched, and it costs no memory.
  const pins = new Int32Array(machine.memory.i32[CTL_FRAMES]);
  for (const frames of machine.pinned) for (const frame of frames) if (frame !== 0) pins[frame]++;
  return pins;
}
