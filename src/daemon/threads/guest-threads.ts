/**
 * Guest threads as the API thread sees them: start, list, stop, kill.
 *
 * A thread that ends, by itself or not, leaves the machine as if its last store had happened whole
 * or not at all.
 */
import { Worker } from 'node:worker_threads';
import { CTL_FRAMES_FREED, CTL_THREAD_STOPS } from '../../core/layout.js';
import { KsmdError } from '../../errors.js';
import type { Host } from '../../ksm/host.js';
import { HOLDER_SCANNER } from '../../machine/pte.js';
import { recover } from '../../machine/recover.js';
import { forgetThread } from '../../machine/safepoint.js';
import type { WorkloadName, WorkloadState } from '../../names.js';
import { Tally, type WorkloadOptions } from '../../workload/workload.js';
import type { GuestThreadData, GuestThreadMessage } from './guest-thread.js';
import type { Standstill } from './standstill.js';

const FIRST_HOLDER = HOLDER_SCANNER + 1;
/** Names for pte locks go up to 255. */
export const MAX_GUEST_THREADS = 255 - HOLDER_SCANNER;

export interface GuestThreadInfo {
  readonly id: number;
  readonly workload: WorkloadName;
  readonly guest: string;
  readonly region: string;
  readonly state: WorkloadState;
  readonly tally: Tally;
  /** Processor time the thread has used. */
  readonly cpuMs: number;
  /** Why it died. */
  readonly reason?: string;
}

export interface GuestThreadSummary {
  readonly running: number;
  /** For a free frame. */
  readonly waiting: number;
  /** Processor time of all threads there have been. */
  readonly cpuMs: number;
}

export interface GuestThreadListener {
  started(info: GuestThreadInfo): void;
  /** A thread has done its work, or was asked to end. */
  ended(info: GuestThreadInfo): void;
  /** A thread ended without being asked to. */
  died(info: GuestThreadInfo): void;
  /** A store of the thread found no frame, and waits for one. */
  waits(info: GuestThreadInfo): void;
}

interface GuestThread {
  readonly worker: Worker;
  readonly holder: number;
  /** It has ended, and nothing of it is left in the machine. */
  ended: boolean;
  /** Resolves then. */
  readonly end: Promise<void>;
  /** Resolves with its first message, or its end. */
  readonly begun: Promise<void>;
  info: GuestThreadInfo;
}

export class GuestThreads {
  private readonly threads = new Map<number, GuestThread>();
  /** Guests that are about to go, or a region of them. */
  private readonly closed = new Set<string>();
  private nextId = 1;
  /** Processor time of threads that are no longer listed. */
  private forgottenCpuMs = 0;

  constructor(
    private readonly host: Host,
    private readonly frameTimeoutMs: number,
    private readonly maxThreads: number,
    private readonly standstill: Standstill,
    private readonly listener: GuestThreadListener,
  ) {}

  /**
   * Starts a workload in a region of a guest. EEXIST if one that writes already runs there.
   */
  start(
    workload: WorkloadName,
    guest: string,
    region: string,
    options: WorkloadOptions,
  ): GuestThreadInfo {
    const { host } = this;
    const { address, pages } = host.guests.regionOf(guest, region);
    if (this.closed.has(guest))
      throw new KsmdError('EBUSY', `guest '${guest}' is about to lose memory: try again`);
    if (
      workload !== 'read' &&
      this.living().some(
        ({ info }) => info.guest === guest && info.region === region && info.workload !== 'read',
      )
    ) {
      throw new KsmdError(
        'EEXIST',
        `a workload writes region '${region}' of guest '${guest}' already: kill it first`,
      );
    }
    const holder = this.freeHolder();
    const { i32, memory } = host.machine.memory;
    Atomics.store(i32, CTL_THREAD_STOPS + holder, 0);
    const data: GuestThreadData = {
      memory,
      holder,
      guest: host.guests.pointer(guest),
      address,
      pages,
      workload,
      options,
      frameTimeoutMs: this.frameTimeoutMs,
    };
    const id = this.nextId++;
    const worker = new Worker(new URL('./guest-thread.js', import.meta.url), {
      workerData: data,
      name: `ksmd-${workload}-${id}`,
    });
    let resolveEnd = (): void => {};
    const thread: GuestThread = {
      worker,
      holder,
      ended: false,
      end: new Promise((resolve) => {
        resolveEnd = resolve;
      }),
      begun: new Promise((resolve) => {
        worker.once('message', () => resolve());
        worker.once('exit', () => resolve());
      }),
      info: { id, workload, guest, region, state: 'running', tally: new Tally(), cpuMs: 0 },
    };
    this.threads.set(id, thread);
    this.watch(thread, resolveEnd);
    this.listener.started(thread.info);
    return thread.info;
  }

  list(): GuestThreadInfo[] {
    return [...this.threads.values()].map(({ info }) => info);
  }

  summary(): GuestThreadSummary {
    const count = (state: WorkloadState): number =>
      this.living().filter(({ info }) => info.state === state).length;
    const cpuMs = this.list().reduce((sum, info) => sum + info.cpuMs, this.forgottenCpuMs);
    return { running: count('running'), waiting: count('waiting'), cpuMs: Math.round(cpuMs) };
  }

  get(id: number): GuestThreadInfo {
    return this.find(id).info;
  }

  /** Asks a thread to end; resolves when it has. One that has ended is forgotten. */
  async stop(id: number): Promise<GuestThreadInfo> {
    const thread = this.find(id);
    if (!thread.ended) {
      const { i32 } = this.host.machine.memory;
      Atomics.store(i32, CTL_THREAD_STOPS + thread.holder, 1);
      Atomics.notify(i32, CTL_THREAD_STOPS + thread.holder);
      // It may be waiting for a frame.
      Atomics.add(i32, CTL_FRAMES_FREED, 1);
      Atomics.notify(i32, CTL_FRAMES_FREED);
      await thread.end;
    }
    if (this.threads.delete(id)) this.forgottenCpuMs += thread.info.cpuMs;
    return thread.info;
  }

  /** Ends a thread wherever it is. It stays listed, as died. */
  async kill(id: number): Promise<GuestThreadInfo> {
    const thread = this.find(id);
    if (!thread.ended) {
      // Killed while it loads, it would leave the files open that it was reading.
      await thread.begun;
      await this.standstill.kill(thread.worker);
      await thread.end;
    }
    return thread.info;
  }

  /**
   * Stops whatever runs in a guest, or in one region of it, and then makes the change, before
   * anything else can start there.
   */
  async whileStopped(
    guest: string,
    region: string | undefined,
    change: () => Promise<void>,
  ): Promise<void> {
    this.closed.add(guest);
    try {
      const there = this.list().filter(
        (info) => info.guest === guest && (region === undefined || info.region === region),
      );
      await Promise.all(there.map(({ id }) => this.stop(id)));
      await change();
    } finally {
      this.closed.delete(guest);
    }
  }

  async stopAll(): Promise<void> {
    await Promise.all(this.list().map(({ id }) => this.stop(id)));
  }

  private watch(thread: GuestThread, resolveEnd: () => void): void {
    const { worker } = thread;
    let reason: string | undefined;
    worker.on('message', ({ tally, cpuMs, waitingForFrame, done }: GuestThreadMessage) => {
      const state = done ? 'done' : waitingForFrame ? 'waiting' : 'running';
      const begins = state === 'waiting' && thread.info.state !== 'waiting';
      thread.info = { ...thread.info, tally, cpuMs, state };
      if (begins) this.listener.waits(thread.info);
    });
    worker.on('error', (error) => {
      reason = error.stack ?? error.message;
    });
    worker.on('exit', (code) => {
      void this.clearUp(thread, code, reason ?? 'killed').then(resolveEnd);
    });
  }

  /** If the thread died it may have been anywhere: its locks are let go of, frames counted anew. */
  private async clearUp(thread: GuestThread, exitCode: number, reason: string): Promise<void> {
    const { machine } = this.host;
    const { i32 } = machine.memory;
    forgetThread(i32, thread.holder);
    if (exitCode === 0) {
      thread.ended = true;
      if (Atomics.load(i32, CTL_THREAD_STOPS + thread.holder) !== 0)
        thread.info = { ...thread.info, state: 'stopped' };
      this.listener.ended(thread.info);
      return;
    }
    await this.standstill.repair(() => recover(machine, thread.holder));
    thread.ended = true;
    thread.info = { ...thread.info, state: 'died', reason };
    this.listener.died(thread.info);
  }

  private living(): GuestThread[] {
    return [...this.threads.values()].filter(({ ended }) => !ended);
  }

  private freeHolder(): number {
    const taken = new Set(this.living().map(({ holder }) => holder));
    if (taken.size >= this.maxThreads)
      throw new KsmdError('ENOSPC', `there are already ${taken.size} workloads: kill one first`);
    let holder = FIRST_HOLDER;
    while (taken.has(holder)) holder++;
    return holder;
  }

  private find(id: number): GuestThread {
    const thread = this.threads.get(id);
    if (thread === undefined) throw new KsmdError('ENOENT', `no workload ${id}`);
    return thread;
  }
}
