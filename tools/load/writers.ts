/**
 * The load of stress and chaos: three guests that write at random as fast as they can and read
 * every store back, a reader beside one of them, and the scanner at full speed, in a memory nine
 * tenths full. They lie on two NUMA nodes, and merge across them if the seed is odd.
 */
import type { Workload } from '../../src/protocol/routes/workloads.js';
import type { LoadedDaemon } from './daemon.js';
import { FAMILY_MIB } from './families.js';

const MEMORY_MIB = 64;
const PAGE_SIZE = 4096;
const FILLED = 0.9;
const WRITERS = 3;
const NUMA_NODES = 2;

export const DAEMON_OPTIONS = [
  '--memory',
  `${MEMORY_MIB + FAMILY_MIB}MiB`,
  '--pages-to-scan',
  '99999',
  '--sleep-ms',
  '0',
];
const PAGES_EACH = Math.floor((MEMORY_MIB * 2 ** 20 * FILLED) / PAGE_SIZE / WRITERS);

export interface Totals {
  stores: number;
  verified: number;
  wrong: number;
  retries: number;
}

export class Writers {
  readonly totals: Totals = { stores: 0, verified: 0, wrong: 0, retries: 0 };
  private readonly ids: number[] = [];
  private reader = 0;

  constructor(
    private readonly daemon: LoadedDaemon,
    private seed: number,
  ) {}

  async start(): Promise<void> {
    const { client } = this.daemon;
    await client.setKsm({ use_zero_pages: 1, merge_across_nodes: this.seed % 2 });
    for (let writer = 0; writer < WRITERS; writer++) {
      await client.createGuest(guestName(writer), writer % NUMA_NODES);
      this.ids.push(await this.startWriter(writer));
    }
    const { id } = await client.run({
      workload: 'read',
      guest: guestName(0),
      seed: this.seed++,
    });
    this.reader = id;
  }

  /** Kills a writer wherever it is and starts another in its place. */
  async replace(writer: number): Promise<void> {
    const id = this.ids[writer % WRITERS];
    if (id === undefined) return;
    this.add(await this.daemon.client.kill(id, true));
    this.ids[writer % WRITERS] = await this.startWriter(writer % WRITERS);
  }

  /** Stops all; what they and those before them have done. */
  async stop(): Promise<Totals> {
    for (const id of [...this.ids, this.reader]) this.add(await this.daemon.client.kill(id));
    return this.totals;
  }

  /** What has been done up to now. */
  async soFar(): Promise<Totals> {
    const now = { ...this.totals };
    for (const workload of await this.daemon.client.workloads()) accumulate(now, workload);
    return now;
  }

  private async startWriter(writer: number): Promise<number> {
    const { id } = await this.daemon.client.run({
      workload: 'dirty',
      guest: guestName(writer),
      pages: PAGES_EACH,
      seed: this.seed++,
    });
    return id;
  }

  private add(ended: Workload): void {
    if (ended.state === 'died' && ended.reason !== 'killed')
      throw new Error(`a guest thread died: ${ended.reason}`);
    accumulate(this.totals, ended);
  }
}

function accumulate(
  totals: Totals,
  { workload, stores, verified, wrong, foreign, retries }: Workload,
): void {
  totals.stores += stores;
  // The reader verifies pages, not stores.
  if (workload === 'dirty') totals.verified += verified;
  // Nobody else writes these regions: what is foreign to the next writer was lost to the last.
  totals.wrong += wrong + foreign;
  totals.retries += retries;
}

function guestName(writer: number): string {
  return `writer-${writer}`;
}
