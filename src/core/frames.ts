/**
 * Frames: where their bytes are, and the list of the free ones.
 *
 * The free list is a stack that any thread may push and pop without a lock: its head and a tag that goes up with every change are one 64-bit word.
 * Frames that were never used are not on it: they are taken in order, so that memory nobody wrote costs the operating system nothing.
 */

import { mismatch } from './compare';
import {
  CTL_FIRST_PAGE,
  CTL_FRAME_TABLE,
  CTL_FRAMES,
  CTL_FRAMES_USED,
  CTL_FREE_HEAD,
  CTL_FRESH_FRAME,
  CTL_PAGE_SIZE,
  FRAME_NEXT_FREE,
  FRAME_WORDS,
} from './layout';
import { at } from './words';

let frameTable: u32 = 0;
let firstPage: u32 = 0;
let pageShift: u32 = 0;

/** To be called once an instance, after the control block's geometry is written. */
export function configure(): void {
  frameTable = at(CTL_FRAME_TABLE);
  firstPage = at(CTL_FIRST_PAGE);
  pageShift = ctz(at(CTL_PAGE_SIZE));
}

export function pageSize(): u32 {
  return 1 << pageShift;
}

/** Pointer of a frame's entry in the frame table. */
export function frameEntry(frame: u32): u32 {
  return frameTable + frame * FRAME_WORDS;
}

/** Byte address of a frame's first byte. */
export function frameAddress(frame: u32): usize {
  return (<usize>(firstPage + frame)) << pageShift;
}

/** A free frame, its bytes whatever they were, its mapcount still 0; 0 if there is none. Any thread. */
export function frameTake(): u32 {
  const head = (<usize>CTL_FREE_HEAD) << 2;
  let seen = atomic.load<u64>(head);
  while (<u32>seen != 0) {
    const frame = <u32>seen;
    const next = atomic.load<u32>((<usize>(frameEntry(frame) + FRAME_NEXT_FREE)) << 2);
    const found = atomic.cmpxchg<u64>(head, seen, (((seen >> 32) + 1) << 32) | <u64>next);
    if (found == seen) {
      atomic.add<u32>((<usize>CTL_FRAMES_USED) << 2, 1);
      return frame;
    }
    seen = found;
  }
  const fresh = (<usize>CTL_FRESH_FRAME) << 2;
  let candidate = atomic.load<u32>(fresh);
  while (candidate < at(CTL_FRAMES)) {
    const found = atomic.cmpxchg<u32>(fresh, candidate, candidate + 1);
    if (found == candidate) {
      atomic.add<u32>((<usize>CTL_FRAMES_USED) << 2, 1);
      return candidate;
    }
    candidate = found;
  }
  return 0;
}

/** Puts a frame that nothing maps back on the free list. Any thread. */
export function frameGive(frame: u32): void {
  const head = (<usize>CTL_FREE_HEAD) << 2;
  let seen = atomic.load<u64>(head);
  for (;;) {
    atomic.store<u32>((<usize>(frameEntry(frame) + FRAME_NEXT_FREE)) << 2, <u32>seen);
    const found = atomic.cmpxchg<u64>(head, seen, (((seen >> 32) + 1) << 32) | <u64>frame);
    if (found == seen) break;
    seen = found;
  }
  atomic.sub<u32>((<usize>CTL_FRAMES_USED) << 2, 1);
}

export function frameCopy(to: u32, from: u32): void {
  memory.copy(frameAddress(to), frameAddress(from), pageSize());
}

export function frameZero(frame: u32): void {
  memory.fill(frameAddress(frame), 0, pageSize());
}

/** 1 if both frames hold the same bytes. */
export function framesEqual(a: u32, b: u32): u32 {
  return framesMismatch(a, b, 0) == pageSize() ? 1 : 0;
}

/** Index of the first byte at which two frames differ; the page size if none does. */
export function framesMismatch(a: u32, b: u32, from: u32): u32 {
  return mismatch(frameAddress(a), frameAddress(b), from, pageSize());
}
