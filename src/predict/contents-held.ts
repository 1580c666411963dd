/**
 * What a host of fingerprints holds: how many contents its mapped frames have, and which of them
 * hold zeroes. Asked after each sweep of a recording, of which hardly a frame in a hundred holds
 * something else than before: so a look passes all frames in order, and only of those that have
 * changed it goes to a table of contents. Zeroes, and what never rests, are no contents here.
 */
import { FINGERPRINT_BYTES } from '../fingerprints/fingerprint.js';
import type { Machine } from '../machine/machine.js';
import { RESTLESS_WORD } from './restless-content.js';

const WORDS = FINGERPRINT_BYTES / 4;
/** A table has at least so many places for each content. */
const ROOM = 2;
const FEWEST_PLACES = 1024;

export class ContentsHeld {
  /** As the last look found them. */
  contents = 0;
  /** In order. */
  zeroFrames: readonly number[] = [];
  /**
   * Of each frame, at the last look: its second word and its third, which are enough to tell
   * fingerprints apart; the first says whether one is in a sample, and within one is no chance any
   * more. Two of 0 are no content: of contents one in 2^64 is missed.
   */
  private readonly last: Int32Array;
  private table = new Table(FEWEST_PLACES);

  constructor(private readonly machine: Machine) {
    this.last = new Int32Array(2 * (machine.frames.total + 1));
  }

  look(): void {
    const { last, machine } = this;
    const { frames, memory } = machine;
    const { i32 } = memory;
    const zeroFrames: number[] = [];
    for (let frame = 1; frame <= frames.total; frame++) {
      let key = 0;
      let rest = 0;
      if (frames.mapcount(frame) !== 0) {
        const at = memory.frameByte(frame) / 4;
        if (isZeroFrame(i32, at)) zeroFrames.push(frame);
        else if (i32[at] !== RESTLESS_WORD || i32[at + 1] !== RESTLESS_WORD) {
          key = i32[at + 1];
          rest = i32[at + 2];
        }
      }
      const lastKey = last[2 * frame];
      const lastRest = last[2 * frame + 1];
      if (key === lastKey && rest === lastRest) continue;
      if (lastKey !== 0 || lastRest !== 0) this.contents -= this.table.drop(lastKey, lastRest);
      if (key !== 0 || rest !== 0) {
        if (this.table.isFull) this.table = this.table.grown(this.contents);
        this.contents += this.table.add(key, rest);
      }
      last[2 * frame] = key;
      last[2 * frame + 1] = rest;
    }
    this.zeroFrames = zeroFrames;
  }
}

/** How many frames hold each content. One that none holds any more keeps its place. */
class Table {
  /** Three words a place: two of the content, and how many frames hold it. */
  private readonly words: Int32Array;
  private taken = 0;

  /** `places`: a power of two. */
  constructor(private readonly places: number) {
    this.words = new Int32Array(3 * places);
  }

  get isFull(): boolean {
    return ROOM * this.taken >= this.places;
  }

  /** One with room for twice as many contents as are held. */
  grown(held: number): Table {
    const table = new Table(Math.max(FEWEST_PLACES, 2 ** Math.ceil(Math.log2(4 * ROOM * held))));
    const { words } = this;
    for (let at = 0; at < words.length; at += 3)
      if (words[at + 2] > 0) table.put(words[at], words[at + 1], words[at + 2]);
    return table;
  }

  /** 1 if no frame has held it before, else 0. */
  add(key: number, rest: number): number {
    return this.put(key, rest, 1) === 1 ? 1 : 0;
  }

  /** Of a content that is held. 1 if no frame holds it now, else 0. */
  drop(key: number, rest: number): number {
    return --this.words[this.placeOf(key, rest) + 2] === 0 ? 1 : 0;
  }

  /** How many hold it now. */
  private put(key: number, rest: number, frames: number): number {
    const { words } = this;
    const at = this.placeOf(key, rest);
    if (words[at] === 0 && words[at + 1] === 0) {
      words[at] = key;
      words[at + 1] = rest;
      this.taken++;
    }
    words[at + 2] += frames;
    return words[at + 2];
  }

  private placeOf(key: number, rest: number): number {
    const { words, places } = this;
    let place = key & (places - 1);
    for (;;) {
      const at = 3 * place;
      if (words[at] === key && words[at + 1] === rest) return at;
      if (words[at] === 0 && words[at + 1] === 0) return at;
      place = (place + 1) & (places - 1);
    }
  }
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
