/**
 * dirty: random stores of whole pages and of single cells (8 bytes), in a pattern that vouches for
 * itself; and its reader.
 *
 * The writer remembers every cell it stored. It reads each store back at once, and a whole page now
 * and then: a byte that is not what it last wrote is counted as wrong. So no other may write its
 * region. The reader may read along: it knows only the pattern.
 */
import { patternPages, readCell, VARIANTS, writeCell } from './pattern.js';
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
  const cells = memory.pageSize / 8;
  const remembered = new Uint8Array(spread * cells).fill(UNTOUCHED);
  const cellBytes = new Uint8Array(8);
  const cellView = new DataView(cellBytes.buffer);
  const page = new Uint8Array(memory.pageSize);
  const pageBytes = new DataView(page.buffer);

  const checkPage = (number: number): void => {
    memory.load(number, 0, page);
    tally.loads++;
    for (let cell = 0; cell < cells; cell++) {
      const expected = remembered[number * cells + cell];
      if (
        readCell(pageBytes, cell * 8, number, cell) !== (expected === UNTOUCHED ? -1 : expected)
      ) {
        tally.wrong++;
        return;
      }
    }
  };

  adopt(memory, spread, cells, remembered, pace);
  for (let done = 0; !pace.shouldStop(); done++) {
    const number = random(spread);
    const variant = random(VARIANTS);
    const cell = random(cells);
    if (random(2) === 0) {
      const content = pages[number % pages.length]?.[variant];
      if (content === undefined || !storeOrRetry(memory, number, 0, content, pace, tally)) return;
      remembered.fill(variant, number * cells, (number + 1) * cells);
    } else {
      writeCell(cellView, 0, number, cell, variant);
      if (!storeOrRetry(memory, number, cell * 8, cellBytes, pace, tally)) return;
      remembered[number * cells + cell] = variant;
    }
    memory.load(number, cell * 8, cellBytes);
    tally.loads++;
    tally.verified++;
    if (readCell(cellView, 0, number, cell) !== variant) tally.wrong++;
    if (done % WHOLE_PAGE_EVERY === 0) checkPage(number);
    if (done % WHOLE_PAGE_EVERY === 0) governor.keep(done);
  }
};

/** Takes what is in the region already, perhaps from a writer before this one, as written. */
function adopt(
  memory: GuestMemory,
  spread: number,
  cells: number,
  remembered: Uint8Array,
  pace: Pace,
): void {
  const page = new Uint8Array(memory.pageSize);
  const bytes = new DataView(page.buffer);
  for (let number = 0; number < spread; number++) {
    if (number % ASK_EVERY === ASK_EVERY - 1 && pace.shouldStop()) return;
    memory.load(number, 0, page);
    for (let cell = 0; cell < cells; cell++) {
      const variant = readCell(bytes, cell * 8, number, cell);
      if (variant >= 0) remembered[number * cells + cell] = variant;
    }
  }
}

/** Reads pages at random beside a writer, and sees whether every cell belongs where it is. */
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
    for (let cell = 0; cell < memory.pageSize / 8; cell++) {
      if (readCell(bytes, cell * 8, number, cell) === -2) {
        tally.wrong++;
        break;
      }
    }
    if (done % WHOLE_PAGE_EVERY === 0) governor.keep(done);
  }
};
