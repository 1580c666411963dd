/**
 * The seed's host: four ksmpages and then eight guests like freshly booted machines, one after another, on less than a third of the memory they have
 * together. All must fit, and every byte be as written.
 */
import { Host } from '../../src/ksm/host.js';
import { OutOfMemoryError } from '../../src/machine/errors.js';
import { WORKLOADS } from '../../src/workload/programs.js';
import { type GuestMemory, type Pace, Tally, type WorkloadOptions } from '../../src/workload/workload.js';
import type { Row } from '../row.js';
import { PAGE_SIZE } from '../sides/side.js';

const KSMPAGES = 4;
const MACHINES = 8;
/** Of the size of one guest. */
const HOST_MEMORY = 3.5;
const OPTIONS: WorkloadOptions = { seed: 1, rate: 0, spreadPages: 1, best: false, readLoop: false };
const SCAN_PAGES = 4096;

export function overcommitRow(copyPages: number): Row {
  const clock = { nowMs: () => performance.now(), cpuMs: () => 0 };
  const guests = KSMPAGES + MACHINES;
  const host = Host.create({ memoryBytes: Math.floor(copyPages * HOST_MEMORY) * PAGE_SIZE, guestPages: copyPages * guests }, clock);
  host.set('use_zero_pages', 1);
  host.set('run', 1);
  const start = performance.now();
  const sums: string[] = [];
  let wrong = 0;
  for (let number = 0; number < guests; number++) {
    const name = `guest-${number}`;
    host.createGuest(name);
    host.map(name, 'memory', copyPages);
    // The last stores of a machine's start are its own; then it is left alone, so that its bytes can be compared.
    const pace: Pace = { nowMs: () => 0, sleep: () => {}, shouldStop: () => writes >= copyPages };
    let writes = 0;
    const memory = memoryOf(host, name, copyPages, () => writes++);
    WORKLOADS[number < KSMPAGES ? 'ksmpages' : 'boot'](memory, { ...OPTIONS, seed: number < KSMPAGES ? 1 : number }, pace, new Tally());
    sums.push(sumOf(host, name, copyPages));
    for (let scan = 0; scan < 4; scan++) fullScan(host);
  }
  for (let number = 0; number < guests; number++) if (sumOf(host, `guest-${number}`, copyPages) !== sums[number]) wrong++;
  const { frames } = host.machine;
  return {
    phase: 'overcommit',
    what: `${guests} guests on the memory of ${HOST_MEMORY}`,
    ksmdSeconds: (performance.now() - start) / 1000,
    goal: 'fits, nothing lost',
    met: wrong === 0,
    figures: { 'guests changed': wrong, 'frames in use': frames.used, 'frames free': frames.total - frames.used, ...host.counters() },
  };
}

/** The guest's region; a store that finds no frame lets the scanner go on first. */
function memoryOf(host: Host, guest: string, pages: number, onStore: () => void): GuestMemory {
  const [region] = host.regionsOf(guest);
  if (region === undefined) throw new Error(`guest ${guest} has no memory`);
  return {
    pageSize: PAGE_SIZE,
    pages,
    load: (page, offset, target) => host.load(guest, region.address + page * PAGE_SIZE + offset, target),
    store: (page, offset, source) => {
      for (let tries = 0; ; tries++) {
        try {
          host.store(guest, region.address + page * PAGE_SIZE + offset, source);
          onStore();
          return true;
        } catch (error) {
          if (!(error instanceof OutOfMemoryError) || tries > 10_000) throw error;
          host.ksm.scan(SCAN_PAGES);
        }
      }
    },
  };
}

function fullScan(host: Host): void {
  while (host.ksm.scan(SCAN_PAGES) === SCAN_PAGES);
}

/** A sum of all the guest's bytes, page by page. */
function sumOf(host: Host, guest: string, pages: number): string {
  const [region] = host.regionsOf(guest);
  const page = new Uint8Array(PAGE_SIZE);
  const words = new Int32Array(page.buffer);
  let a = 1;
  let b = 0;
  for (let i = 0; i < pages; i++) {
    host.load(guest, (region?.address ?? 0) + i * PAGE_SIZE, page);
    for (let w = 0; w < words.length; w++) {
      a = (Math.imul(a, 31) + (words[w] ?? 0)) | 0;
      b = (b + a) | 0;
    }
  }
  return `${a}:${b}`;
}
