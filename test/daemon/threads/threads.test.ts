/**
 * The scanner and guest threads as the daemon runs them, at full speed, killed at any moment, and
 * short of memory: no byte is wrong, a recount agrees, and whoever waits goes on. From dist, where
 * their threads' code is.
 */

import { once } from 'node:events';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { GuestThreads } from '../../../dist/daemon/threads/guest-threads.js';
import { Scanner } from '../../../dist/daemon/threads/scanner.js';
import { Standstill } from '../../../dist/daemon/threads/standstill.js';
import { checkHostInSlices } from '../../../dist/inspect/check.js';
import { ManualClock } from '../../../dist/ksm/clock.js';
import { Host } from '../../../dist/ksm/host.js';
import { rebuild } from '../../../dist/ksm/rebuild.js';
import type { WorkloadOptions } from '../../../dist/workload/workload.js';
import type { WorkloadName } from '../../../src/names.js';
import { DEFAULT_PRICES } from '../../../src/prices/default-prices.js';
import { until } from '../../until.js';

const PAGES = 48;
const PAGE = 256;
const OPTIONS: WorkloadOptions = {
  seed: 1,
  rate: 0,
  spreadPages: PAGES,
  best: false,
  readLoop: false,
};
/** Longer than any test: a frame waited for is waited for until it comes. */
const MAX_THREADS = 16;
const FOREVER_MS = 120_000;

class Threads {
  private constructor(
    readonly host: Host,
    readonly standstill: Standstill,
    readonly scanner: Scanner,
    readonly guests: GuestThreads,
  ) {}

  static async start(
    frames: number,
    onDeath: (reason: string) => void = () => undefined,
  ): Promise<Threads> {
    const clock = new ManualClock();
    let alone: Standstill | undefined;
    const host = Host.create(
      { memoryBytes: frames * PAGE, pageSize: PAGE, guestPages: 1024 },
      clock,
      () => alone?.assertHeld(),
    );
    const standstill = new Standstill(host.machine.memory.i32);
    alone = standstill;
    const scanner = await Scanner.start(
      host,
      DEFAULT_PRICES,
      () => rebuild(host.ksm, clock.now),
      standstill,
    );
    const guests = new GuestThreads(host, FOREVER_MS, MAX_THREADS, standstill, {
      died: ({ reason }) => onDeath(reason ?? ''),
      waits: () => {},
      started: () => {},
      ended: () => {},
    });
    const threads = new Threads(host, standstill, scanner, guests);
    for (const [name, value] of [
      ['pages_to_scan', 10_000],
      ['sleep_millisecs', 0],
      ['smart_scan', 0],
      ['use_zero_pages', 1],
      ['max_page_sharing', 4],
      ['run', 1],
    ] as const) {
      await scanner.set(name, value);
    }
    return threads;
  }

  guest(name: string, pages = PAGES): Promise<void> {
    return this.standstill.change(() => {
      this.host.createGuest(name);
      this.host.map(name, 'r', pages);
    });
  }

  exit(name: string): Promise<void> {
    return this.standstill.change(() => this.host.exitGuest(name));
  }

  check(): Promise<string[]> {
    return this.standstill.look(() => checkHostInSlices(this.host));
  }

  run(workload: WorkloadName, guest: string, options: Partial<WorkloadOptions> = {}): number {
    return this.guests.start(workload, guest, 'r', { ...OPTIONS, ...options }).id;
  }

  verified(): number {
    return this.guests.list().reduce((sum, { tally }) => sum + tally.verified, 0);
  }

  wrong(): number {
    return this.guests.list().reduce((sum, { tally }) => sum + tally.wrong + tally.foreign, 0);
  }

  /** So many more verified operations, by whoever runs. */
  async until(verified: number): Promise<void> {
    const goal = this.verified() + verified;
    await until(`${verified} more verified operations`, () => this.verified() >= goal);
  }

  async fullScans(more: number): Promise<void> {
    const now = this.host.files.counters().full_scans ?? 0;
    await until(
      `${more} full scans`,
      () => (this.host.files.counters().full_scans ?? 0) >= now + more,
    );
  }

  async stop(): Promise<void> {
    await this.scanner.ready();
    await this.guests.stopAll();
    await this.scanner.stop();
  }
}

let threads: Threads | undefined;
afterEach(async () => {
  await threads?.stop();
  threads = undefined;
});

test('two writers, a reader and the scanner at full speed: no byte is wrong, and pages merge', async () => {
  threads = await Threads.start(4 * PAGES);
  await threads.guest('a');
  await threads.guest('b');
  threads.run('dirty', 'a', { seed: 1 });
  threads.run('dirty', 'b', { seed: 2 });
  threads.run('read', 'a');
  await threads.until(300_000);
  await threads.fullScans(20);
  expect(threads.wrong()).toBe(0);
  expect(await threads.check()).toEqual([]);
  const { guests } = threads;
  await until('all of them have done something', () =>
    guests.list().every(({ tally }) => tally.verified > 0),
  );
  await threads.guests.stopAll();
  // Everything is still now: each content is in memory as often as max_page_sharing asks.
  await threads.fullScans(5);
  expect(threads.host.files.counters().pages_sharing).toBeGreaterThan(0);
  expect(await threads.check()).toEqual([]);
});

test('at the kernel’s pace the scanner is never sooner done than a kernel would be', async () => {
  threads = await Threads.start(4 * PAGES);
  const { host, scanner } = threads;
  await scanner.set('pace', 'kernel');
  const from = performance.now();
  await threads.guest('still');
  host.memory.store(
    'still',
    host.guests.regionOf('still', 'r').address,
    new Uint8Array(PAGES * PAGE).fill(1),
  );
  await until('a kernel would have worked for a while', () => scanner.kernelCpuMs >= 300);
  const { kernelCpuMs } = scanner;
  expect(kernelCpuMs).toBeLessThan(performance.now() - from);
  expect(host.files.counters().pages_sharing).toBeGreaterThan(0);
});

test('the scanner killed again and again beside them: no byte is wrong, and the next one goes on', async () => {
  threads = await Threads.start(4 * PAGES);
  const { host, scanner } = threads;
  await threads.guest('a');
  await threads.guest('b');
  await threads.guest('still', 16);
  host.memory.store(
    'still',
    host.guests.regionOf('still', 'r').address,
    new Uint8Array(16 * PAGE).fill(1),
  );
  threads.run('dirty', 'a', { seed: 3, spreadPages: 12 });
  threads.run('boot', 'b', { seed: 4, rate: 5000 });
  threads.run('read', 'a', { spreadPages: 12 });
  for (let kill = 0; kill < 15; kill++) {
    // Each time somewhere else in a scan.
    await threads.until(500 + kill * 311);
    const restarted = once(scanner, 'restarted');
    scanner.kill();
    expect(threads.standstill.isReady, 'nobody touches what it may hold').toBe(false);
    await restarted;
    await scanner.ready();
    expect(scanner.state).toBe('running');
    expect(await threads.check()).toEqual([]);
    await threads.fullScans(3);
    // Four of its pages a frame.
    expect(host.files.guestCounters('still').ksm_merging_pages).toBe(16);
  }
  expect(threads.wrong()).toBe(0);
  expect(await threads.check()).toEqual([]);
});

test('guest threads killed beside them: what they stored is whole, and another goes on there', async () => {
  const reasons: string[] = [];
  threads = await Threads.start(4 * PAGES, (reason) => reasons.push(reason));
  const { guests } = threads;
  await threads.guest('a');
  await threads.guest('b');
  threads.run('dirty', 'b', { seed: 5 });
  const wrong: number[] = [];
  for (let kill = 0; kill < 6; kill++) {
    // Words only, or nearly: of one page, written over and over.
    const id = threads.run('dirty', 'a', { seed: 10 + kill, spreadPages: 8 });
    await until('it has stored', () => guests.get(id).tally.verified > 500 * kill);
    const { state, tally } = await guests.kill(id);
    expect(state).toBe('died');
    wrong.push(tally.wrong, tally.foreign);
    expect(await threads.check()).toEqual([]);
    // The reader sees a word that is half old, half new.
    const reader = threads.run('read', 'a', { spreadPages: 8 });
    await until('it has read', () => guests.get(reader).tally.verified > 100);
    const seen = (await guests.stop(reader)).tally;
    wrong.push(seen.wrong, seen.foreign);
  }
  expect(reasons).toEqual(Array.from({ length: 6 }, () => 'killed'));
  expect([...wrong, threads.wrong()].every((count) => count === 0)).toBe(true);
  expect(await threads.check()).toEqual([]);
});

test('guest threads killed while they are being started leave no file open', async () => {
  threads = await Threads.start(4 * PAGES);
  await threads.guest('a');
  const open = (): string[] =>
    readdirSync('/proc/self/fd')
      // One is the directory's, and closed by now.
      .filter((fd) => existsSync(`/proc/self/fd/${fd}`))
      .map((fd) => readlinkSync(`/proc/self/fd/${fd}`, { encoding: 'utf8' }))
      .filter((path) => /\.(js|json)$/.test(path));
  const before = open();
  for (let kill = 0; kill < 40; kill++) {
    const id = threads.run('dirty', 'a', { seed: kill });
    // Each time somewhat further on in what it loads.
    const { cpuUsage } = process;
    for (const from = cpuUsage(); cpuUsage(from).user < kill * 3000; )
      await new Promise(setImmediate);
    await threads.guests.kill(id);
  }
  expect(open()).toEqual(before);
});

test('guest threads that crash by themselves while another is killed: both are cleared up', async () => {
  const reasons: string[] = [];
  threads = await Threads.start(4 * PAGES, (reason) => reasons.push(reason.split('\n')[0] ?? ''));
  const { guests, host, standstill } = threads;
  for (let round = 0; round < 5; round++) {
    await threads.guest('crashes');
    await threads.guest('killed');
    const crashing = threads.run('dirty', 'crashes', { seed: round });
    const killed = threads.run('dirty', 'killed', { seed: 100 + round });
    await threads.until(200);
    // Its memory goes without its being asked to stop, as the daemon never lets it come about.
    const unmapped = standstill.change(() => host.unmap('crashes', 'r'));
    const [{ state }] = await Promise.all([guests.kill(killed), unmapped]);
    await until('it has crashed', () => guests.get(crashing).state === 'died');
    expect(state).toBe('died');
    expect(await threads.check()).toEqual([]);
    await threads.exit('crashes');
    await threads.exit('killed');
  }
  expect(reasons.filter((reason) => reason === 'killed').length).toBe(5);
  expect(reasons.filter((reason) => /no region maps/.test(reason)).length).toBe(5);
});

describe('a memory that is full', () => {
  /** Every frame in use, and a writer that waits for one. */
  async function full(): Promise<{ running: Threads; writer: number }> {
    const running = await Threads.start(PAGES + 8);
    threads = running;
    await running.guest('hog');
    await running.scanner.set('run', 0);
    const hog = running.run('boot', 'hog', { seed: 9, rate: 0.001 });
    await until('it has what it needs', () => running.guests.get(hog).tally.stores >= PAGES);
    await running.guest('a');
    const writer = running.run('dirty', 'a', { seed: 6 });
    await until('it waits', () => running.guests.get(writer).state === 'waiting');
    return { running, writer };
  }

  test('a store waits, and goes on once memory is given back', async () => {
    const { running, writer } = await full();
    const { guests, host } = running;
    const before = guests.get(writer).tally.verified;
    // Others can read, and the machine can be changed and counted.
    host.memory.load('hog', host.guests.regionOf('hog', 'r').address, new Uint8Array(PAGE));
    expect(await running.check()).toEqual([]);
    await guests.whileStopped('hog', undefined, () => running.exit('hog'));
    await until(
      'it goes on',
      () => guests.get(writer).state === 'running' && guests.get(writer).tally.verified > before,
    );
    expect(running.wrong()).toBe(0);
    expect(await running.check()).toEqual([]);
  });

  test('and once pages are merged', async () => {
    const { running, writer } = await full();
    const before = running.guests.get(writer).tally.verified;
    await running.scanner.set('run', 1);
    await until('it goes on', () => running.guests.get(writer).tally.verified > before);
    expect(running.wrong()).toBe(0);
    expect(await running.check()).toEqual([]);
  });

  test('a thread that waits for a frame can be stopped', async () => {
    const { running, writer } = await full();
    expect((await running.guests.stop(writer)).state).toBe('stopped');
    expect(running.host.machine.frames.used).toBe(running.host.machine.frames.total);
    expect(await running.check()).toEqual([]);
  });

  test('a thread that waits for a frame can be killed', async () => {
    const { running, writer } = await full();
    expect((await running.guests.kill(writer)).state).toBe('died');
    expect(await running.check()).toEqual([]);
  });
});

test('guests and regions come and go while threads run', async () => {
  threads = await Threads.start(6 * PAGES);
  const { host } = threads;
  await threads.guest('a');
  threads.run('dirty', 'a', { seed: 7 });
  for (let round = 0; round < 10; round++) {
    await threads.guest('passing', 16);
    const { address } = host.guests.regionOf('passing', 'r');
    host.memory.store('passing', address, new Uint8Array(16 * PAGE).fill(round % 3));
    await threads.until(200);
    await threads.standstill.change(() =>
      host.madvise('passing', address, 4 * PAGE, 'unmergeable'),
    );
    const seen = new Uint8Array(16 * PAGE);
    host.memory.load('passing', address, seen);
    expect(seen.every((byte) => byte === round % 3)).toBe(true);
    await threads.exit('passing');
  }
  expect(threads.wrong()).toBe(0);
  expect(await threads.check()).toEqual([]);
});

test('nothing can start in a guest that is about to go, and its memory is nobody else’s', async () => {
  threads = await Threads.start(4 * PAGES);
  const { host, guests } = threads;
  await threads.guest('a');
  threads.run('dirty', 'a', { seed: 8 });
  await threads.until(100);
  const running = threads;
  const gone = guests.whileStopped('a', undefined, () => running.exit('a'));
  expect(() => threads?.run('dirty', 'a', { seed: 9 })).toThrow(/about to lose memory/);
  await gone;
  await threads.guest('b');
  await threads.fullScans(2);
  expect(host.guests.presentPages('b')).toBe(0);
  expect(await threads.check()).toEqual([]);
});
