/**
 * What guests do to single pages: load, store, drop; and the faults that a store takes.
 *
 * The write fault touches ptes and frames, never a tree or an rmap item: the scanner notices later,
 * as in the kernel. Usable from any thread; every step holds the pte's lock.
 */
import {
  CTL_CHANGE_DETECTION,
  CTL_COW_BREAKS,
  CTL_INCOMING,
  CTL_REUSE,
  GUEST_PRESENT_PAGES,
  INCOMING_WORDS,
  LOAD_WORDS,
  PTE_CHECKSUM,
  PTE_DIRTY,
  PTE_FORK_MASK,
  PTE_FRAME,
  PTE_HASHED,
  PTE_HELD,
  PTE_MERGEABLE,
  PTE_OWN,
  PTE_PRESENT,
  PTE_STATE,
  PTE_WRITABLE,
  PTE_ZERO,
  REGION_GUEST,
  REGION_HUGE,
  REGION_KIN,
  REGION_SLOT,
  REUSE_EXCLUSIVE,
  REUSE_NEVER,
  SLOT_REGION,
  SLOT_WORDS,
} from '../core/layout.js';
import type { Core } from './core.js';
import type { Frames } from './frames.js';
import type { SharedMemory } from './memory.js';
import type { PteLock } from './pte.js';
import type { Stretches } from './stretches.js';

/** So few bytes the core loads in one call. */
const FEW_BYTES = LOAD_WORDS * 4;

/**
 * V8 copies into shared memory by words of so many bytes where both places begin at the same one
 * of a word, else byte by byte, at a fifth of the speed.
 */
const WORD_BYTES = 8;

/**
 * What came of a load or store: done, no frame was free, or another thread has the pte's lock.
 * Nothing was changed but by the first.
 */
export const DONE = 0;
export const NO_FRAME = 1;
export const LOCKED = 2;
export type Outcome = typeof DONE | typeof NO_FRAME | typeof LOCKED;

export class PageAccess {
  private readonly i32: Int32Array;
  private readonly u8: Uint8Array;
  private readonly core: Core;
  /** Where the core leaves few bytes. */
  private readonly loaded: Uint8Array;

  constructor(
    private readonly memory: SharedMemory,
    private readonly frames: Frames,
    private readonly lock: PteLock,
    private readonly stretches: Stretches,
  ) {
    this.i32 = memory.i32;
    this.u8 = memory.u8;
    this.core = memory.core;
    this.loaded = new Uint8Array(memory.memory.buffer, this.core.loadBuffer() * 4, FEW_BYTES);
  }

  /** Copies the page's bytes from `offset` on into `target`. */
  load(slot: number, offset: number, target: Uint8Array): Outcome {
    if (target.length <= FEW_BYTES) {
      if (this.core.loadFew(slot, offset, target.length) === 0) return LOCKED;
      for (let i = 0; i < target.length; i++) target[i] = this.loaded[i];
      return DONE;
    }
    const state = this.lock.take(slot, 0);
    if (state === -1) return LOCKED;
    if ((state & PTE_PRESENT) === 0) target.fill(0);
    else {
      const start = this.memory.frameByte(this.i32[slot + PTE_FRAME]) + offset;
      target.set(this.u8.subarray(start, start + target.length));
    }
    this.lock.release(slot, state);
    return DONE;
  }

  /**
   * Stores `source` into the page at `offset`. A frame that is new to the page holds all it should
   * before the pte maps it: a thread that dies on the way has stored all or nothing.
   */
  store(slot: number, offset: number, source: Uint8Array): Outcome {
    if (this.mayBeHuge(slot) && this.core.touch(slot) === 0) return LOCKED;
    const before = this.lock.take(slot, PTE_DIRTY);
    if (before === -1) return LOCKED;
    const state = this.hashed(slot, before) | PTE_DIRTY;
    const isOwn = (state & PTE_WRITABLE) !== 0 || this.ownsFrame(slot, state);
    if (isOwn && ((state & PTE_WRITABLE) !== 0 || this.isFree(slot))) {
      this.put(this.i32[slot + PTE_FRAME], offset, source);
      this.lock.release(slot, (state & ~(PTE_HELD | PTE_FORK_MASK)) | PTE_WRITABLE);
      return DONE;
    }
    const frame = this.takeCopy(slot, state, source.length < this.memory.frameBytes);
    if (frame === 0) {
      this.lock.release(slot, state);
      return NO_FRAME;
    }
    this.put(frame, offset, source);
    if (isOwn) this.takePlace(slot, frame);
    this.mapOwn(slot, state, frame);
    const kept = state & ~(PTE_ZERO | PTE_HELD | PTE_FORK_MASK);
    this.lock.release(slot, kept | PTE_PRESENT | PTE_WRITABLE);
    return DONE;
  }

  /**
   * Pages from `slot` on, all of one region, come to hold `contents`, whole frames. How many: it
   * stops at a page that takes more than a frame of its own (`store` does it), or is locked, and
   * when no frame is free. The API thread's only, whose the words on the way are.
   */
  fill(slot: number, contents: Uint8Array): number {
    const { frameBytes } = this.memory;
    const perCall = Math.floor((INCOMING_WORDS * 4 - WORD_BYTES) / frameBytes);
    const pages = contents.length / frameBytes;
    for (let done = 0; done < pages; ) {
      const at = slot + done * SLOT_WORDS;
      const count = this.core.fillable(at, Math.min(perCall, pages - done));
      if (count === 0) return done;
      const some = contents.subarray(done * frameBytes, (done + count) * frameBytes);
      const from = CTL_INCOMING * 4 + (some.byteOffset % WORD_BYTES);
      this.u8.set(some, from);
      const filled = this.core.fillPages(at, count, from);
      done += filled;
      if (filled < count) return done;
    }
    return pages;
  }

  /**
   * Undoes a merge: the guest gets a frame of its own with the same bytes. `zeroPages`: so for the
   * zero page, where KSM has mapped it. False, and nothing changed, if no frame is free. A page
   * that is not merged is left alone.
   */
  unshare(slot: number, zeroPages: boolean): boolean {
    const state = this.lock.takeWaiting(slot, 0);
    const merged = (state & PTE_PRESENT) !== 0 && this.frames.isKsm(this.i32[slot + PTE_FRAME]);
    if (!merged && !(zeroPages && (state & PTE_ZERO) !== 0)) {
      this.lock.release(slot, state);
      return true;
    }
    const frame = this.takeCopy(slot, state, true);
    if (frame !== 0) this.mapOwn(slot, state, frame);
    const own = (state & ~(PTE_ZERO | PTE_FORK_MASK)) | PTE_PRESENT | PTE_WRITABLE;
    this.lock.release(slot, frame === 0 ? state : own);
    return frame !== 0;
  }

  /** Forgets what the page holds: it reads as zeroes again and costs no frame. */
  drop(slot: number): void {
    const state = this.hashed(slot, this.lock.takeWaiting(slot, 0));
    if ((state & PTE_PRESENT) !== 0) this.core.unmapFrame(slot);
    else if ((state & PTE_ZERO) !== 0) this.core.countZeroPage(slot, -1);
    this.lock.release(slot, (state & (PTE_MERGEABLE | PTE_HASHED)) | PTE_DIRTY);
  }

  /**
   * An untouched page maps `frame` from now on, write-protected, beside the ptes that map it
   * already. While other threads stand still.
   */
  mapFrame(slot: number, frame: number): void {
    const state = this.lock.takeWaiting(slot, 0);
    this.frames.get(frame);
    this.i32[slot + PTE_FRAME] = frame;
    Atomics.add(this.i32, this.guest(slot) + GUEST_PRESENT_PAGES, 1);
    this.core.populate(slot, 1);
    this.lock.release(slot, state | PTE_PRESENT | PTE_DIRTY);
  }

  /** An untouched page maps the zero page from now on. While other threads stand still. */
  mapZeroPage(slot: number): void {
    const state = this.lock.takeWaiting(slot, 0);
    this.core.countZeroPage(slot, 1);
    this.lock.release(slot, state | PTE_ZERO | PTE_DIRTY);
  }

  /**
   * Lets the next store to a present page ask first whether its frame is its own. While other
   * threads stand still.
   */
  writeProtect(slot: number): void {
    this.lock.release(slot, this.lock.takeWaiting(slot, 0) & ~PTE_OWN);
  }

  /** Sets or clears MERGEABLE. */
  advise(slot: number, mergeable: boolean): void {
    const state = this.lock.takeWaiting(slot, 0);
    this.lock.release(slot, mergeable ? state | PTE_MERGEABLE : state & ~PTE_MERGEABLE);
  }

  /** The guest whose page the slot is. */
  guest(slot: number): number {
    return this.i32[this.i32[slot + SLOT_REGION] + REGION_GUEST];
  }

  /**
   * In one call, however few the bytes: a thread is killed between calls or turns of a loop, never
   * within.
   */
  private put(frame: number, offset: number, source: Uint8Array): void {
    this.u8.set(source, this.memory.frameByte(frame) + offset);
  }

  /** The page is untouched, in a region that is advised to huge pages. */
  private mayBeHuge(slot: number): boolean {
    const { i32 } = this;
    return (
      i32[i32[slot + SLOT_REGION] + REGION_HUGE] !== 0 &&
      (Atomics.load(i32, slot + PTE_STATE) & (PTE_PRESENT | PTE_ZERO)) === 0
    );
  }

  /**
   * The page was write-protected for a reason that is gone, or for a snapshot: no other page maps
   * its frame, and it is no KSM page. Of a huge page, that may not be enough: then its pages are
   * mapped one by one.
   */
  private ownsFrame(slot: number, state: number): boolean {
    if ((state & PTE_PRESENT) === 0) return false;
    if ((state & PTE_HELD) !== 0) return true;
    const { frames } = this;
    const frame = this.i32[slot + PTE_FRAME];
    const folio = frames.folio(frame);
    // The scanner marks it under the lock of a pte that maps it, before another's maps it.
    const isOwn = (this.isFree(slot) || !this.kinMaps(slot, frame)) && !frames.isKsm(frame);
    return folio === 0 ? isOwn : this.ownsHugePage(slot, folio, isOwn);
  }

  /** Nothing but the page's own pte refers to its frame: no snapshot either. */
  private isFree(slot: number): boolean {
    return this.frames.mapcount(this.i32[slot + PTE_FRAME]) === 1;
  }

  /** A page that was one with this before a fork maps its frame still: none comes to do so. */
  private kinMaps(slot: number, frame: number): boolean {
    const { i32 } = this;
    const region = i32[slot + SLOT_REGION];
    const offset = slot - i32[region + REGION_SLOT];
    for (let kin = i32[region + REGION_KIN]; kin !== region; kin = i32[kin + REGION_KIN])
      if (i32[i32[kin + REGION_SLOT] + offset + PTE_FRAME] === frame) return true;
    return false;
  }

  /**
   * Whether a store may go on with its page of a huge page, where a fork has write-protected it.
   * Linux: do_huge_pmd_wp_page, wp_can_reuse_anon_folio.
   */
  private ownsHugePage(slot: number, folio: number, isOwn: boolean): boolean {
    const { i32, stretches } = this;
    const start = this.core.stretchStart(slot);
    const isHuge = stretches.isHuge(start);
    const reuse = isHuge ? REUSE_EXCLUSIVE : i32[CTL_REUSE];
    if (isOwn && reuse !== REUSE_NEVER) {
      const { here, elsewhere } = stretches.mappingsOf(slot, folio);
      if (elsewhere === 0 && (reuse === REUSE_EXCLUSIVE || here === 1)) return true;
    }
    if (isHuge) stretches.mapSmall(start);
    return false;
  }

  /**
   * With the lock held, before the page changes: the state from here on. The scanner compares
   * checksums from visit to visit, but the checksum of a page that is not written in between never
   * comes to matter. So it is taken here, of what the scanner last saw, when that is about to go.
   */
  private hashed(slot: number, state: number): number {
    // Nobody asks for checksums: a change of this between two stores only makes the scanner take a
    // page for changed.
    if (this.i32[CTL_CHANGE_DETECTION] !== 0) return state;
    if ((state & (PTE_DIRTY | PTE_HASHED)) !== 0 || (state & (PTE_PRESENT | PTE_ZERO)) === 0)
      return state;
    this.i32[slot + PTE_CHECKSUM] = this.memory.frameChecksum(this.i32[slot + PTE_FRAME]);
    return state | PTE_HASHED;
  }

  /**
   * The fault's first half, with the lock held: a new frame, holding the page's bytes if `keep`. 0
   * if none is free.
   */
  private takeCopy(slot: number, state: number, keep: boolean): number {
    const { i32 } = this;
    const frame = this.core.frameFor(slot);
    if (frame === 0 || !keep) return frame;
    if ((state & PTE_PRESENT) !== 0) this.core.frameCopy(frame, i32[slot + PTE_FRAME]);
    else this.core.frameZero(frame);
    return frame;
  }

  /** The copy is part of the huge page that what it is a copy of is part of. */
  private takePlace(slot: number, copy: number): void {
    const folio = this.frames.folio(this.i32[slot + PTE_FRAME]);
    if (folio !== 0) this.core.setFolio(copy, folio);
  }

  /** The fault's second half: the pte maps `frame` instead of what it had. */
  private mapOwn(slot: number, state: number, frame: number): void {
    const { i32 } = this;
    const before = i32[slot + PTE_FRAME];
    i32[slot + PTE_FRAME] = frame;
    if ((state & PTE_PRESENT) !== 0) {
      // What a fork shares is copied without KSM too. Asked before the frame may be another's.
      if (this.frames.isKsm(before)) this.countBreak();
      this.frames.put(before);
      return;
    }
    if ((state & PTE_ZERO) !== 0) {
      this.core.countZeroPage(slot, -1);
      this.countBreak();
    }
    Atomics.add(i32, this.guest(slot) + GUEST_PRESENT_PAGES, 1);
    this.core.populate(slot, 1);
  }

  /** A page that KSM had merged has got a frame of its own. */
  private countBreak(): void {
    // From -1, the low of the two words starts again at 0.
    if (Atomics.add(this.i32, CTL_COW_BREAKS, 1) === -1)
      Atomics.add(this.i32, CTL_COW_BREAKS + 1, 1);
  }
}
