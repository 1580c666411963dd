/**
 * boot: a virtual machine's start. Some of its memory is zeroed, some is the same in every machine
 * of its kind, some is its own. Then a few pages change, slowly, for as long as the machine is up.
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

const ZEROED = 0.3;
const COMMON = 0.5;
/** Of what is left, the part that goes on changing. */
const CHURNING = 0.1;
const DEFAULT_CHURN_PER_SECOND = 100;
const COMMON_SEED = 1;

export const boot: Workload = (
  memory: GuestMemory,
  options: WorkloadOptions,
  pace: Pace,
  tally: Tally,
) => {
  const page = new Uint8Array(memory.pageSize);
  const view = new Uint32Array(page.buffer);
  const write = (index: number, seed: number): boolean => {
    const random = randomIntegers(seed);
    for (let i = 0; i < view.length; i++) view[i] = random(2 ** 32);
    return storeOrRetry(memory, index, 0, page, pace, tally);
  };

  const zeroedEnd = Math.floor(memory.pages * ZEROED);
  const commonEnd = zeroedEnd + Math.floor(memory.pages * COMMON);
  for (let index = 0; index < memory.pages; index++) {
    if (pace.shouldStop()) return;
    if (index < zeroedEnd) {
      page.fill(0);
      if (!storeOrRetry(memory, index, 0, page, pace, tally)) return;
    } else if (
      !write(
        index,
        index < commonEnd ? COMMON_SEED + index : Math.imul(options.seed + 1, 0x9e3779b1) + index,
      )
    )
      return;
  }

  const random = randomIntegers(options.seed);
  const governor = new Governor(options.rate === 0 ? DEFAULT_CHURN_PER_SECOND : options.rate, pace);
  const churning = Math.max(1, Math.floor((memory.pages - commonEnd) * CHURNING));
  for (let done = 0; !pace.shouldStop(); done++) {
    if (!write(memory.pages - 1 - random(churning), random(2 ** 31))) return;
    governor.keep(done);
  }
};
