/**
 * Why pages that are equal are not merged: of each the one thing that it waits for.
 *
 * Goes by bytes and ptes as they are, by what the scanner remembers and where it is. All pages are
 * noted first, then summed up, then asked about. Told is what comes if nobody writes any more.
 */
import {
  CTL_FRAMES,
  CTL_MAX_PAGE_SHARING,
  CTL_MERGE_ACROSS_NODES,
  CTL_SMART_SCAN,
  CTL_USE_ZERO_PAGES,
  NO_SHARING_LIMIT,
  PTE_DIRTY,
  PTE_FRAME,
  PTE_PRESENT,
  PTE_STATE,
  RMAP_AGE_MASK,
  RMAP_CHANGES,
  RMAP_FLAGS,
  RMAP_SEEN,
  RMAP_SKIPS_MASK,
  RMAP_SKIPS_SHIFT,
  RMAP_UNSTABLE,
  STABLE_LENGTH,
} from '../core/layout.js';
import { type LongWork, PAGES_A_STEP } from '../machine/long-work.js';
import type { Machine } from '../machine/machine.js';
import { type ApartReason, PAGE_STATES } from '../names.js';
import { Contents } from './contents.js';
import { pageState } from './page-state.js';
import { Meetings, type Visits, visitsAhead } from './visits-ahead.js';

const UNTOUCHED = PAGE_STATES.indexOf('untouched');
const UNMERGEABLE = PAGE_STATES.indexOf('unmergeable');
const WAITING = PAGE_STATES.indexOf('waiting');
const VOLATILE = PAGE_STATES.indexOf('volatile');
const SHARED = PAGE_STATES.indexOf('shared');
const ZERO = PAGE_STATES.indexOf('zero');

// What is noted of a frame, by the pages that map it.
const NOTED = 1;
const ADVISED = 2;
const MERGED = 4;
/** First of its content, and not alone. */
const HAS_LIKE = 8;
/** Counted among those that smart scan keeps apart. */
const KEPT_APART = 16;

/** What smart_scan=0 has an end with. */
export const KEPT_APART_REASONS: ReadonlySet<ApartReason> = new Set([
  'notYetDue',
  'outOfPhase',
  'neverInPhase',
]);

/** Frames of one content that may merge with each other: all there are, or those of one node. */
interface Alike {
  /** Those that an advised page maps, and of these those that are no KSM page. */
  advised: number;
  unmerged: number;
  /** Of the unmerged, those that nobody has written lately. */
  readonly meetings: Meetings;
  /** Of these again, those that smart scan keeps apart. */
  keptApart: number;
  /** A KSM page of this content takes more mappings, or the zero page does. */
  hasRoom: boolean;
}

export class Apart {
  private readonly i32: Int32Array;
  private readonly contents: Contents;
  /** By frame. */
  private readonly bits: Uint8Array;
  /** By frame: the full scans that visit a page of it that nobody has written lately. */
  private readonly visits: Int32Array;
  /** By the first frame of a content that has a like; then by node, 0 where all are as one. */
  private readonly alike = new Map<number, Map<number, Alike>>();

  /** Of all contents, or of that of the frame `only` alone. */
  constructor(
    private readonly machine: Machine,
    only?: number,
  ) {
    this.i32 = machine.memory.i32;
    this.contents = new Contents(machine, only);
    this.bits = new Uint8Array(this.i32[CTL_FRAMES]);
    this.visits = new Int32Array(this.i32[CTL_FRAMES]);
  }

  /** `isPassed`: the scanner has come by in the full scan under way. */
  note(slot: number, isPassed: boolean): void {
    const { i32, bits, contents } = this;
    const state = pageState(this.machine, slot);
    if (state === UNTOUCHED || state === ZERO) return;
    const frame = i32[slot + PTE_FRAME];
    const first = contents.note(frame);
    if (first === 0) return;
    if (frame !== first || this.takesZeroPage(frame)) bits[first] |= HAS_LIKE;
    bits[frame] |= NOTED | kindOf(state);
    if (this.isCalm(slot, state)) this.visits[frame] |= this.visitsOf(slot, isPassed);
  }

  /** To be called once, when all pages are noted. */
  *sum(): LongWork {
    const { bits, contents } = this;
    for (let frame = 0; frame < bits.length; frame++) {
      if (frame % PAGES_A_STEP === 0) yield;
      const noted = bits[frame];
      if ((noted & NOTED) === 0) continue;
      const first = contents.first(frame);
      if ((bits[first] & HAS_LIKE) === 0) continue;
      const alike = this.alikeOf(first, frame);
      if ((noted & ADVISED) !== 0) alike.advised++;
      if ((noted & MERGED) !== 0) alike.hasRoom ||= this.hasRoom(frame);
      else if ((noted & ADVISED) !== 0) {
        alike.unmerged++;
        if (this.visits[frame] !== 0) alike.meetings.add(this.visits[frame]);
      }
    }
  }

  /** Undefined of a page that is merged, that no other frame is equal to, or that was not noted. */
  reason(slot: number): ApartReason | undefined {
    const state = pageState(this.machine, slot);
    if (state === UNTOUCHED || state === ZERO || state === SHARED) return undefined;
    const frame = this.i32[slot + PTE_FRAME];
    const first = this.contents.first(frame);
    const nodes = this.alike.get(first);
    const alike = nodes?.get(this.nodeOf(frame));
    if (nodes === undefined || alike === undefined) return undefined;
    if ((kindOf(state) & ADVISED) === 0) return 'unadvised';
    if (!alike.hasRoom && alike.advised < 2)
      return [...nodes.values()].some((other) => other !== alike && other.advised > 0)
        ? 'node'
        : 'unadvised';
    if (!alike.hasRoom && alike.unmerged < 2) return 'limit';
    if (!this.isCalm(slot, state)) return 'changed';
    const reason = alike.meetings.reason(this.visits[frame], alike.hasRoom);
    if (KEPT_APART_REASONS.has(reason) && (this.bits[frame] & KEPT_APART) === 0) {
      this.bits[frame] |= KEPT_APART;
      alike.keptApart++;
    }
    return reason;
  }

  /** Whether it is known, merged or not. */
  knows(slot: number): boolean {
    return (
      (this.i32[slot + PTE_STATE] & PTE_PRESENT) !== 0 &&
      this.contents.first(this.i32[slot + PTE_FRAME]) !== 0
    );
  }

  /** One content in so many is known. */
  get sample(): number {
    return this.contents.oneIn;
  }

  /** How many pages one that is known stands for. */
  weight(slot: number): number {
    return this.contents.weight(this.contents.first(this.i32[slot + PTE_FRAME]));
  }

  /** Frames that come free if smart scan no longer keeps those apart that were asked about. */
  freedWithoutSmartScan(): number {
    const { limit } = this;
    let freed = 0;
    for (const [first, nodes] of this.alike)
      for (const { hasRoom, meetings, keptApart } of nodes.values()) {
        if (keptApart === 0) continue;
        const stay = hasRoom || meetings.isMerging ? 0 : Math.max(1, Math.ceil(keptApart / limit));
        freed += (keptApart - stay) * this.contents.weight(first);
      }
    return freed;
  }

  /** As far as is known nobody writes it: the scanner's next visit finds it as the last one did. */
  private isCalm(slot: number, state: number): boolean {
    if (state === SHARED || state === UNMERGEABLE) return false;
    const { i32 } = this;
    const isSeen = (i32[slot + RMAP_FLAGS] & RMAP_SEEN) !== 0;
    const isWritten = isSeen && (i32[slot + PTE_STATE] & PTE_DIRTY) !== 0;
    return (
      state === WAITING || !(isWritten || (state === VOLATILE && i32[slot + RMAP_CHANGES] > 0))
    );
  }

  private visitsOf(slot: number, isPassed: boolean): Visits {
    const flags = this.i32[slot + RMAP_FLAGS];
    const page = {
      age: flags & RMAP_AGE_MASK,
      skips: (flags & RMAP_SKIPS_MASK) >> RMAP_SKIPS_SHIFT,
      isPassed,
      isSeen: (flags & RMAP_SEEN) !== 0,
      isInTree: (flags & RMAP_UNSTABLE) !== 0,
    };
    return visitsAhead(page, this.i32[CTL_SMART_SCAN] !== 0);
  }

  private alikeOf(first: number, frame: number): Alike {
    const nodes = this.alike.get(first) ?? new Map<number, Alike>();
    this.alike.set(first, nodes);
    const node = this.nodeOf(frame);
    const alike = nodes.get(node) ?? {
      advised: 0,
      unmerged: 0,
      meetings: new Meetings(),
      keptApart: 0,
      hasRoom: this.takesZeroPage(first),
    };
    nodes.set(node, alike);
    return alike;
  }

  private nodeOf(frame: number): number {
    return this.i32[CTL_MERGE_ACROSS_NODES] !== 0 ? 0 : this.machine.frames.numaNode(frame);
  }

  private takesZeroPage(frame: number): boolean {
    return this.i32[CTL_USE_ZERO_PAGES] !== 0 && this.contents.isZeroes(frame);
  }

  private hasRoom(frame: number): boolean {
    const stable = this.machine.frames.stableNode(frame);
    const length = stable === 0 ? 0 : this.i32[stable + STABLE_LENGTH];
    return length > 0 && length < this.limit;
  }

  private get limit(): number {
    const limit = this.i32[CTL_MAX_PAGE_SHARING];
    return limit === NO_SHARING_LIMIT ? Number.POSITIVE_INFINITY : limit;
  }
}

/** What the page makes of its frame. */
function kindOf(state: number): number {
  if (state === SHARED) return ADVISED | MERGED;
  return state === UNMERGEABLE ? 0 : ADVISED;
}
