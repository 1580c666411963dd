/**
 * How soon the daemon tells its status, while its scanner runs at full speed and it does for others
 * whatever takes it long. Who asks, the scanner and the API thread are three busy threads; other
 * clients are processes of their own. Told besides is what is left of the answers' times once the
 * kernel's queues are taken off them, where who asks and who answers stand while others run: that
 * is the daemon's part.
 */
import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client } from '../../src/client/client.js';
import type { ProfileName } from '../../src/ksm/kernels.js';
import type { LoadedDaemon } from '../../tools/load/daemon.js';
import type { Progress } from '../progress.js';
import type { Row } from '../row.js';
import { PAGE_SIZE } from '../sides/side.js';
import { busyDaemon } from './busy-daemon.js';

/** Of 100 answers, 99; and every one. */
const P99_MS = 5;
const MOST_MS = 20;
const REQUESTS = 2000;
const WARM_UP = 200;
/** Each work that takes long is done so often. */
const REPETITIONS = 3;

/**
 * The same of a server that does nothing, beside threads that are busy: no daemon of Node.js can be
 * expected to answer sooner on this machine.
 */
export async function statusFloorRow(): Promise<Row> {
  const folder = mkdtempSync(join(tmpdir(), 'ksmd-status-floor-'));
  const socketPath = join(folder, 'socket');
  const server = fork(fileURLToPath(new URL('../sides/empty-server.mjs', import.meta.url)), [
    socketPath,
  ]);
  const client = new Client(socketPath);
  try {
    await once(server, 'message');
    const latency = new Latency(client, server.pid ?? 0);
    for (let i = 0; i < WARM_UP; i++) await client.status();
    for (let i = 0; i < REQUESTS; i++) await latency.ask();
    return {
      phase: 'status-floor',
      what: 'a server that does nothing, beside two busy threads',
      ksmdSeconds: latency.at(0.99) / 1000,
      goal: 'what the two below are to be held against',
      figures: latency.figures,
      work: { answers: latency.answers },
    };
  } finally {
    client.close();
    server.disconnect();
    rmSync(folder, { recursive: true });
  }
}

/** One request after another, beside the scanner alone. */
export async function statusLatencyRow(copyPages: number, profile: ProfileName): Promise<Row> {
  const daemon = await busyDaemon(copyPages * PAGE_SIZE * 2, profile);
  try {
    const { id } = await daemon.client.run({ workload: 'ksmpages', guest: 'a', pages: copyPages });
    // The guest is to be still, so that it is the scanner alone that is beside the answers.
    const stores = await daemon.done(id);
    const latency = new Latency(daemon.client, daemon.pid);
    for (let i = 0; i < WARM_UP; i++) await daemon.client.status();
    for (let i = 0; i < REQUESTS; i++) await latency.ask();
    return {
      phase: 'status-latency',
      what: 'status answered while the scanner runs at full speed',
      ksmdSeconds: latency.at(0.99) / 1000,
      goal: `99 of 100 within ${P99_MS} ms`,
      met: latency.at(0.99) <= P99_MS,
      figures: latency.figures,
      // How far the scanner came meanwhile is a matter of time.
      work: { stores, answers: latency.answers },
    };
  } finally {
    await daemon.stop();
  }
}

/** The same beside everything else that takes the daemon long, one after another. */
export async function busyStatusLatencyRow(
  copyPages: number,
  profile: ProfileName,
  progress: Progress,
): Promise<Row> {
  const daemon = await busyDaemon(copyPages * PAGE_SIZE * 3, profile);
  const file = join(tmpdir(), `ksmd-status-latency-${process.pid}`);
  try {
    const works = await longWorks(daemon, copyPages, file);
    const figures: Record<string, string> = {};
    let worst = { work: '', p99: 0, most: 0 };
    for (let i = 0; i < WARM_UP; i++) await daemon.client.status();
    for (const [work, carryOut] of Object.entries(works)) {
      progress.begin(`status beside: ${work}`);
      const latency = new Latency(daemon.client, daemon.pid);
      for (let repetition = 0; repetition < REPETITIONS; repetition++)
        await latency.askWhile(carryOut());
      const [p99, most] = [latency.at(0.99), latency.at(1)];
      figures[`${work}: p99, slowest`] = latency.text;
      if (p99 > worst.p99) worst = { ...worst, work, p99 };
      worst.most = Math.max(worst.most, most);
    }
    return {
      phase: 'status-latency-busy',
      what: `status answered beside other work, ${worst.work} at worst`,
      ksmdSeconds: worst.p99 / 1000,
      goal: `99 of 100 within ${P99_MS} ms, all within ${MOST_MS} ms`,
      met: worst.p99 <= P99_MS && worst.most <= MOST_MS,
      figures,
      work: { works: Object.keys(works).join(', '), pages: copyPages },
    };
  } finally {
    rmSync(file, { force: true });
    await daemon.stop();
  }
}

/** What takes the daemon long, by name: done once by each call, one after another. */
async function longWorks(
  daemon: LoadedDaemon,
  copyPages: number,
  file: string,
): Promise<Record<string, () => Promise<unknown>>> {
  const { client } = daemon;
  const curl = (...args: readonly string[]): Promise<unknown> =>
    promisify(execFile)('curl', ['-sSf', '--unix-socket', daemon.socketPath, ...args]);
  const url = (path: string): string => `http://localhost${path}`;
  const write = async (guest: string): Promise<void> => {
    await daemon.done((await client.run({ workload: 'ksmpages', guest, pages: copyPages })).id);
  };
  writeFileSync(file, Buffer.alloc(copyPages * PAGE_SIZE, 7));
  await write('still');
  await write('twin');
  const { regions } = await client.guest('twin');
  const address = Number(regions[0]?.address);
  const length = copyPages * PAGE_SIZE;
  return {
    check: () => client.check(),
    snapshot: () => curl('-o', '/dev/null', url('/v1/snapshot')),
    map: () => curl('-o', '/dev/null', url('/v1/map')),
    metrics: () => curl('-o', '/dev/null', url('/metrics')),
    'restarted scanner': () => client.restartScanner(),
    'run=2': async () => {
      await client.setKsm({ run: 2 });
      await client.setKsm({ run: 1 });
    },
    register: async () => {
      await client.createGuest('guest');
      await client.map('guest', 'memory', { pages: copyPages, address });
      await client.removeGuest('guest');
    },
    'upload, unregister': async () => {
      await client.createGuest('guest');
      await client.map('guest', 'memory', { pages: copyPages, address });
      const target = `/v1/guests/guest/memory?address=${address}&length=${length}`;
      await curl('-X', 'PUT', '-T', file, url(target));
      await client.removeGuest('guest');
    },
    'unmergeable, mergeable': async () => {
      await client.madvise('still', 'unmergeable', { address, length });
      await client.madvise('still', 'mergeable', { address, length });
    },
    dontneed: async () => {
      await client.madvise('twin', 'dontneed', { address, length });
      await client.removeGuest('twin');
      await write('twin');
    },
  };
}

/** Times of answers, and how much of them the two who talk stood in a processor's queue. */
class Latency {
  private readonly times: number[] = [];
  /** What is left of the times without the queues. */
  private readonly unqueued: number[] = [];

  /** `pid`: whose first thread answers. */
  constructor(
    private readonly client: Client,
    private readonly pid: number,
  ) {}

  get answers(): number {
    return this.times.length;
  }

  get figures(): Record<string, string> {
    return {
      'median ms': this.at(0.5).toFixed(2),
      'p99, slowest': this.text,
    };
  }

  get text(): string {
    const [whole, rest] = [this.times, this.unqueued].map((times) =>
      [0.99, 1].map((share) => percentile(times, share).toFixed(2)).join(', '),
    );
    return `${whole} ms of ${this.answers}, outside queues ${rest}`;
  }

  async ask(): Promise<void> {
    const queuedMs = this.queuedMs();
    const start = performance.now();
    await this.client.status();
    const ms = performance.now() - start;
    this.times.push(ms);
    this.unqueued.push(ms - (this.queuedMs() - queuedMs));
  }

  /** One request after another until `work` is done. */
  async askWhile(work: Promise<unknown>): Promise<void> {
    let isDone = false;
    const done = work.finally(() => {
      isDone = true;
    });
    while (!isDone) await this.ask();
    await done;
  }

  /** Milliseconds within which that share of the answers came. */
  at(share: number): number {
    return percentile(this.times, share);
  }

  private queuedMs(): number {
    return queuedMs(process.pid) + queuedMs(this.pid);
  }
}

/** How long a process's first thread was able to run, and something else ran, as Linux has it. */
function queuedMs(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/schedstat`, 'latin1').split(' ')[1]) / 1e6;
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
