/**
 * Who shares with whom, for whoever asks. Every page is read and compared by its fingerprint, which
 * takes seconds for gigabytes: so a thread of its own does it, while all others go on. There is one
 * at a time, and whoever asks for the same meanwhile gets what it finds. One whose answer nobody
 * waits for any more is ended.
 */
import { Worker } from 'node:worker_threads';
import { CTL_REGIONS_EPOCH } from '../../core/layout.js';
import { KsmdError } from '../../errors.js';
import type { Host } from '../../ksm/host.js';
import type { SharedQuery } from '../../protocol/routes/shared.js';
import { AwaitedWork, nobodyWaits } from '../awaited-work.js';
import type { SharedAnswer, SharedTask } from './shared-thread.js';

/** How often regions may change while they are looked at. */
const MOST_LOOKS = 4;
/** Of more pages a sample is looked at: each takes about a hundred bytes meanwhile. */
const MOST_PAGES = 2 ** 21;

export class SharedLooks {
  /** By what was asked for. */
  private readonly underWay = new Map<string, AwaitedWork<string>>();
  private before: Promise<unknown> = Promise.resolve();

  /** `thread`: what it runs, which is given a `SharedTask` and posts a `SharedAnswer`. */
  constructor(
    private readonly host: Host,
    private readonly thread: URL = new URL('./shared-thread.js', import.meta.url),
  ) {}

  /**
   * As JSON. EAGAIN if regions come and go all the time, EINVAL if there are too many guests.
   * `gone` is aborted when whoever asks waits no longer: EINTR, once nobody does.
   */
  async look(query: SharedQuery, gone: AbortSignal): Promise<string> {
    const { selection = 'auto', tenants } = query;
    const what = JSON.stringify([selection, tenants]);
    const underWay = this.underWay.get(what);
    if (underWay !== undefined && !underWay.isEnded) return underWay.for(gone);
    const look = new AwaitedWork(async (ended) => {
      await this.before;
      try {
        return await this.begin(query, ended);
      } finally {
        // One that has ended may have been asked for anew.
        if (this.underWay.get(what) === look) this.underWay.delete(what);
      }
    });
    this.before = look.done();
    this.underWay.set(what, look);
    return look.for(gone);
  }

  private async begin(query: SharedQuery, ended: AbortSignal): Promise<string> {
    const { i32 } = this.host.machine.memory;
    for (let looks = 0; looks < MOST_LOOKS; looks++) {
      const epoch = Atomics.load(i32, CTL_REGIONS_EPOCH);
      const found = await inThread(this.thread, this.task(query), ended);
      if (Atomics.load(i32, CTL_REGIONS_EPOCH) === epoch) return found;
    }
    throw new KsmdError('EAGAIN', 'regions come and go while they are looked at: ask again');
  }

  private task({ selection = 'auto', tenants }: SharedQuery): SharedTask {
    const { host } = this;
    const present = host.guests
      .names()
      .reduce((sum, name) => sum + host.guests.presentPages(name), 0);
    const guests = host.guests.names().map((name) => ({
      name,
      mergesAny: host.mergesAny(name),
      regions: host.guests.regionsOf(name).map(({ name: region, address, pages }) => ({
        name: region,
        page: address / host.machine.pageSize,
        pages,
        firstSlot: host.guests.firstSlot(name, region),
      })),
    }));
    return {
      memory: host.machine.memory.memory,
      heldOneIn: host.oneIn,
      oneIn: 2 ** Math.max(0, Math.ceil(Math.log2(present / MOST_PAGES))),
      guests,
      selection,
      tenants,
    };
  }
}

/** EINTR once `ended` is aborted: then there is no thread any more. */
async function inThread(thread: URL, task: SharedTask, ended: AbortSignal): Promise<string> {
  if (ended.aborted) throw nobodyWaits();
  const worker = new Worker(thread, { workerData: task, name: 'ksmd-shared' });
  ended.addEventListener('abort', () => void worker.terminate(), { once: true });
  // It holds nothing of the machine's: the daemon ends without waiting for it.
  worker.unref();
  const answer = await new Promise<SharedAnswer>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => {
      reject(ended.aborted ? nobodyWaits() : new Error(`the thread ended with status ${code}`));
    });
  });
  if (typeof answer === 'string') return answer;
  throw new KsmdError(answer.code, answer.message);
}
