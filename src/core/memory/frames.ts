/**
 * Frames: where their bytes are, and which are free.
 *
 * The free map has a bit for each frame that was used and is free again: any thread sets and clears
 * bits without a lock. Frames are handed out in order of address, from the word of the map that the
 * last one was in: a guest that writes its pages in order then has them in order, and the scanner
 * merges pages it reads in order faster than the same ones backwards, by about a tenth
 * (ARCHITECTURE.md). Frames that were never used are not in the map: they are taken when it is
 * empty, so that memory nobody wrote costs the operating system nothing.
 */
import {
  CTL_FIRST_PAGE,
  CTL_FRAME_TABLE,
  CTL_FRAMES,
  CTL_FRAMES_USED,
  CTL_FREE_HINT,
  CTL_FREE_MAP,
  CTL_FRESH_FRAME,
  CTL_PAGE_SIZE,
  FRAME_WORDS,
} from '../layout';
import { addShared, at, clearBits, exchange, setBits, share, shared } from '../words';
import { mismatch } from './compare';

let frameTable: u32 = 0;
let freeMap: u32 = 0;
let frames: u32 = 0;
let firstPage: u32 = 0;
let pageShift: u32 = 0;

/** To be called once an instance, after the control block's geometry is written. */
export function configure(): void {
  frameTable = at(CTL_FRAME_TABLE);
  freeMap = at(CTL_FREE_MAP);
  frames = at(CTL_FRAMES);
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

/**
 * How often a frame is looked for while there must be one: threads that take and give beside this
 * one can hide it.
 */
const TRIES: u32 = 16;

/**
 * A free frame, its bytes whatever they were, its mapcount still 0; 0 if there is none. Any thread.
 */
export function frameTake(): u32 {
  for (let tries: u32 = 0; tries < TRIES; tries++) {
    const used = shared(CTL_FRAMES_USED) + 1;
    if (used >= frames) return 0;
    // Only a guess, as other threads take and give too: it saves looking through an empty map.
    let frame: u32 = used < shared(CTL_FRESH_FRAME) ? takeFreed((tries & 1) == 0) : 0;
    if (frame == 0) frame = takeFresh();
    if (frame != 0) {
      addShared(CTL_FRAMES_USED, 1);
      return frame;
    }
  }
  return 0;
}

/** Puts a frame that nothing maps into the free map. Any thread. */
export function frameGive(frame: u32): void {
  setBits(freeMap + (frame >> 5), 1 << (frame & 31));
  addShared(CTL_FRAMES_USED, -1);
}

/**
 * The next frame of the free map, or the one before it, no longer in it; 0 if none was met. Two
 * threads that go the same way at the same pace may never meet what the one in front takes and
 * gives: so who found none turns round.
 */
function takeFreed(forwards: bool): u32 {
  const words = (shared(CTL_FRESH_FRAME) + 31) >> 5;
  let index = shared(CTL_FREE_HINT);
  for (let i: u32 = 0; i < words; i++) {
    if (index >= words) index = forwards ? 0 : words - 1;
    let free = shared(freeMap + index);
    while (free != 0) {
      const bit = free & -free;
      free = clearBits(freeMap + index, bit);
      // Whoever clears the bit has the frame.
      if ((free & bit) != 0) {
        share(CTL_FREE_HINT, index);
        return (index << 5) + ctz(bit);
      }
    }
    // Below 0 it wraps to what is above all words.
    index += forwards ? 1 : -1;
  }
  return 0;
}

/** A frame that was never used; 0 if there is none left. */
function takeFresh(): u32 {
  let candidate = shared(CTL_FRESH_FRAME);
  while (candidate < frames) {
    const found = exchange(CTL_FRESH_FRAME, candidate, candidate + 1);
    if (found == candidate) return candidate;
    candidate = found;
  }
  return 0;
}

export function frameCopy(to: u32, from: u32): void {
  memory.copy(frameAddress(to), frameAddress(from), pageSize());
}

export function frameZero(frame: u32): void {
  memory.fill(frameAddress(frame), 0, pageSize());
}

export function framesEqual(a: u32, b: u32): bool {
  return framesMismatch(a, b, 0) == pageSize();
}

/** Index of the first byte at which two frames differ; the page size if none does. */
export function framesMismatch(a: u32, b: u32, from: u32): u32 {
  return mismatch(frameAddress(a), frameAddress(b), from, pageSize());
}
