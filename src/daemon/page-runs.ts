/** States of pages, written as runs in the form of src/api/live.ts. */
import { RUN_LONG, RUN_UNCHANGED } from '../api/live.js';

const FIRST_BYTES = 1024;
/** A length of 32 bits takes five bytes, after the one of the run. */
const LONGEST_RUN_BYTES = 6;

class RunWriter {
  private bytes = new Uint8Array(FIRST_BYTES);
  private used = 0;
  private state = RUN_UNCHANGED;
  private length = 0;

  /** The next `length` pages are in `state`. */
  add(state: number, length: number): void {
    if (state !== this.state) this.flush();
    this.state = state;
    this.length += length;
  }

  /** All runs but a last one that changes nothing. */
  end(): Uint8Array {
    if (this.state !== RUN_UNCHANGED) this.flush();
    return this.bytes.subarray(0, this.used);
  }

  private flush(): void {
    const { state, length } = this;
    this.length = 0;
    if (length === 0) return;
    if (this.bytes.length - this.used < LONGEST_RUN_BYTES) {
      const larger = new Uint8Array(this.bytes.length * 2);
      larger.set(this.bytes);
      this.bytes = larger;
    }
    const short = length <= RUN_LONG;
    this.bytes[this.used++] = ((short ? length - 1 : RUN_LONG) << 4) | state;
    if (short) return;
    let rest = length - RUN_LONG - 1;
    for (; rest > 0x7f; rest >>>= 7) this.bytes[this.used++] = (rest & 0x7f) | 0x80;
    this.bytes[this.used++] = rest;
  }
}

/** What turns `before` into `after`, which are as long; empty if nothing does. Both begin at a multiple of four bytes. */
export function changedRuns(before: Uint8Array, after: Uint8Array): Uint8Array {
  const writer = new RunWriter();
  const { length } = after;
  const words = length >> 2;
  const beforeWords = new Int32Array(before.buffer, before.byteOffset, words);
  const afterWords = new Int32Array(after.buffer, after.byteOffset, words);
  const compare = (from: number, to: number): void => {
    for (let page = from; page < to; page++) {
      const state = after[page] ?? RUN_UNCHANGED;
      writer.add(state === before[page] ? RUN_UNCHANGED : state, 1);
    }
  };
  let same = 0;
  for (let word = 0; word < words; word++) {
    if (beforeWords[word] === afterWords[word]) {
      same += 4;
      continue;
    }
    if (same > 0) writer.add(RUN_UNCHANGED, same);
    same = 0;
    compare(word * 4, word * 4 + 4);
  }
  if (same > 0) writer.add(RUN_UNCHANGED, same);
  compare(words * 4, length);
  return writer.end();
}
