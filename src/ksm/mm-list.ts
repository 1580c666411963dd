/**
 * The list of guests that KSM knows, and the cursor's place in it.
 *
 * A ring that starts and ends at its head. The cursor stands at a guest, or at the head between two
 * full scans. A guest enters just behind the cursor, so that it is scanned last; one that exits
 * with rmap items moves to just ahead of it, so that they go soon. Scanner, or the API thread while
 * the scanner is parked.
 */
import {
  CTL_CURSOR_GUEST,
  CTL_CURSOR_VPN,
  CTL_MM_HEAD,
  CTL_RUN,
  GUEST_ON_LIST,
  MM_NEXT,
  MM_PREV,
} from '../core/layout.js';
import type { SharedMemory } from '../machine/memory.js';
import { RUN_UNMERGE } from './run.js';

export class MmList {
  readonly head = CTL_MM_HEAD;
  private readonly i32: Int32Array;
  private readonly f64: Float64Array;

  constructor(memory: SharedMemory) {
    this.i32 = memory.i32;
    this.f64 = memory.f64;
    if (this.i32[this.head + MM_NEXT] === 0) this.clear();
  }

  /** Leaves the list empty and the cursor at its head, whatever the guests say of themselves. */
  clear(): void {
    this.i32[this.head + MM_NEXT] = this.head;
    this.i32[this.head + MM_PREV] = this.head;
    this.cursor = this.head;
  }

  get isEmpty(): boolean {
    return this.next(this.head) === this.head;
  }

  /** Where the cursor stands: a guest, or the head. */
  get cursor(): number {
    return this.i32[CTL_CURSOR_GUEST];
  }

  /** Puts the cursor before the first page of a guest, or at the head. */
  set cursor(guest: number) {
    this.i32[CTL_CURSOR_GUEST] = guest;
    this.cursorVpn = 0;
  }

  /**
   * The next virtual page of the cursor's guest to be scanned; 0 until a mergeable region has been
   * met.
   */
  get cursorVpn(): number {
    return this.f64[CTL_CURSOR_VPN >> 1];
  }

  set cursorVpn(vpn: number) {
    this.f64[CTL_CURSOR_VPN >> 1] = vpn;
  }

  next(guest: number): number {
    return this.i32[guest + MM_NEXT];
  }

  has(guest: number): boolean {
    return this.i32[guest + GUEST_ON_LIST] !== 0;
  }

  enter(guest: number): void {
    // While everything is being unmerged a newcomer has to be ahead of that walk: at the end.
    this.linkBefore(guest, this.i32[CTL_RUN] === RUN_UNMERGE ? this.head : this.cursor);
    this.i32[guest + GUEST_ON_LIST] = 1;
  }

  moveAheadOfCursor(guest: number): void {
    this.unlink(guest);
    this.linkBefore(guest, this.next(this.cursor));
  }

  leave(guest: number): void {
    this.unlink(guest);
    this.i32[guest + GUEST_ON_LIST] = 0;
  }

  private linkBefore(guest: number, next: number): void {
    const { i32 } = this;
    const prev = i32[next + MM_PREV];
    i32[guest + MM_PREV] = prev;
    i32[guest + MM_NEXT] = next;
    i32[prev + MM_NEXT] = guest;
    i32[next + MM_PREV] = guest;
  }

  private unlink(guest: number): void {
    const { i32 } = this;
    i32[i32[guest + MM_PREV] + MM_NEXT] = i32[guest + MM_NEXT];
    i32[i32[guest + MM_NEXT] + MM_PREV] = i32[guest + MM_PREV];
  }
}
