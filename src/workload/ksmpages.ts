/**
 * ksmpages: the program the trees were introduced with. Writes every page of its region once: all
 * zeroes but for the last eight bytes, which hold the page's number (the worst case for a tree
 * ordered by content) or 1 (the best). Then, if asked, reads the end of each page over and over.
 */
import {
  type GuestMemory,
  type Pace,
  storeOrRetry,
  type Tally,
  type Workload,
  type WorkloadOptions,
} from './workload.js';

export const ksmpages: Workload = (
  memory: GuestMemory,
  options: WorkloadOptions,
  pace: Pace,
  tally: Tally,
) => {
  const page = new Uint8Array(memory.pageSize);
  const view = new DataView(page.buffer);
  const last = memory.pageSize - 8;
  const numberOf = (index: number): number => (options.best ? 1 : index + options.seed);
  for (let index = 0; index < memory.pages; index++) {
    view.setUint32(last, numberOf(index), true);
    if (!storeOrRetry(memory, index, 0, page, pace, tally) || pace.shouldStop()) return;
  }
  const tail = new Uint8Array(8);
  const read = new DataView(tail.buffer);
  while (options.readLoop && !pace.shouldStop()) {
    for (let index = 0; index < memory.pages; index++) {
      memory.load(index, last, tail);
      tally.loads++;
      tally.verified++;
      if (read.getUint32(0, true) !== numberOf(index)) tally.wrong++;
    }
    pace.sleep(1000);
  }
};
