/** The kernel's ksm_functional_tests: what takes merged pages apart, and what a child inherits. */
import type { Checks } from '../checks.js';
import { fullScans } from '../full-scans.js';
import { Memory } from '../memory.js';
import type { Process, Way } from '../way.js';

const PAGES = 128;
const BYTE = 0xcf;

/** test_unmerge: MADV_UNMERGEABLE gives each page its frame. */
export async function unmergeable(way: Way, checks: Checks): Promise<void> {
  const memory = await mergedRange(way, checks, await way.start(), BYTE);
  await memory.advise('unmergeable');
  await checkOwnFrames(checks, memory, PAGES);
}

/** test_unmerge_zero_pages: ksm_zero_pages of the process follows advice and writes at once. */
export async function zeroPages(way: Way, checks: Checks): Promise<void> {
  await way.write('use_zero_pages', 1);
  const memory = await mergedRange(way, checks, await way.start(), 0);
  const check = async (when: string, pages: number): Promise<void> => {
    const { ksm_zero_pages } = await memory.process.ksmStat();
    checks.equal(`${when}, its ksm_zero_pages`, Number(ksm_zero_pages), pages);
  };
  await check('merged', PAGES);
  await memory.advise('unmergeable', 0, PAGES / 2);
  await check('half of it unmergeable', PAGES / 2);
  await storeNumbers(memory, PAGES / 2, PAGES);
  await check('the other half written', 0);
  await checkOwnFrames(checks, memory, PAGES);
}

/** test_unmerge_discarded: MADV_UNMERGEABLE takes absent pages as they are. */
export async function discarded(way: Way, checks: Checks): Promise<void> {
  const memory = await mergedRange(way, checks, await way.start(), BYTE);
  await memory.advise('dontneed', 0, PAGES / 2);
  await memory.advise('unmergeable');
  await checkOwnFrames(checks, memory, PAGES / 2);
}

/** test_prot_none: one half is written from outside, the other one unmergeable. */
export async function writtenFromOutside(way: Way, checks: Checks): Promise<void> {
  const memory = await mergedRange(way, checks, await way.start(), 0x11);
  await storeNumbers(memory, 0, PAGES / 2);
  await memory.advise('unmergeable', PAGES / 2);
  await checkOwnFrames(checks, memory, PAGES);
}

/** test_fork_ksm_merging_page_count: a child has merged nothing yet. */
export async function countOfChild(way: Way, checks: Checks): Promise<void> {
  const memory = await mergedRange(way, checks, await way.start(), BYTE);
  const child = await memory.process.fork();
  checks.equal('ksm_merging_pages of the child', await child.ksmMergingPages(), 0);
}

/** test_prctl: what is set is what is said. */
export async function prctl(way: Way, checks: Checks): Promise<void> {
  const process = await way.start();
  await process.setMemoryMerge(true);
  await checkMergesAny(checks, process, 'set', true);
  await process.setMemoryMerge(false);
  await checkMergesAny(checks, process, 'cleared', false);
}

/** test_prctl_fork: a child has what its parent has set, and what it maps merges. */
export async function prctlThenFork(way: Way, checks: Checks): Promise<void> {
  const parent = await way.start();
  await parent.setMemoryMerge(true);
  const child = await parent.fork();
  await checkMergesAny(checks, child, 'in the child', true);
  await mergedRange(way, checks, child, BYTE, async () => {});
}

/** test_prctl_fork_exec: so has the program that the child becomes. */
export async function prctlThenExec(way: Way, checks: Checks): Promise<void> {
  const parent = await way.start();
  await parent.setMemoryMerge(true);
  const child = await parent.fork();
  await child.exec();
  await checkMergesAny(checks, child, 'in the program', true);
  await mergedRange(way, checks, child, BYTE, async () => {});
}

/** test_prctl_unmerge: cleared, it gives each page its frame. */
export async function prctlCleared(way: Way, checks: Checks): Promise<void> {
  const process = await way.start();
  const memory = await mergedRange(way, checks, process, BYTE, () => process.setMemoryMerge(true));
  await process.setMemoryMerge(false);
  await checkOwnFrames(checks, memory, PAGES);
}

async function checkMergesAny(
  checks: Checks,
  process: Process,
  when: string,
  merges: boolean,
): Promise<void> {
  checks.equal(`PR_GET_MEMORY_MERGE, ${when}`, await process.memoryMerge(), merges);
}

/**
 * Memory of the process that holds one byte, once it has merged. `advise` has it mergeable, with
 * madvise unless said.
 */
async function mergedRange(
  way: Way,
  checks: Checks,
  process: Process,
  byte: number,
  advise: (memory: Memory) => Promise<void> = (memory) => memory.advise('mergeable'),
): Promise<Memory> {
  await way.write('run', 2);
  checks.equal('its ksm_merging_pages before', await process.ksmMergingPages(), 0);
  const memory = await Memory.map(process, PAGES);
  await memory.fill(byte);
  await advise(memory);
  await way.write('run', 1);
  await fullScans(way, 2);
  if (byte !== 0)
    checks.equal('some of its pages have merged', (await process.ksmMergingPages()) > 0, true);
  return memory;
}

/** Each of the pages comes to differ from all others. */
async function storeNumbers(memory: Memory, first: number, end: number): Promise<void> {
  const number = Buffer.alloc(4);
  for (let page = first; page < end; page++) {
    number.writeInt32LE(page);
    await memory.store(page, 0, number);
  }
}

/** No frame is mapped twice, and so many pages have one. */
async function checkOwnFrames(checks: Checks, memory: Memory, pages: number): Promise<void> {
  const { residentPages, proportionalPages } = await memory.process.footprint();
  checks.equal('pages that are there', residentPages, pages);
  checks.equal('pages that share their frame', residentPages - proportionalPages, 0);
}
