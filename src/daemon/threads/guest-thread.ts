/**
 * A guest thread: runs one workload against one region, beside the scanner and other guest threads.
 *
 * It passes a safepoint before each load and store, and rests while it sleeps or waits. Started by
 * `GuestThreads`, to which it tells its tally at once, a few times a second and at its end.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { CTL_THREAD_STOPS } from '../../core/layout.js';
import { isKsmdError } from '../../errors.js';
import { Machine } from '../../machine/machine.js';
import { SharedMemory } from '../../machine/memory.js';
import { GuestPatience } from '../../machine/patience.js';
import { Safepoint } from '../../machine/safepoint.js';
import type { WorkloadName } from '../../names.js';
import { PROGRAMS } from '../../workload/programs.js';
import {
  type GuestMemory,
  type Pace,
  Tally,
  type WorkloadOptions,
} from '../../workload/workload.js';
import { threadCpuMs } from './thread-cpu.js';

export interface GuestThreadData {
  readonly memory: WebAssembly.Memory;
  readonly holder: number;
  /** The guest's pointer. */
  readonly guest: number;
  /** Bytes. */
  readonly address: number;
  readonly pages: number;
  readonly workload: WorkloadName;
  readonly options: WorkloadOptions;
  readonly frameTimeoutMs: number;
}

export interface GuestThreadMessage {
  readonly tally: Tally;
  /** Processor time the thread has used. */
  readonly cpuMs: number;
  readonly waitingForFrame: boolean;
  readonly done: boolean;
}

const TELL_EVERY_MS = 200;
/** How many operations go by before the clock is looked at. */
const TELL_CHECK_EVERY = 256;

class RegionMemory implements GuestMemory {
  readonly pageSize: number;
  readonly pages: number;

  constructor(
    private readonly machine: Machine,
    private readonly safepoint: Safepoint,
    private readonly data: GuestThreadData,
    private readonly tick: () => void,
  ) {
    this.pageSize = machine.pageSize;
    this.pages = data.pages;
  }

  load(page: number, offset: number, target: Uint8Array): void {
    this.safepoint.pass();
    this.machine.load(this.data.guest, this.data.address + page * this.pageSize + offset, target);
    this.tick();
  }

  store(page: number, offset: number, source: Uint8Array): boolean {
    this.safepoint.pass();
    try {
      this.machine.store(
        this.data.guest,
        this.data.address + page * this.pageSize + offset,
        source,
      );
    } catch (error) {
      if (isKsmdError(error, 'ENOMEM')) return false;
      throw error;
    } finally {
      this.tick();
    }
    return true;
  }
}

function run(data: GuestThreadData, post: (message: GuestThreadMessage) => void): void {
  const memory = SharedMemory.attach(data.memory, data.holder);
  const { i32 } = memory;
  const stopWord = CTL_THREAD_STOPS + data.holder;
  const tally = new Tally();
  const safepoint = new Safepoint(i32, data.holder);
  let operations = 0;
  let toldMs = 0;
  let cpuMs = 0;
  let cpuSampledMs = Number.NEGATIVE_INFINITY;
  const tell = (waitingForFrame: boolean, done: boolean): void => {
    const now = performance.now();
    if (done || now - cpuSampledMs >= TELL_EVERY_MS) {
      cpuSampledMs = now;
      cpuMs = threadCpuMs();
    }
    post({ tally, cpuMs, waitingForFrame, done });
  };
  const tick = (): void => {
    if (++operations % TELL_CHECK_EVERY !== 0) return;
    const now = performance.now();
    if (now - toldMs < TELL_EVERY_MS) return;
    toldMs = now;
    tell(false, false);
  };
  const pace: Pace = {
    nowMs: () => performance.now(),
    shouldStop: () => Atomics.load(i32, stopWord) !== 0,
    sleep: (ms) => {
      tell(false, false);
      safepoint.rest(stopWord, 0, ms);
    },
  };
  const patience = new GuestPatience(
    memory,
    safepoint,
    data.frameTimeoutMs,
    () => tell(true, false),
    pace.shouldStop,
  );
  // Everything is loaded: from here on the thread may be killed.
  tell(false, false);
  try {
    const machine = new Machine(memory, patience);
    PROGRAMS[data.workload](
      new RegionMemory(machine, safepoint, data, tick),
      data.options,
      pace,
      tally,
    );
    tell(false, true);
  } finally {
    safepoint.end();
  }
}

if (parentPort === null) throw new Error('guest-thread.js is started by the daemon');
const port = parentPort;
run(workerData as GuestThreadData, (message) => port.postMessage(message));
