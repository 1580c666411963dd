/**
 * The scanner as the API thread sees it: a worker thread that scans, and the ways to command it, park it and stop it.
 *
 * The scanner stands still between two slices of a batch when asked to (`quiesce`), so whatever changes guests, regions or advice has the machine's
 * lists to itself. Commands (tunables, single batches) are carried out by the scanner thread itself, which alone writes trees.
 */
import { EventEmitter, once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { CTL_DOORBELL, CTL_PARK_REQUESTS, CTL_PARKED, CTL_RUN, CTL_SCANNER_CPU_MS } from '../core/layout.js';
import type { ProfileName } from '../ksm/profile.js';
import { RUN_MERGE, type TunableValue } from '../ksm/tunables.js';
import { BusyError, InvalidError, type KsmdError, NotFoundError, OutOfMemoryError } from '../machine/errors.js';
import type { SharedMemory } from '../machine/memory.js';
import type { Answer, Command, ScannerData } from './scanner-thread.js';

export type ScannerState = 'stopped' | 'running' | 'dead';

interface Pending {
  readonly resolve: (value: number) => void;
  readonly reject: (error: Error) => void;
}

export class Scanner extends EventEmitter<{ died: [reason: string] }> {
  private readonly i32: Int32Array;
  private readonly pending = new Map<number, Pending>();
  private nextId = 1;
  private stopping = false;
  private dead = false;

  private constructor(
    memory: SharedMemory,
    private readonly worker: Worker,
  ) {
    super();
    this.i32 = memory.i32;
    worker.on('message', (answer: Answer) => this.settle(answer));
    worker.on('error', (error) => this.die(error.stack ?? error.message));
    worker.on('exit', (code) => this.die(`exit status ${code}`));
  }

  /** Starts the thread; resolves once it scans or waits for run=1. */
  static async start(memory: SharedMemory, kernel: ProfileName): Promise<Scanner> {
    const data: ScannerData = { memory: memory.memory, kernel };
    const worker = new Worker(new URL('./scanner-thread.js', import.meta.url), { workerData: data, name: 'ksmd-scanner' });
    await once(worker, 'message');
    return new Scanner(memory, worker);
  }

  get state(): ScannerState {
    if (this.dead) return 'dead';
    return Atomics.load(this.i32, CTL_RUN) === RUN_MERGE ? 'running' : 'stopped';
  }

  /** Milliseconds of processor time the scanner thread has used. */
  get cpuMs(): number {
    return Atomics.load(this.i32, CTL_SCANNER_CPU_MS);
  }

  /** Runs `change` while the scanner stands still. Waits for at most one slice of a batch: well under a millisecond, as a rule. */
  quiesce<T>(change: () => T): T {
    Atomics.add(this.i32, CTL_PARK_REQUESTS, 1);
    this.ring();
    while (!this.dead && Atomics.load(this.i32, CTL_PARKED) === 0) Atomics.wait(this.i32, CTL_PARKED, 0, 100);
    try {
      return change();
    } finally {
      Atomics.sub(this.i32, CTL_PARK_REQUESTS, 1);
      Atomics.notify(this.i32, CTL_PARK_REQUESTS);
    }
  }

  /** Writes a tunable, on the scanner thread. Rejects with what `setTunable` throws. */
  async set(name: string, value: TunableValue): Promise<void> {
    await this.command({ kind: 'set', name, value });
  }

  /** Scans one batch of `pages` pages, on the scanner thread; how many were visited. BusyError unless run is 0 or 2. */
  scan(pages: number): Promise<number> {
    return this.command({ kind: 'scan', pages });
  }

  /** Lets the scanner finish its slice, answer what it was asked, and end. */
  async stop(): Promise<void> {
    if (this.dead || this.stopping) return;
    this.stopping = true;
    const exited = once(this.worker, 'exit');
    await this.command({ kind: 'stop' });
    await exited;
  }

  private command(command: Command): Promise<number> {
    if (this.dead) return Promise.reject(new BusyError('the scanner has died'));
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
      this.worker.postMessage({ id, command });
      this.ring();
    });
  }

  private ring(): void {
    Atomics.add(this.i32, CTL_DOORBELL, 1);
    Atomics.notify(this.i32, CTL_DOORBELL);
  }

  private settle(answer: Answer): void {
    const waiting = this.pending.get(answer.id);
    this.pending.delete(answer.id);
    if ('code' in answer) waiting?.reject(refusal(answer.code, answer.message));
    else waiting?.resolve(answer.value);
  }

  private die(reason: string): void {
    if (this.dead) return;
    this.dead = true;
    for (const { reject } of this.pending.values()) reject(new BusyError('the scanner has died'));
    this.pending.clear();
    if (!this.stopping) this.emit('died', reason);
  }
}

/** What the scanner thread threw, made anew on this side of the thread border. */
function refusal(code: string, message: string): KsmdError {
  switch (code) {
    case 'ENOENT':
      return new NotFoundError(message);
    case 'EBUSY':
      return new BusyError(message);
    case 'ENOMEM':
      return new OutOfMemoryError(message);
    default:
      return new InvalidError(message);
  }
}
