/**
 * The scanner as the API thread sees it: a worker thread that scans, and the ways to command it,
 * stop it and kill it.
 *
 * Commands (tunables, single batches) are carried out by the scanner thread itself, which alone
 * writes trees. When it dies another takes over, once what it left is made good (`Standstill`).
 */
import { EventEmitter } from 'node:events';
import { Worker } from 'node:worker_threads';
import { CTL_KERNEL_CPU_MS, CTL_RUN, CTL_SCANNER_CPU_MS } from '../../core/layout.js';
import { KsmdError } from '../../errors.js';
import type { Host } from '../../ksm/host.js';
import { RUN_MERGE } from '../../ksm/run.js';
import type { TunableValue } from '../../ksm/tunables.js';
import type { LongWork } from '../../machine/long-work.js';
import { HOLDER_SCANNER } from '../../machine/pte.js';
import { forgetThread, ringScanner } from '../../machine/safepoint.js';
import type { ScannerState } from '../../names.js';
import type { Prices } from '../../prices/prices.js';
import type { Answer, Command, Notice, Results, ScannerData } from './scanner-thread.js';
import type { Standstill } from './standstill.js';

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Deaths in a row, none followed by a start that succeeds, after which the scanner is given up. */
const MAX_FAILED_STARTS = 3;

interface ScannerEvents {
  /** The thread has died; another is on its way. */
  died: [reason: string];
  /**
   * The new thread has rebuilt trees and counters, this many milliseconds after the old one died.
   */
  restarted: [afterMs: number];
  /** No scanner can be had any more. */
  gaveUp: [reason: string];
}

export class Scanner extends EventEmitter<ScannerEvents> {
  private readonly i32: Int32Array;
  private readonly pending = new Map<number, Pending>();
  /** What is waited for. */
  private readonly answers = new Set<Promise<unknown>>();
  private nextId = 1;
  /**
   * A thread that has loaded everything and waits to take over; undefined if it could not be had.
   */
  private spare: Promise<Worker | undefined>;
  private phase: 'up' | 'restarting' | 'stopping' | 'dead' = 'up';

  /** Settled whenever the scanner is up or given up. */
  private up = Promise.resolve();

  private constructor(
    private readonly host: Host,
    /** What a kernel's work is counted at. */
    readonly prices: Prices,
    private readonly rebuild: () => LongWork,
    private readonly standstill: Standstill,
    private worker: Worker,
  ) {
    super();
    this.i32 = host.machine.memory.i32;
    this.spare = this.spawnSpare();
    this.watch(worker);
  }

  /**
   * Starts the thread; resolves once it scans or waits for run=1. `rebuild` makes good what a
   * thread that died left behind.
   */
  static async start(
    host: Host,
    prices: Prices,
    rebuild: () => LongWork,
    standstill: Standstill,
  ): Promise<Scanner> {
    const worker = await spawn(host, prices);
    await begin(worker);
    return new Scanner(host, prices, rebuild, standstill, worker);
  }

  get state(): ScannerState {
    if (this.phase === 'dead' || this.phase === 'restarting') return this.phase;
    return Atomics.load(this.i32, CTL_RUN) === RUN_MERGE ? 'running' : 'stopped';
  }

  /** Milliseconds of processor time the scanner thread has used. */
  get cpuMs(): number {
    return Atomics.load(this.i32, CTL_SCANNER_CPU_MS) >>> 0;
  }

  /** Milliseconds of processor time that a kernel's would have used for the same. */
  get kernelCpuMs(): number {
    return Atomics.load(this.i32, CTL_KERNEL_CPU_MS) >>> 0;
  }

  /** Writes a tunable, on the scanner thread. Rejects with what `setTunable` throws. */
  async set(name: string, value: TunableValue): Promise<void> {
    await this.command({ kind: 'set', name, value });
  }

  /**
   * Scans one batch of `pages` pages, on the scanner thread; how many were visited. EBUSY
   * unless run is 0 or 2.
   */
  scan(pages: number): Promise<number> {
    return this.command({ kind: 'scan', pages });
  }

  /** Switches V8's profiler of the scanner thread on. It dies with the thread. */
  async startProfile(): Promise<void> {
    await this.command({ kind: 'profile-start' });
  }

  /** Switches it off again; the profile as JSON. EBUSY if the thread is another by now. */
  stopProfile(): Promise<string> {
    return this.command({ kind: 'profile-stop' });
  }

  /** Resolves once the scanner takes commands, or there is none any more. */
  async ready(): Promise<void> {
    await this.standstill.sound();
    await this.up;
  }

  /**
   * Kills the thread wherever it is; another takes over (`died`, then `restarted`). Does nothing
   * while that is under way.
   */
  kill(): void {
    if (this.phase !== 'up') return;
    this.phase = 'restarting';
    const { worker } = this;
    this.up = this.standstill.kill(worker).then(() => this.up);
  }

  /** Resolves once all that it was asked so far is answered. */
  async answered(): Promise<void> {
    await Promise.allSettled(this.answers);
  }

  /**
   * Lets the scanner finish its slice, answer what it was asked, and end; one that is being
   * restarted first comes up.
   */
  async stop(): Promise<void> {
    await this.ready();
    if (this.phase === 'up') {
      const { worker } = this;
      const exited = new Promise((resolve) => worker.once('exit', resolve));
      const stopped = this.command({ kind: 'stop' });
      this.phase = 'stopping';
      await stopped;
      await exited;
    }
    await (await this.spare)?.terminate();
  }

  private command<Kind extends Command['kind']>(
    command: Command & { readonly kind: Kind },
  ): Promise<Results[Kind]> {
    if (this.phase !== 'up')
      return Promise.reject(new KsmdError('EBUSY', `the scanner is ${this.phase}: try again`));
    const id = this.nextId++;
    const answer = new Promise<Results[Kind]>((resolve, reject) => {
      // The thread answers as `Results` says.
      this.pending.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.worker.postMessage({ id, command });
      ringScanner(this.i32);
    });
    this.answers.add(answer);
    const settled = (): void => void this.answers.delete(answer);
    answer.then(settled, settled);
    return answer;
  }

  private watch(worker: Worker): void {
    let reason = '';
    worker.on('message', (answer: Answer | Notice) => {
      if (typeof answer !== 'string') this.settle(answer);
    });
    worker.on('error', (error) => {
      reason = error.stack ?? error.message;
    });
    worker.on('exit', (code) => this.exited(reason === '' ? `exit status ${code}` : reason));
  }

  private spawnSpare(): Promise<Worker | undefined> {
    return spawn(this.host, this.prices).catch(() => undefined);
  }

  private settle(answer: Answer): void {
    const waiting = this.pending.get(answer.id);
    this.pending.delete(answer.id);
    if ('code' in answer) waiting?.reject(new KsmdError(answer.code, answer.message));
    else waiting?.resolve(answer.value);
  }

  private exited(reason: string): void {
    for (const { reject } of this.pending.values())
      reject(new KsmdError('EBUSY', 'the scanner died before it was done: try again'));
    this.pending.clear();
    if (this.phase === 'stopping') {
      forgetThread(this.i32, HOLDER_SCANNER);
      this.phase = 'dead';
      return;
    }
    this.emit('died', reason);
    this.up = this.restart();
  }

  /** Another thread takes over what the dead one left. */
  private async restart(): Promise<void> {
    this.phase = 'restarting';
    const diedAt = performance.now();
    forgetThread(this.i32, HOLDER_SCANNER);
    for (let failures = 1; ; failures++) {
      try {
        // Each that fails may have begun to scan.
        await this.standstill.repair(this.rebuild);
        const worker = (await this.spare) ?? (await spawn(this.host, this.prices));
        this.spare = this.spawnSpare();
        await begin(worker);
        this.worker = worker;
        break;
      } catch (error) {
        if (failures < MAX_FAILED_STARTS) continue;
        this.phase = 'dead';
        this.emit(
          'gaveUp',
          error instanceof Error ? (error.stack ?? error.message) : String(error),
        );
        return;
      }
    }
    this.phase = 'up';
    this.watch(this.worker);
    this.emit('restarted', performance.now() - diedAt);
  }
}

/** Lets a thread that is ready scan. Rejects if it dies at that. */
async function begin(worker: Worker): Promise<void> {
  const begun = nextMessage(worker);
  worker.postMessage('begin');
  await begun;
}

/** Resolves with the thread's next message. Rejects if it dies before that, or is dead already. */
function nextMessage(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    if (worker.threadId === -1) reject(new Error('the thread has ended'));
    worker.once('message', () => resolve());
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the thread ended with status ${code}`)));
  });
}

/** A scanner thread that has told that it is ready. Rejects if it dies before that. */
async function spawn({ machine, profile, oneIn }: Host, prices: Prices): Promise<Worker> {
  const data: ScannerData = { memory: machine.memory.memory, kernel: profile.name, oneIn, prices };
  const worker = new Worker(new URL('./scanner-thread.js', import.meta.url), {
    workerData: data,
    name: 'ksmd-scanner',
  });
  await nextMessage(worker);
  // Whoever watches it later hears of it too; until then it is one spare less.
  worker.on('error', () => {});
  return worker;
}
