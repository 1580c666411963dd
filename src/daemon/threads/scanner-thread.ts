/**
 * The scanner thread: scans batch after batch while run is 1, and sleeps in Atomics.wait between
 * them, never in an event loop.
 *
 * A batch goes in slices. Between two slices the scanner passes a safepoint, where it stands still
 * while anybody asks, and takes commands from its port. Started by `Scanner`.
 */
import { getPriority, setPriority } from 'node:os';
import {
  type MessagePort,
  parentPort,
  receiveMessageOnPort,
  workerData,
} from 'node:worker_threads';
import { CTL_DOORBELL, CTL_RUN, CTL_SCANNER_CPU_MS } from '../../core/layout.js';
import { type Errno, KsmdError } from '../../errors.js';
import { type Clock, DEFAULT_TICK_MS } from '../../ksm/clock.js';
import { kernelProfile, type ProfileName } from '../../ksm/kernels.js';
import { Ksm } from '../../ksm/ksm.js';
import { type Activity, IDLE } from '../../ksm/pace.js';
import { RUN_MERGE } from '../../ksm/run.js';
import { setTunable, type TunableValue, tunableName } from '../../ksm/tunables.js';
import { Machine } from '../../machine/machine.js';
import { SharedMemory } from '../../machine/memory.js';
import { HOLDER_SCANNER } from '../../machine/pte.js';
import { Safepoint } from '../../machine/safepoint.js';
import type { Prices } from '../../prices/prices.js';
import { nowMs } from '../timers.js';
import { KernelTime } from './kernel-time.js';
import { threadCpuMs } from './thread-cpu.js';
import { ThreadProfiler } from './thread-profiler.js';

export interface ScannerData {
  readonly memory: WebAssembly.Memory;
  readonly kernel: ProfileName;
  /** The memory holds one page in so many. */
  readonly oneIn: number;
  readonly prices: Prices;
}

export type Command =
  | { readonly kind: 'set'; readonly name: string; readonly value: TunableValue }
  | { readonly kind: 'scan'; readonly pages: number }
  | { readonly kind: 'stop' }
  | { readonly kind: 'profile-start' }
  | { readonly kind: 'profile-stop' };

/** What the thread answers to a command, by its kind. */
export interface Results {
  set: undefined;
  /** Pages visited. */
  scan: number;
  stop: undefined;
  'profile-start': undefined;
  /** The profile as JSON. */
  'profile-stop': string;
}

/**
 * What the thread says once it can begin, and once it has. The first message it gets lets it begin.
 */
export type Notice = 'ready' | 'begun';

export type Answer =
  | { readonly id: number; readonly value: Results[keyof Results] }
  | { readonly id: number; readonly code: Errno; readonly message: string };

/** Pages between two looks at the door: a fraction of a millisecond. */
const SLICE_PAGES = 128;
/** Slices of a batch between two looks at the processor time: batches can be long. */
const CPU_SAMPLE_SLICES = 64;

class ThreadClock implements Clock {
  /** `usedMs`: what the threads before this one used. */
  constructor(
    private readonly usedMs: number,
    private readonly kernelTime: KernelTime,
  ) {}

  nowMs(): number {
    return nowMs();
  }

  /** What the advisor goes by: at the kernel's pace, what a kernel's thread would have used. */
  cpuMs(): number {
    return this.kernelTime.isKept ? this.kernelTime.cpuMs : this.ownCpuMs();
  }

  /** A kernel's naps end with its timer's ticks. */
  get tickMs(): number {
    return this.kernelTime.isKept ? DEFAULT_TICK_MS : 0;
  }

  /** Linux's account of this very thread and those before it. */
  ownCpuMs(): number {
    return this.usedMs + threadCpuMs();
  }
}

class ScannerThread {
  private readonly i32: Int32Array;
  private readonly ksm: Ksm;
  private readonly oneIn: number;
  private readonly safepoint: Safepoint;
  private readonly clock: ThreadClock;
  private readonly kernelTime: KernelTime;
  private readonly profiler = new ThreadProfiler();
  private stopped = false;
  private cpuSampledMs = 0;
  /** Of a sample, at the kernel's pace: parts of a page that batches still have to visit. */
  private pagesDue = 0;

  constructor(
    { memory, kernel, oneIn, prices }: ScannerData,
    private readonly port: MessagePort,
  ) {
    const machine = new Machine(SharedMemory.attach(memory, HOLDER_SCANNER));
    this.i32 = machine.memory.i32;
    this.oneIn = oneIn;
    this.kernelTime = new KernelTime(machine.memory, oneIn, prices);
    this.clock = new ThreadClock(Atomics.load(this.i32, CTL_SCANNER_CPU_MS) >>> 0, this.kernelTime);
    this.safepoint = new Safepoint(this.i32, HOLDER_SCANNER);
    this.ksm = new Ksm(machine, kernelProfile(kernel), this.clock, () => this.safepoint.pass());
  }

  /** Scans until told to stop. Whatever ends the thread, nobody waits for it afterwards. */
  run(): void {
    try {
      this.loop();
    } finally {
      this.safepoint.end();
    }
  }

  private loop(): void {
    let activity: Activity = IDLE;
    while (!this.stopped) {
      // Read before the door is answered: who rings afterwards ends the sleep.
      const bell = Atomics.load(this.i32, CTL_DOORBELL);
      this.answerDoor();
      activity = this.ksm.next(activity);
      if (activity.kind === 'scan') this.batch(activity.pages);
      else if (activity.kind === 'sleep') this.sleep(bell, activity.untilMs - this.clock.nowMs());
      else {
        // Nothing comes after this that could tell.
        this.publishCpu();
        this.sleep(bell, Number.POSITIVE_INFINITY);
      }
      this.sampleCpu();
    }
  }

  /** Scans a batch; run=0 and a command to stop cut it short. */
  private batch(pages: number): void {
    const { kernelTime, clock } = this;
    let slices = 0;
    kernelTime.beginBatch(clock.nowMs());
    for (let left = this.heldOf(pages); left > 0 && this.goesOn; left -= SLICE_PAGES) {
      const slice = Math.min(left, SLICE_PAGES);
      if (this.ksm.scan(slice) < slice) break;
      if (++slices % CPU_SAMPLE_SLICES === 0) this.sampleCpu();
      this.answerDoor();
      this.hold(kernelTime.holdUntilMs(clock.nowMs(), false));
    }
    this.hold(kernelTime.holdUntilMs(clock.nowMs(), true));
  }

  /**
   * How many of a batch's pages a sample has: at the kernel's pace it is gone over as slowly as all
   * of them would be.
   */
  private heldOf(pages: number): number {
    if (this.oneIn === 1 || !this.kernelTime.isKept) return pages;
    const due = this.pagesDue + pages / this.oneIn;
    this.pagesDue = due - Math.floor(due);
    return Math.floor(due);
  }

  /** Does nothing until then, as a kernel would still be busy; obeys meanwhile. */
  private hold(untilMs: number): void {
    for (let ms = untilMs - this.clock.nowMs(); ms > 0; ms = untilMs - this.clock.nowMs()) {
      const bell = Atomics.load(this.i32, CTL_DOORBELL);
      this.answerDoor();
      if (!this.goesOn || !this.kernelTime.isKept) return;
      this.sleep(bell, ms);
    }
  }

  private get goesOn(): boolean {
    return !this.stopped && this.ksm.shouldRun;
  }

  private sleep(bell: number, ms: number): void {
    if (!this.stopped) this.safepoint.rest(CTL_DOORBELL, bell, ms);
  }

  /** Stands still while asked to, then takes what commands there are. */
  private answerDoor(): void {
    this.safepoint.pass();
    for (
      let message = receiveMessageOnPort(this.port);
      message !== undefined;
      message = receiveMessageOnPort(this.port)
    ) {
      this.obey(message.message as { id: number; command: Command });
    }
  }

  private obey({ id, command }: { id: number; command: Command }): void {
    let answer: Answer;
    try {
      answer = { id, value: this.carryOut(command) };
    } catch (error) {
      if (!(error instanceof KsmdError)) throw error;
      answer = { id, code: error.code, message: error.message };
    }
    this.port.postMessage(answer);
  }

  private carryOut(command: Command): Results[keyof Results] {
    switch (command.kind) {
      case 'set':
        setTunable(this.ksm, tunableName(this.ksm.profile, command.name), command.value);
        return undefined;
      case 'scan':
        if (Atomics.load(this.i32, CTL_RUN) === RUN_MERGE)
          throw new KsmdError(
            'EBUSY',
            'the scanner is running: set run to 0 to scan batch by batch',
          );
        return this.scanBatch(command.pages);
      case 'stop':
        this.stopped = true;
        return undefined;
      case 'profile-start':
        this.profiler.start();
        return undefined;
      case 'profile-stop':
        return this.profiler.stop();
    }
  }

  private scanBatch(pages: number): number {
    let visited = 0;
    while (visited < pages) {
      const slice = Math.min(pages - visited, SLICE_PAGES);
      const done = this.ksm.scan(slice);
      visited += done;
      if (done < slice) break;
      this.safepoint.pass();
    }
    this.publishCpu();
    return visited;
  }

  /** Publishes the processor time used, a few times a second at most. */
  private sampleCpu(): void {
    if (performance.now() - this.cpuSampledMs >= 50) this.publishCpu();
  }

  private publishCpu(): void {
    this.cpuSampledMs = performance.now();
    Atomics.store(this.i32, CTL_SCANNER_CPU_MS, this.clock.ownCpuMs() | 0);
    this.kernelTime.publish();
  }
}

/** As nice as the kernel's own thread: whoever waits for an answer goes first. */
const NICE = 5;

if (parentPort === null) throw new Error('scanner-thread.js is started by the daemon');
// On Linux, 0 is this very thread.
setPriority(0, Math.max(NICE, getPriority(0)));
const port = parentPort;
// Everything is loaded; the thread waits to be told to begin, as a spare may for as long as the one
// before it lives.
port.postMessage('ready' satisfies Notice);
port.once('message', () => {
  const thread = new ScannerThread(workerData as ScannerData, port);
  port.postMessage('begun' satisfies Notice);
  thread.run();
  // The port keeps the thread alive otherwise.
  port.close();
});
