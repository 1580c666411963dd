/**
 * Frames by what is in them: which pages are equal, whatever the scanner knows of them.
 *
 * Frames of one checksum are compared, so equal is by bytes, as they were when the frame was noted.
 * Beside the machine it takes four bytes a frame, and sixteen a content. Of more frames than
 * MOST_FRAMES, which only hosts of fingerprints have, one content in so many is known, by its
 * checksum: whole or not at all, so what is counted stands for the rest.
 */
import { CTL_FRAMES } from '../core/layout.js';
import type { Machine } from '../machine/machine.js';

const MOST_FRAMES = 2 ** 21;
/** Slots of the table for each content expected. */
const ROOMY = 2;
const ZERO_FRAME = 0;
const NOT_MET = 0;
const NOT_KNOWN = -1;

export class Contents {
  /** One content in so many is known. */
  readonly oneIn: number;
  /** By frame: the first frame of its content. */
  private readonly firstOf: Int32Array;
  /** A hash table: first frames, and their checksums. */
  private readonly firsts: Int32Array;
  private readonly checksums: Int32Array;
  private room: number;

  /** Of all contents, or of that of the frame `only` alone. */
  constructor(
    private readonly machine: Machine,
    private readonly only?: number,
    mostFrames = MOST_FRAMES,
  ) {
    const { used } = machine.frames;
    this.oneIn = 2 ** Math.max(0, Math.ceil(Math.log2(used / mostFrames)));
    this.firstOf = new Int32Array(machine.memory.i32[CTL_FRAMES]);
    const expected = only === undefined ? used / this.oneIn : 1;
    const size = 2 ** Math.ceil(Math.log2(ROOMY * (expected + 1)));
    this.firsts = new Int32Array(size);
    this.checksums = new Int32Array(size);
    this.room = size - 1;
  }

  /** The first frame noted with the content of `frame`, which is noted; 0 if it is not known. */
  note(frame: number): number {
    const noted = this.firstOf[frame];
    if (noted !== NOT_MET) return Math.max(0, noted);
    const first = this.find(frame);
    this.firstOf[frame] = first === 0 ? NOT_KNOWN : first;
    return first;
  }

  /** The same of a frame that was noted; 0 if it was not. */
  first(frame: number): number {
    return Math.max(0, this.firstOf[frame]);
  }

  /** How many contents this one stands for. All zeroes is a content like no other. */
  weight(first: number): number {
    return this.oneIn === 1 || this.isZeroes(first) ? 1 : this.oneIn;
  }

  isZeroes(frame: number): boolean {
    return this.machine.memory.core.framesEqual(frame, ZERO_FRAME) !== 0;
  }

  private find(frame: number): number {
    const { memory } = this.machine;
    const { core } = memory;
    if (this.only !== undefined) return core.framesEqual(frame, this.only) !== 0 ? this.only : 0;
    const checksum = memory.frameChecksum(frame);
    const isKnown = (checksum & (this.oneIn - 1)) === 0 || this.isZeroes(frame);
    if (!isKnown) return 0;
    const { firsts, checksums } = this;
    const mask = firsts.length - 1;
    // Low bits say whether it is looked at.
    let at = Math.floor((checksum >>> 0) / this.oneIn) & mask;
    for (; firsts[at] !== 0; at = (at + 1) & mask)
      if (checksums[at] === checksum && core.framesEqual(frame, firsts[at]) !== 0)
        return firsts[at];
    // What is known by chance may be more than was expected.
    if (this.room === 0) return 0;
    this.room--;
    firsts[at] = frame;
    checksums[at] = checksum;
    return frame;
  }
}
