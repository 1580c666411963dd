/**
 * load and serve: a server that loads its data and then forks, as databases and application servers
 * do. The parent runs load, which writes every page of its region once, each its own; each child
 * runs serve, which rewrites a part of what it has from its parent, for as long as it is up.
 *
 * Half of what a child writes is what any other would write there, as caches fill; the rest is its
 * own. Every page says which one it is and which edition of it, and all else follows from these
 * two. So a child notices a store of its parent's or of a sibling's that it should not see, and one
 * of its own that is lost. Forking is the business of whoever runs them.
 */
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

const DEFAULT_STORES_PER_SECOND = 100;
/** How many pages are looked at in the beginning between two looks whether to stop. */
const ASK_EVERY = 1024;

/** Editions: those below are loaded, one a seed; this one is of any child, those above of one. */
const COMMON = 2 ** 31 + 1;
const OWN = COMMON + 1;
const OWN_EDITIONS = 2 ** 30;
/** Of a page that neither load nor serve has written: nobody knows what it should hold. */
const UNKNOWN = 0;

export const load: Workload = (
  memory: GuestMemory,
  options: WorkloadOptions,
  pace: Pace,
  tally: Tally,
) => {
  const page = new EditedPage(memory.pageSize);
  for (let number = 0; number < memory.pages; number++) {
    page.write(number, options.seed + 1);
    if (!storeOrRetry(memory, number, 0, page.bytes, pace, tally) || pace.shouldStop()) return;
  }
};

export const serve: Workload = (
  memory: GuestMemory,
  options: WorkloadOptions,
  pace: Pace,
  tally: Tally,
) => {
  const random = randomIntegers(options.seed);
  const governor = new Governor(
    options.rate === 0 ? DEFAULT_STORES_PER_SECOND : options.rate,
    pace,
  );
  const spread = Math.min(options.spreadPages, memory.pages);
  const wanted = new EditedPage(memory.pageSize);
  const found = new Uint8Array(memory.pageSize);
  const editions = editionsOf(memory, pace);

  const check = (number: number): void => {
    const edition = editions[number] ?? UNKNOWN;
    if (edition === UNKNOWN) return;
    memory.load(number, 0, found);
    tally.loads++;
    tally.verified++;
    wanted.write(number, edition);
    if (!found.every((byte, at) => byte === wanted.bytes[at])) tally.wrong++;
  };

  for (let done = 0; !pace.shouldStop(); done++) {
    const number = random(spread);
    const edition = random(2) === 0 ? COMMON : OWN + random(OWN_EDITIONS);
    // What it replaces is seen for the last time.
    check(number);
    wanted.write(number, edition);
    if (!storeOrRetry(memory, number, 0, wanted.bytes, pace, tally)) return;
    editions[number] = edition;
    check(number);
    check(random(memory.pages));
    governor.keep(done);
  }
};

/** The edition of each page, as the pages themselves say. */
function editionsOf(memory: GuestMemory, pace: Pace): Uint32Array {
  const editions = new Uint32Array(memory.pages);
  const head = new Uint32Array(2);
  const bytes = new Uint8Array(head.buffer);
  for (let number = 0; number < memory.pages; number++) {
    if (number % ASK_EVERY === ASK_EVERY - 1 && pace.shouldStop()) break;
    memory.load(number, 0, bytes);
    const [edition = UNKNOWN, says] = head;
    editions[number] = says === number ? edition : UNKNOWN;
  }
  return editions;
}

/** A page as load and serve write it. */
class EditedPage {
  readonly bytes: Uint8Array;
  private readonly words: Uint32Array;

  constructor(pageSize: number) {
    this.bytes = new Uint8Array(pageSize);
    this.words = new Uint32Array(this.bytes.buffer);
  }

  write(number: number, edition: number): void {
    const { words } = this;
    const random = randomIntegers(Math.imul(edition, 0x9e3779b1) + number);
    words[0] = edition;
    words[1] = number;
    for (let i = 2; i < words.length; i++) words[i] = random(2 ** 32);
  }
}
