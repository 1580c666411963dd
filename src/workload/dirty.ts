/**
 * dirty: random stores of whole pages and of single quadwords, in a pattern that vouches for
 * itself; and its reader.
 *
 * The writer remembers every quadword it stored. It reads each store back at once, and now and then
 * a whole page. A byte that it did not write last is counted as wrong, so no other may write its
 * pages. The reader may read along: it knows only the pattern.
 *
 * A page that holds something else when it is first looked at is somebody else's: both leave it
 * alone, and count it.
 */
import { patternPages, readQuadword, VARIANTS, writeQuadword } from './pattern.js';
import { randomIntegers } from './random.js';
import {
  Governor,
  type GuestMemory,
  type Pace,
  storeOrRetry,
  type Tally,
  type Workload,
  type WorkloadOptions,
} from './workload.js';

/** One store in so many is followed by reading back its whole page. */
const WHOLE_PAGE_EVERY = 64;
/** How many pages are read at the start between two looks whether to stop. */
const ASK_EVERY = 1024;
/** Never written, in what the writer remembers. */
const UNTOUCHED = 255;

// What the reader has found a page to be, when it first looked.
const OWN = 1;
const FOREIGN = 2;

export const dirty: Workload = (
  memory: GuestMemory,
  options: WorkloadOptions,
  pace: Pace,
  tally: Tally,
) => {
  const random = randomIntegers(options.seed);
  const governor = new Governor(options.rate, pace);
  const pages = patternPages(memory.pageSize);
  const spread = Math.min(options.spreadPages, memory.pages);
  const quadwords = memory.pageSize / 8;
  const remembered = new Uint8Array(spread * quadwords).fill(UNTOUCHED);
  const quadwordBytes = new Uint8Array(8);
  const quadwordView = new DataView(quadwordBytes.buffer);
  const page = new Uint8Array(memory.pageSize);
  const pageBytes = new DataView(page.buffer);

  const checkPage = (number: number): void => {
    memory.load(number, 0, page);
    tally.loads++;
    for (let quadword = 0; quadword < quadwords; quadword++) {
      const expected = remembered[number * quadwords + quadword];
      if (
        readQuadword(pageBytes, quadword * 8, number, quadword) !==
        (expected === UNTOUCHED ? -1 : expected)
      ) {
        tally.wrong++;
        return;
      }
    }
  };

  const own = adopt(memory, spread, quadwords, remembered, pace);
  tally.foreign = spread - own.length;
  for (let done = 0; own.length > 0 && !pace.shouldStop(); done++) {
    const number = own[random(own.length)];
    const variant = random(VARIANTS);
    const quadword = random(quadwords);
    if (random(2) === 0) {
      const content = pages[number % pages.length]?.[variant];
      if (content === undefined || !storeOrRetry(memory, number, 0, content, pace, tally)) return;
      remembered.fill(variant, number * quadwords, (number + 1) * quadwords);
    } else {
      writeQuadword(quadwordView, 0, number, quadword, variant);
      if (!storeOrRetry(memory, number, quadword * 8, quadwordBytes, pace, tally)) return;
      remembered[number * quadwords + quadword] = variant;
    }
    memory.load(number, quadword * 8, quadwordBytes);
    tally.loads++;
    tally.verified++;
    if (readQuadword(quadwordView, 0, number, quadword) !== variant) tally.wrong++;
    if (done % WHOLE_PAGE_EVERY === 0) checkPage(number);
    if (done % WHOLE_PAGE_EVERY === 0) governor.keep(done);
  }
};

/**
 * Takes what is in the region already, perhaps from a writer before this one, as written. The pages
 * that hold nothing else.
 */
function adopt(
  memory: GuestMemory,
  spread: number,
  quadwords: number,
  remembered: Uint8Array,
  pace: Pace,
): Uint32Array {
  const page = new Uint8Array(memory.pageSize);
  const bytes = new DataView(page.buffer);
  const own = new Uint32Array(spread);
  let ownPages = 0;
  for (let number = 0; number < spread; number++) {
    if (number % ASK_EVERY === ASK_EVERY - 1 && pace.shouldStop()) return own.subarray(0, 0);
    memory.load(number, 0, page);
    if (!isInPattern(bytes, number)) continue;
    own[ownPages++] = number;
    for (let quadword = 0; quadword < quadwords; quadword++) {
      const variant = readQuadword(bytes, quadword * 8, number, quadword);
      if (variant >= 0) remembered[number * quadwords + quadword] = variant;
    }
  }
  return own.subarray(0, ownPages);
}

/** Every quadword belongs where it is, or was never written. */
function isInPattern(bytes: DataView, number: number): boolean {
  for (let quadword = 0; quadword < bytes.byteLength / 8; quadword++)
    if (readQuadword(bytes, quadword * 8, number, quadword) === -2) return false;
  return true;
}

/** Reads pages at random beside a writer, and sees whether every quadword belongs where it is. */
export const read: Workload = (
  memory: GuestMemory,
  options: WorkloadOptions,
  pace: Pace,
  tally: Tally,
) => {
  const random = randomIntegers(options.seed);
  const governor = new Governor(options.rate, pace);
  const page = new Uint8Array(memory.pageSize);
  const bytes = new DataView(page.buffer);
  const spread = Math.min(options.spreadPages, memory.pages);
  const found = new Uint8Array(spread);
  for (let done = 0; tally.foreign < spread && !pace.shouldStop(); done++) {
    const number = random(spread);
    if (found[number] !== FOREIGN) {
      memory.load(number, 0, page);
      tally.loads++;
      if (isInPattern(bytes, number)) found[number] = OWN;
      else if (found[number] === OWN) tally.wrong++;
      else {
        found[number] = FOREIGN;
        tally.foreign++;
      }
      if (found[number] === OWN) tally.verified++;
    }
    if (done % WHOLE_PAGE_EVERY === 0) governor.keep(done);
  }
};
