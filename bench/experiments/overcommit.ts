/**
 * The seed's host: four ksmpages and then eight guests like freshly booted machines, one after
 * another, on less than a third of the memory they have together. All must fit, and every byte be
 * as written.
 */
import prettyBytes from 'pretty-bytes';
import { isKsmdError } from '../../src/errors.js';
import type { Host } from '../../src/ksm/host.js';
import type { ProfileName } from '../../src/ksm/kernels.js';
import { PROGRAMS } from '../../src/workload/programs.js';
import {
  type GuestMemory,
  type Pace,
  Tally,
  type WorkloadOptions,
} from '../../src/workload/workload.js';
import type { Progress } from '../progress.js';
import type { Row } from '../row.js';
import { peakRssBytes, restartPeakRss } from '../sides/peak-rss.js';
import { ScannedHost } from '../sides/scanned-host.js';
import { PAGE_SIZE } from '../sides/side.js';

const KSMPAGES = 4;
const MACHINES = 8;
/** Of the size of one guest. */
const HOST_MEMORY = 3.5;
/** After each guest has started. */
const FULL_SCANS = 4;
const SCAN_PAGES = 4096;
const OPTIONS: WorkloadOptions = { seed: 1, rate: 0, spreadPages: 1, best: false, readLoop: false };

export async function overcommitRow(
  copyPages: number,
  profile: ProfileName,
  seed: number,
  progress: Progress,
): Promise<Row> {
  const guests = KSMPAGES + MACHINES;
  await restartPeakRss();
  const scanner = new ScannedHost({
    memoryBytes: Math.floor(copyPages * HOST_MEMORY) * PAGE_SIZE,
    guestPages: copyPages * guests,
    kernel: profile,
  });
  const { host } = scanner;
  const { frames } = host.machine;
  if (host.profile.zeroPages !== 'none') host.files.set('use_zero_pages', 1);
  const start = performance.now();
  const sums: string[] = [];
  let leastFree = frames.total;
  let waits = 0;
  for (let number = 0; number < guests; number++) {
    const isKsmpages = number < KSMPAGES;
    progress.begin(
      `overcommit, guest ${number + 1} of ${guests}: ` +
        `${isKsmpages ? 'ksmpages' : 'a machine that boots'}`,
    );
    const name = `guest-${number}`;
    host.createGuest(name);
    host.map(name, 'memory', copyPages);
    // A machine that has started is left alone, so that its bytes can be compared.
    let stores = 0;
    const pace: Pace = { nowMs: () => 0, sleep: () => {}, shouldStop: () => stores >= copyPages };
    const memory = memoryOf(
      scanner,
      name,
      copyPages,
      () => stores++,
      () => waits++,
    );
    PROGRAMS[isKsmpages ? 'ksmpages' : 'boot'](
      memory,
      { ...OPTIONS, seed: isKsmpages ? OPTIONS.seed : seed + number },
      pace,
      new Tally(),
    );
    leastFree = Math.min(leastFree, frames.total - frames.used);
    sums.push(sumOf(host, name, copyPages));
    for (let scan = 0; scan < FULL_SCANS; scan++) scanner.finishFullScan();
  }
  const wrong = sums.filter(
    (sum, number) => sumOf(host, `guest-${number}`, copyPages) !== sum,
  ).length;
  const size = (pages: number): string => prettyBytes(pages * PAGE_SIZE, { binary: true });
  const left = frames.total - frames.used;
  return {
    phase: 'overcommit',
    what:
      `${KSMPAGES} ksmpages and ${MACHINES} machines that boot, on the memory of ` +
      `${HOST_MEMORY} of them`,
    ksmdSeconds: (performance.now() - start) / 1000,
    ksmdWords: `${left > 0 ? 'fits' : 'full'}, ${size(left)} left`,
    goal: 'fits, nothing lost',
    met: wrong === 0 && left > 0,
    figures: {
      'memory left': [
        `${size(left)} of ${size(frames.total)}`,
        `with ${size(guests * copyPages)} written`,
      ].join(', '),
      'least free at a guest’s last store': size(leastFree),
      'stores that waited for a frame': waits,
      'guests changed': wrong,
      ...host.files.counters(),
      'frames in use': frames.used,
      'peak RSS MiB': Math.round(peakRssBytes() / 2 ** 20),
    },
    work: {
      ...host.files.counters(),
      frames_in_use: frames.used,
      least_free: leastFree,
      waits,
      wrong,
      sums: sums.join(' '),
    },
  };
}

/** The guest's region; a store that finds no frame lets the scanner go on first. */
function memoryOf(
  scanner: ScannedHost,
  guest: string,
  pages: number,
  onStore: () => void,
  onWait: () => void,
): GuestMemory {
  const { host } = scanner;
  const [region] = host.guests.regionsOf(guest);
  if (region === undefined) throw new Error(`guest ${guest} has no memory`);
  return {
    pageSize: PAGE_SIZE,
    pages,
    load: (page, offset, target) =>
      host.memory.load(guest, region.address + page * PAGE_SIZE + offset, target),
    store: (page, offset, source) => {
      for (let tries = 0; ; tries++) {
        try {
          host.memory.store(guest, region.address + page * PAGE_SIZE + offset, source);
          onStore();
          return true;
        } catch (error) {
          if (!isKsmdError(error, 'ENOMEM') || tries > 10_000) throw error;
          if (tries === 0) onWait();
          scanner.scan(SCAN_PAGES);
        }
      }
    },
  };
}

/** A sum of all the guest's bytes, page by page. */
function sumOf(host: Host, guest: string, pages: number): string {
  const [region] = host.guests.regionsOf(guest);
  const page = new Uint8Array(PAGE_SIZE);
  const view = new Int32Array(page.buffer);
  let a = 1;
  let b = 0;
  for (let i = 0; i < pages; i++) {
    host.memory.load(guest, (region?.address ?? 0) + i * PAGE_SIZE, page);
    for (let w = 0; w < view.length; w++) {
      a = (Math.imul(a, 31) + (view[w] ?? 0)) | 0;
      b = (b + a) | 0;
    }
  }
  return `${a}:${b}`;
}
