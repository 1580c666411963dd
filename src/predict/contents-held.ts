/**
 * What a host of fingerprints holds: how many contents its mapped frames have, and which of them
 * hold zeroes. Asked after each sweep of a recording, so a pass over all frames that makes nothing
 * but a table of numbers. Zeroes, and what never rests, are no contents here.
 */
import { FINGERPRINT_BYTES } from '../fingerprints/fingerprint.js';
import type { Machine } from '../machine/machine.js';
import { RESTLESS_WORD } from './restless-content.js';

const WORDS = FINGERPRINT_BYTES / 4;
/** A table has at least so many places for each frame. */
const ROOM = 2;

export interface ContentsHeld {
  readonly contents: number;
  /** In order. */
  readonly zeroFrames: readonly number[];
}

export function contentsHeld({ frames, memory }: Machine): ContentsHeld {
  const { i32 } = memory;
  const places = 2 ** Math.ceil(Math.log2(Math.max(1, frames.used) * ROOM));
  // Of fingerprints two words are enough to tell them apart. Two of 0 are a free place: of contents
  // one in 2^64 is missed.
  const table = new Int32Array(places * 2);
  const zeroFrames: number[] = [];
  let contents = 0;
  for (let frame = 1; frame <= frames.total; frame++) {
    if (frames.mapcount(frame) === 0) continue;
    const at = memory.frameByte(frame) / 4;
    if (isZeroFrame(i32, at)) {
      zeroFrames.push(frame);
      continue;
    }
    const key = i32[at + 1];
    const rest = i32[at + 2];
    if (i32[at] === RESTLESS_WORD && key === RESTLESS_WORD) continue;
    // The first word says whether it is in a sample: within one it is no chance any more.
    let place = key & (places - 1);
    while (
      (table[2 * place] !== 0 || table[2 * place + 1] !== 0) &&
      (table[2 * place] !== key || table[2 * place + 1] !== rest)
    )
      place = (place + 1) & (places - 1);
    if (table[2 * place] === key && table[2 * place + 1] === rest) continue;
    table[2 * place] = key;
    table[2 * place + 1] = rest;
    contents++;
  }
  return { contents, zeroFrames };
}

/** `at`: the word that the frame begins with. */
function isZeroFrame(i32: Int32Array, at: number): boolean {
  for (let word = 0; word < WORDS; word++) if (i32[at + word] !== 0) return false;
  return true;
}

/** Whether it holds zeroes still. */
export function holdsZeroes({ memory }: Machine, frame: number): boolean {
  return isZeroFrame(memory.i32, memory.frameByte(frame) / 4);
}
