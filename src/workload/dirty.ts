/**
 * dirty: random stores of whole pages and of single quadwords, in a pattern that vouches for
 * itself; and its reader.
 *
 * The writer remembers every quadword it stored. It reads each store back at once, and now and then
 * a whole page. A byte that it did not write last is counted as wrong, so no other may write its
 * region. The reader may read along: it knows only the pattern.
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

  adopt(memory, spread, quadwords, remembered, pace);
  for (let done = 0; !pace.shouldStop(); done++) {
    const number = random(spread);
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

/** Takes what is in the region already, perhaps from a writer before this one, as written. */
function adopt(
  memory: GuestMemory,
  spread: number,
  quadwords: number,
  remembered: Uint8Array,
  pace: Pace,
): void {
  const page = new Uint8Array(memory.pageSize);
  const bytes = new DataView(page.buffer);
  for (let number = 0; number < spread; number++) {
    if (number % ASK_EVERY === ASK_EVERY - 1 && pace.shouldStop()) return;
    memory.load(number, 0, page);
    for (let quadword = 0; quadword < quadwords; quadword++) {
      const variant = readQuadword(bytes, quadword * 8, number, quadword);
      if (variant >= 0) remembered[number * quadwords + quadword] = variant;
    }
  }
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
  for (let done = 0; !pace.shouldStop(); done++) {
    const number = random(spread);
    memory.load(number, 0, page);
    tally.loads++;
    tally.verified++;
    for (let quadword = 0; quadword < memory.pageSize / 8; quadword++) {
      if (readQuadword(bytes, quadword * 8, number, quadword) === -2) {
        tally.wrong++;
        break;
      }
    }
    if (done % WHOLE_PAGE_EVERY === 0) governor.keep(done);
  }
};
