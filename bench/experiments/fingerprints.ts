/**
 * A host of fingerprints, full: 16 bytes are stored of each page, no two pages are equal, and there
 * are as many as fit into the size. They are registered, stored and scanned twice. Everything is
 * recounted while the unstable tree has all of them but one. What comes out wrong ends the bench.
 */
import prettyBytes from 'pretty-bytes';
import { checkHost } from '../../src/inspect/check.js';
import { ManualClock } from '../../src/ksm/clock.js';
import { RMAP_ITEM_BYTES } from '../../src/ksm/counters.js';
import { Host } from '../../src/ksm/host.js';
import type { ProfileName } from '../../src/ksm/kernels.js';
import type { CounterName } from '../../src/ksm/records/counter-records.js';
import type { Progress } from '../progress.js';
import type { Row } from '../row.js';
import { peakRssBytes, restartPeakRss } from '../sides/peak-rss.js';
import { PAGE_SIZE } from '../sides/side.js';

const FRAME_BYTES = 16;
const STORED_PAGES = 1 << 16;
const BATCH_PAGES = 4096;
const GUEST = 'guest';

export async function fingerprintsRow(
  memoryBytes: number,
  profile: ProfileName,
  seed: number,
  progress: Progress,
): Promise<Row> {
  await restartPeakRss();
  const host = Host.create(
    { memoryBytes, frameBytes: FRAME_BYTES, kernel: profile },
    new ManualClock(),
  );
  if (host.profile.smartScan) host.files.set('smart_scan', 0);
  const pages = host.machine.frames.total;
  host.createGuest(GUEST);
  const { address } = host.map(GUEST, 'pages', pages);

  const scan = (count: number): number =>
    timed(() => {
      for (let left = count; left > 0; left -= BATCH_PAGES) {
        host.ksm.scan(Math.min(BATCH_PAGES, left));
        progress.at(count - left, count);
      }
    });
  progress.begin('fingerprints, stored');
  let storing = 0;
  for (let page = 0; page < pages; page += STORED_PAGES) {
    const contents = fingerprints(page, Math.min(STORED_PAGES, pages - page), seed);
    storing += timed(() => host.memory.storePages(GUEST, address + page * PAGE_SIZE, contents));
    progress.at(page, pages);
  }
  progress.begin('fingerprints, first scan');
  const first = scan(pages);
  endScan(host);
  progress.begin('fingerprints, second scan');
  const second = scan(pages - 1);
  progress.begin('fingerprints, recount');
  let findings: readonly string[] = [];
  const recount = timed(() => {
    findings = checkHost(host);
  });
  endScan(host);
  assertAsExpected(host, pages, findings);

  const aSecond = (seconds: number): number => Math.round(pages / seconds);
  const counters = host.files.counters();
  return {
    phase: 'fingerprints',
    what: `second scan of a host full of pages that differ, ${FRAME_BYTES} bytes of each`,
    ksmdSeconds: second,
    goal: 'none is shared, the recount agrees',
    met: true,
    figures: {
      pages,
      'memory of guests': prettyBytes(pages * PAGE_SIZE, { binary: true }),
      'pages stored a second': aSecond(storing),
      'pages visited a second, first scan': aSecond(first),
      'second scan': aSecond(second),
      'check, s': Number(recount.toFixed(2)),
      'peak RSS MiB': Math.round(peakRssBytes() / 2 ** 20),
      ...counters,
    },
    work: { pages, ...counters, frames_in_use: host.machine.frames.used },
  };
}

/** The full scan under way ends with the batch that finds no page left. */
function endScan(host: Host): void {
  while (host.ksm.scan(BATCH_PAGES) === BATCH_PAGES);
}

function assertAsExpected(host: Host, pages: number, findings: readonly string[]): void {
  const counters = host.files.counters();
  const expected = {
    full_scans: 2,
    pages_unshared: pages,
    pages_shared: 0,
    pages_sharing: 0,
    // Some kernels have none.
    ...(counters.general_profit === undefined ? {} : { general_profit: -pages * RMAP_ITEM_BYTES }),
  };
  for (const [name, value] of Object.entries(expected)) {
    const is = counters[name as CounterName];
    if (is !== value) throw new Error(`fingerprints: ${name} is ${is}, and should be ${value}`);
  }
  if (findings.length > 0) throw new Error(`fingerprints: ${findings.join('\n')}`);
}

function timed(work: () => unknown): number {
  const start = performance.now();
  work();
  return (performance.now() - start) / 1000;
}

/** Of `count` pages from `page` on: no two are equal, and none is the zero page's. */
function fingerprints(page: number, count: number, seed: number): Uint8Array {
  const words = new Int32Array(count * (FRAME_BYTES / 4));
  for (let i = 0; i < count; i++) {
    const scrambled = scramble((page + i) ^ seed);
    words[4 * i] = scrambled;
    words[4 * i + 1] = scramble(scrambled);
    words[4 * i + 2] = ~scrambled;
    words[4 * i + 3] = page + i;
  }
  return new Uint8Array(words.buffer);
}

/** Of 32 bits, each for one and looking like any: the last steps of MurmurHash3. */
function scramble(value: number): number {
  let bits = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
