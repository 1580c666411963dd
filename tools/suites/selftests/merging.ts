/** The kernel's ksm_tests: how many pages merge, of a single process. */
import type { Checks } from '../checks.js';
import { fullScans } from '../full-scans.js';
import { Memory } from '../memory.js';
import type { Way } from '../way.js';

const STAR = '*'.charCodeAt(0);

/** What it sets before each test. */
export async function prepare(way: Way, pagesToScan: number): Promise<void> {
  await way.write('run', 2);
  await way.write('sleep_millisecs', 0);
  await way.write('merge_across_nodes', 1);
  await way.write('pages_to_scan', pagesToScan);
}

/**
 * So many equal pages have merged, as far as max_page_sharing lets them: the last of them alone
 * finds nobody.
 */
export async function checkMerged(way: Way, checks: Checks, equalPages: number): Promise<void> {
  const most = await way.read('max_page_sharing');
  const rest = equalPages % most;
  const full = Math.floor(equalPages / most);
  const shared = rest > 1 ? full + 1 : full;
  const merged = rest === 1 ? equalPages - 1 : equalPages;
  checks.equal('pages_shared', await way.read('pages_shared'), shared);
  checks.equal('pages_sharing', await way.read('pages_sharing'), merged - shared);
}

/** -M: equal pages merge. */
export async function merging(way: Way, checks: Checks): Promise<void> {
  const pages = 10;
  await prepare(way, pages);
  await merged(way, pages, STAR);
  await checkMerged(way, checks, pages);
}

/** -U: two equal pages merge, and do no more once each is written. */
export async function unmerging(way: Way, checks: Checks): Promise<void> {
  const pages = 2;
  await prepare(way, 10);
  const memory = await merged(way, pages, STAR);
  await checkMerged(way, checks, pages);
  await memory.store(0, 0, Buffer.from('-'));
  await memory.store(1, 0, Buffer.from('+'));
  await fullScans(way, 1);
  await checkMerged(way, checks, 0);
}

/** -Z -z 0: pages of zeroes merge with each other. */
export async function zeroPagesMerging(way: Way, checks: Checks): Promise<void> {
  const pages = 10;
  await prepare(way, pages);
  await way.write('use_zero_pages', 0);
  await merged(way, pages, 0);
  await checkMerged(way, checks, pages);
  checks.equal('ksm_zero_pages', await way.read('ksm_zero_pages'), 0);
}

/** -Z -z 1: they come to map the zero page instead. */
export async function zeroPagesMapped(way: Way, checks: Checks): Promise<void> {
  const pages = 10;
  await prepare(way, pages);
  await way.write('use_zero_pages', 1);
  await merged(way, pages, 0);
  await checkMerged(way, checks, 0);
  checks.equal('ksm_zero_pages', await way.read('ksm_zero_pages'), pages);
}

/**
 * -N -m: two equal pages on two NUMA nodes. Both are there before the scanner runs: one that has
 * long been alone is skipped, and misses its twin.
 */
export async function mergingAcrossNodes(
  way: Way,
  checks: Checks,
  mergeAcrossNodes: number,
): Promise<void> {
  await prepare(way, 10);
  await way.write('merge_across_nodes', mergeAcrossNodes);
  const process = await way.start();
  for (const node of [0, 1]) {
    const memory = await Memory.map(process, 1, { nth: node, node });
    await memory.fill(STAR);
    await memory.advise('mergeable');
  }
  await way.write('run', 1);
  await fullScans(way, 2);
  await checkMerged(way, checks, mergeAcrossNodes === 1 ? 2 : 0);
}

/** -P, and -H with huge pages: much is scanned twice. Then -D: what has merged is given back. */
export async function mergingMuch(way: Way, checks: Checks, huge: boolean): Promise<void> {
  const pages = 2048;
  await prepare(way, 10_000);
  const memory = await merged(way, pages, STAR, huge);
  await checkMerged(way, checks, pages);
  const merging = await memory.process.footprint();
  checks.equal('pages it takes up', merging.proportionalPages, await way.read('pages_shared'));
  // Without a mergeable page the scanner stands still, and the counters are the scanner's.
  const other = await Memory.map(await way.start(), 1);
  await other.fill(0x2b);
  await other.advise('mergeable');
  await memory.advise('unmergeable');
  const unmerged = await memory.process.footprint();
  checks.equal('pages it has again', unmerged.residentPages, pages);
  checks.equal('pages it has for itself again', unmerged.proportionalPages, pages);
  await fullScans(way, 1);
  await checkMerged(way, checks, 0);
}

/** -C: who writes to one of two pages that have merged has it for himself. */
export async function breaking(way: Way, checks: Checks): Promise<void> {
  const pairs = 64;
  await prepare(way, 10_000);
  const memory = await Memory.map(await way.start(), 2 * pairs);
  await memory.fill(STAR);
  for (let pair = 0; pair < pairs; pair++)
    for (const page of [2 * pair, 2 * pair + 1])
      await memory.store(page, 0, new Uint8Array(pair + 1).fill('+'.charCodeAt(0)));
  await memory.advise('mergeable');
  await way.write('run', 1);
  await fullScans(way, 2);
  checks.equal('pages_sharing', await way.read('pages_sharing'), pairs);
  for (let pair = 0; pair < pairs; pair++) await memory.store(2 * pair, 0, Buffer.from('-'));
  const { proportionalPages } = await memory.process.footprint();
  checks.equal('pages it has for itself', proportionalPages, 2 * pairs);
}

/** -M -t 1: equal pages merge where nobody has advised them, as the process has by prctl. */
export async function mergingByPrctl(way: Way, checks: Checks): Promise<void> {
  const pages = 10;
  await prepare(way, pages);
  const process = await way.start();
  const memory = await Memory.map(process, pages);
  await memory.fill(STAR);
  await process.setMemoryMerge(true);
  await way.write('run', 1);
  await fullScans(way, 2);
  await checkMerged(way, checks, pages);
}

/** A process whose pages all hold `byte`, once they have merged. */
async function merged(way: Way, pages: number, byte: number, huge = false): Promise<Memory> {
  const memory = await Memory.map(await way.start(), pages, { huge });
  await memory.fill(byte);
  await memory.advise('mergeable');
  await way.write('run', 1);
  await fullScans(way, 2);
  return memory;
}
