/** When a pass of khugepaged is made, and what becomes of one that fails. */
import { expect, test } from 'vitest';
import { KhugepagedPasses } from '../../src/daemon/khugepaged.js';
import { Standstill } from '../../src/daemon/threads/standstill.js';
import { finish, type LongWork } from '../../src/machine/long-work.js';
import { BenchHost, PAGE } from '../ksm/bench-host.js';
import { until } from '../until.js';
import { ManualTimers } from './manual-timers.js';

const STRETCH = 512;

/** A guest `vm` with a region of one stretch, advised to huge pages, that nobody has touched. */
function rig() {
  const bench = new BenchHost('6.18', 4 * STRETCH);
  const { host } = bench;
  const { khugepaged } = host;
  khugepaged.tunables.scan_sleep_millisecs = 1000;
  host.createGuest('vm');
  host.map('vm', 'r', STRETCH, { address: STRETCH * PAGE, huge: true });
  const timers = new ManualTimers();
  const told: unknown[] = [];
  const tell = (...what: unknown[]): void => {
    told.push(...what);
  };
  let ms = 0;
  /** Passes that are under way: to be let go on with. */
  const begun: (() => Promise<void>)[] = [];
  const standstill = {
    changeInSlices: <T>(work: () => LongWork<T>): Promise<T> =>
      new Promise<T>((resolve, reject) => {
        begun.push(async () => {
          try {
            resolve(finish(work()));
          } catch (error) {
            reject(error);
          }
        });
      }),
  };
  const passes = new KhugepagedPasses(
    khugepaged,
    standstill,
    { debug: tell, error: tell },
    timers,
    () => ms,
  );
  return {
    host,
    khugepaged,
    passes,
    timers,
    begun,
    told,
    /** So much time goes by, and somebody looks. */
    after(milliseconds: number): void {
      ms += milliseconds;
      timers.tick();
    },
    /** Lets the pass that is under way come to its end. */
    async end(): Promise<void> {
      await begun.shift()?.();
      await new Promise(setImmediate);
    },
    /** A store, which is the first touch of the stretch or another. */
    store(): void {
      host.memory.store('vm', STRETCH * PAGE, new Uint8Array([1]));
    },
    /** All but the first page of the stretch are given back: it is mapped page by page then. */
    dropMost(): void {
      host.madvise('vm', (STRETCH + 1) * PAGE, (STRETCH - 1) * PAGE, 'dontneed');
    },
  };
}

test('there is none before a guest has met a huge page, and the first comes a sleep after that', () => {
  const { after, begun, store } = rig();
  after(5000);
  expect(begun).toEqual([]);
  store();
  after(0);
  after(999);
  expect(begun).toEqual([]);
  after(1);
  expect(begun).toHaveLength(1);
});

test('there is none while there are no guests', async () => {
  const { host, after, begun, store } = rig();
  store();
  after(0);
  host.exitGuest('vm');
  after(5000);
  expect(begun).toEqual([]);
});

test('never two at once, and the next comes a sleep after the end of the last', async () => {
  const { after, begun, store, end } = rig();
  store();
  after(0);
  after(1000);
  after(5000);
  expect(begun).toHaveLength(1);
  await end();
  after(999);
  expect(begun).toEqual([]);
  after(1);
  expect(begun).toHaveLength(1);
});

test('a sleep that is set anew counts from the end of the last pass: the longest has it stand still', () => {
  const { khugepaged, after, begun, store } = rig();
  store();
  after(0);
  khugepaged.tunables.scan_sleep_millisecs = 2 ** 32 - 1;
  after(2 ** 31);
  expect(begun).toEqual([]);
  khugepaged.tunables.scan_sleep_millisecs = 0;
  after(0);
  expect(begun).toHaveLength(1);
});

test('a pass that makes a huge page says so, one that makes none says nothing', async () => {
  const { host, after, store, dropMost, end, told } = rig();
  store();
  dropMost();
  expect(host.guests.hugePages('vm')).toBe(0);
  after(0);
  after(1000);
  await end();
  expect(host.guests.hugePages('vm')).toBe(1);
  expect(told).toEqual([{ pages_collapsed: 1 }, 'khugepaged has made huge pages']);
  after(1000);
  await end();
  expect(told).toHaveLength(2);
});

test('one that fails is told of, and the next one comes all the same', async () => {
  const { host, khugepaged, after, begun, store, dropMost, end, told } = rig();
  store();
  dropMost();
  after(0);
  after(1000);
  const { pass } = khugepaged;
  khugepaged.pass = () => {
    throw new Error('a fault');
  };
  await end();
  expect(told).toEqual([expect.stringMatching(/^a pass of khugepaged failed: Error: a fault;/)]);
  khugepaged.pass = pass;
  after(1000);
  expect(begun).toHaveLength(1);
  await end();
  expect(host.guests.hugePages('vm')).toBe(1);
});

test('stopping waits for the pass under way, and no other comes', async () => {
  const { passes, timers, after, begun, store, end } = rig();
  store();
  after(0);
  after(1000);
  let isStopped = false;
  const stopped = passes.stop().then(() => {
    isStopped = true;
  });
  await new Promise(setImmediate);
  expect({ isStopped, looks: timers.ticks.size }).toEqual({ isStopped: false, looks: 0 });
  await end();
  await stopped;
  expect(begun).toEqual([]);
});

test('it has the machine to itself, as whoever changes guests has', async () => {
  const bench = new BenchHost('6.18', 4 * STRETCH);
  const { host } = bench;
  const timers = new ManualTimers();
  const passes = new KhugepagedPasses(
    host.khugepaged,
    new Standstill(host.machine.memory.i32),
    { debug: () => {}, error: () => {} },
    timers,
  );
  host.khugepaged.tunables.scan_sleep_millisecs = 0;
  host.createGuest('vm');
  const address = STRETCH * PAGE;
  host.map('vm', 'r', STRETCH, { address, huge: true });
  host.memory.store('vm', address, new Uint8Array([1]));
  host.madvise('vm', address + PAGE, PAGE, 'dontneed');
  await until('there is a huge page again', () => {
    timers.tick();
    return host.guests.hugePages('vm') === 1;
  });
  await passes.stop();
});
