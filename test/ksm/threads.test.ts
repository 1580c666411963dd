/**
 * Guests that write while the scanner scans, each on a thread of its own: each sees nothing but
 * what it stored.
 */

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { CTL_SEQNR } from '../../src/core/layout.js';
import { checkHost } from '../../src/inspect/check.js';
import { HOLDER_SCANNER } from '../../src/machine/pte.js';
import { BenchHost, PAGE, times } from './bench-host.js';

const PAGES = 24;
const FULL_SCANS = 3000;

// Runs in each worker: stores few different contents to its guest's pages and loads them again,
// until it is told to stop.
const WRITER = `
import { parentPort, workerData } from 'node:worker_threads';
const { machineUrl, memoryUrl, memory, guest, holder, pages, pageSize, stop } = workerData;
const { Machine } = await import(machineUrl);
const { SharedMemory } = await import(memoryUrl);
const machine = new Machine(SharedMemory.attach(memory, holder));
const model = new Uint8Array(pages);
const page = new Uint8Array(pageSize);
const seen = new Uint8Array(pageSize);
let seed = holder;
const random = (n) => ((seed = (seed * 1103515245 + 12345) & 0x7fffffff) >>> 8) % n;
const faults = [];
let stores = 0;
parentPort.postMessage('ready');
Atomics.wait(stop, 0, 0);
while (Atomics.load(stop, 0) === 1 && faults.length === 0) {
  const at = random(pages);
  const value = random(3);
  if (random(2) === 0) machine.store(guest, (2 + at) * pageSize - 1, Uint8Array.of(value));
  else {
    page.fill(0);
    page[pageSize - 1] = value;
    machine.store(guest, (1 + at) * pageSize, page);
  }
  model[at] = value;
  stores++;
  const other = random(pages);
  machine.load(guest, (1 + other) * pageSize, seen);
  const last = seen[pageSize - 1];
  if (last !== model[other] || seen[0] !== 0)
    faults.push(['page', other, 'reads', last, 'and not', model[other], 'after', stores].join(' '));
}
parentPort.postMessage({ faults, stores, model });
`;

test('stores go on beside the scanner, and no byte is lost', async () => {
  const bench = new BenchHost('6.18', 128);
  bench.host.files.set('smart_scan', 0);
  bench.host.files.set('max_page_sharing', 5);
  bench.host.files.set('stable_node_chains_prune_millisecs', 0);
  const guests = ['a', 'b'];
  for (const guest of guests) bench.guest(guest, times(PAGES, 0));
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const workers = guests.map((guest, i) => {
    const workerData = {
      machineUrl: new URL('../../dist/machine/machine.js', import.meta.url).href,
      memoryUrl: new URL('../../dist/machine/memory.js', import.meta.url).href,
      memory: bench.host.machine.memory.memory,
      guest: bench.host.guests.pointer(guest),
      holder: HOLDER_SCANNER + 1 + i,
      pages: PAGES,
      pageSize: PAGE,
      stop,
    };
    return new Worker(new URL(`data:text/javascript,${encodeURIComponent(WRITER)}`), {
      workerData,
    });
  });
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const answers = workers.map(
    async (worker) =>
      (await once(worker, 'message'))[0] as { faults: string[]; stores: number; model: Uint8Array },
  );
  Atomics.store(stop, 0, 1);
  Atomics.notify(stop, 0);
  while (bench.host.machine.memory.i32[CTL_SEQNR] < FULL_SCANS) bench.host.ksm.scan(7);
  Atomics.store(stop, 0, 2);

  for (const [i, { faults, stores, model }] of (await Promise.all(answers)).entries()) {
    expect(faults).toEqual([]);
    expect(stores).toBeGreaterThan(0);
    expect(bench.contents(guests[i])).toEqual([...model]);
  }
  expect(checkHost(bench.host)).toEqual([]);
  bench.fullScans(3);
  // At most three contents are left, and now nobody writes: all pages but one a node are shared.
  const [shared = 0, sharing = 0, unshared = 0] = bench.counters(
    'pages_shared',
    'pages_sharing',
    'pages_unshared',
  );
  expect(shared + sharing + unshared).toBe(2 * PAGES);
  expect(sharing).toBeGreaterThan(PAGES);
  expect(checkHost(bench.host)).toEqual([]);
});
