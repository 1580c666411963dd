/**
 * Frames: where their bytes are, and which are free.
 *
 * The free map has a bit for each frame that was used and is free again. Any thread sets and clears
 * bits without a lock. Frames are handed out in order of address, beginning at the map's word that
 * held the last one. So a guest that writes its pages in order has its frames in order, and the
 * scanner merges those about a tenth faster than the same ones backwards (ARCHITECTURE.md). Frames
 * that were never used are not in the map. They are taken when the map is empty, so that memory
 * nobody wrote costs the operating system nothing.
 */
import {
  CTL_FRAME_BASE,
  CTL_FRAME_BYTES,
  CTL_FRAME_TABLE,
  CTL_FRAMES,
  CTL_FRAMES_USED,
  CTL_FREE_HINT,
  CTL_FREE_MAP,
  CTL_FRESH_FRAME,
  FINGERPRINT_BYTES,
  FRAME_WORDS,
} from '../layout';
import {
  atomicAdd,
  atomicAndNot,
  atomicLoad,
  atomicOr,
  atomicStore,
  compareExchange,
  load,
} from '../words';
import { mismatch } from './compare';

let frameTable: u32 = 0;
let freeMap: u32 = 0;
let frames: u32 = 0;
let frameBase: u32 = 0;
let frameShift: u32 = 0;

/** To be called once an instance, after the control block's geometry is written. */
export function configure(): void {
  frameTable = load(CTL_FRAME_TABLE);
  freeMap = load(CTL_FREE_MAP);
  frames = load(CTL_FRAMES);
  frameBase = load(CTL_FRAME_BASE);
  frameShift = ctz(load(CTL_FRAME_BYTES));
}

/** Bytes of a frame: a power of two, 16 at least. */
export function frameBytes(): u32 {
  return 1 << frameShift;
}

/** Frames hold fingerprints, and not pages. */
export function areFingerprints(): bool {
  return frameBytes() == FINGERPRINT_BYTES;
}

/** Pointer of a frame's entry in the frame table. */
export function frameEntry(frame: u32): u32 {
  return frameTable + frame * FRAME_WORDS;
}

/** Byte address of a frame's first byte. */
export function frameAddress(frame: u32): usize {
  return (<usize>(frameBase + frame)) << frameShift;
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
    const used = atomicLoad(CTL_FRAMES_USED) + 1;
    if (used >= frames) return 0;
    // Only a guess, as other threads take and give too: it saves looking through an empty map.
    let frame: u32 = used < atomicLoad(CTL_FRESH_FRAME) ? takeFreed((tries & 1) == 0) : 0;
    if (frame == 0) frame = takeFresh();
    if (frame != 0) {
      atomicAdd(CTL_FRAMES_USED, 1);
      return frame;
    }
  }
  return 0;
}

/** Puts a frame that nothing maps into the free map. Any thread. */
export function frameGive(frame: u32): void {
  atomicOr(freeMap + (frame >> 5), 1 << (frame & 31));
  atomicAdd(CTL_FRAMES_USED, -1);
}

/**
 * The next frame of the free map, or the one before it, no longer in it; 0 if none was met. Two
 * threads that go the same way at the same pace may never meet what the one in front takes and
 * gives: so who found none turns round.
 */
function takeFreed(forwards: bool): u32 {
  const words = (atomicLoad(CTL_FRESH_FRAME) + 31) >> 5;
  let index = atomicLoad(CTL_FREE_HINT);
  for (let i: u32 = 0; i < words; i++) {
    if (index >= words) index = forwards ? 0 : words - 1;
    let free = atomicLoad(freeMap + index);
    while (free != 0) {
      const bit = free & -free;
      free = atomicAndNot(freeMap + index, bit);
      // Whoever clears the bit has the frame.
      if ((free & bit) != 0) {
        atomicStore(CTL_FREE_HINT, index);
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
  let candidate = atomicLoad(CTL_FRESH_FRAME);
  while (candidate < frames) {
    const found = compareExchange(CTL_FRESH_FRAME, candidate, candidate + 1);
    if (found == candidate) return candidate;
    candidate = found;
  }
  return 0;
}

export function frameCopy(to: u32, from: u32): void {
  memory.copy(frameAddress(to), frameAddress(from), frameBytes());
}

export function frameZero(frame: u32): void {
  memory.fill(frameAddress(frame), 0, frameBytes());
}

export function framesEqual(a: u32, b: u32): bool {
  return framesMismatch(a, b, 0) == frameBytes();
}

/** Index of the first byte at which two frames differ; a frame's bytes if none does. */
export function framesMismatch(a: u32, b: u32, from: u32): u32 {
  return mismatch(frameAddress(a), frameAddress(b), from, frameBytes());
}
