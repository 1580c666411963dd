/**
 * What LTP's ksm01 to ksm04 have in common: three processes whose memory becomes equal and
 * different in turn, and what KSM's counters read once all has been scanned.
 */
import type { Checks } from '../checks.js';
import { fullScans } from '../full-scans.js';
import { Memory, PAGE_SIZE } from '../memory.js';
import type { Way } from '../way.js';
import { writeIfThere } from '../write-if-there.js';
import { checkCounters } from './counters.js';

const PROCESSES = 3;

interface Round {
  /** The byte that each process fills its memory with, and the last one, where that is another. */
  readonly texts: readonly string[];
  /** Frames that stand for pages, and pages that have met no equal, once all is scanned. */
  readonly shared: number;
  readonly unshared: number;
}

const ROUNDS: readonly Round[] = [
  { texts: ['c', 'a', 'a'], shared: 2, unshared: 0 },
  { texts: ['c', 'b', 'a'], shared: 3, unshared: 0 },
  { texts: ['d', 'd', 'd'], shared: 1, unshared: 0 },
  { texts: ['d', 'de', 'd'], shared: 1, unshared: 1 },
];
const NOTHING = { shared: 0, sharing: 0, unshared: 0 };
const FULL_SCANS = 2;

/** How many seconds it waited for the scanner. */
export async function sameMemory(
  way: Way,
  checks: Checks,
  pages: number,
  node?: number,
): Promise<number> {
  let waited = 0;
  const total = pages * PROCESSES;
  const memories: Memory[] = [];
  for (let i = 0; i < PROCESSES; i++) {
    const memory = await Memory.map(await way.start(), pages, { node });
    await memory.advise('mergeable');
    memories.push(memory);
  }
  await way.write('run', 2);
  await writeIfThere(way, 'merge_across_nodes', 1);
  // Or a page that met no equal is left out of a scan, and counts as volatile then.
  await writeIfThere(way, 'smart_scan', 0);
  await writeIfThere(way, 'max_page_sharing', total);
  await way.write('run', 1);
  await way.write('pages_to_scan', total);
  await way.write('sleep_millisecs', 0);

  for (const [nth, { texts, shared, unshared }] of ROUNDS.entries()) {
    const contents = memories.map((memory, i) => ({ memory, ...contentOf(texts[i]) }));
    for (const { memory, byte, last } of contents) {
      await memory.fill(byte);
      if (last !== byte) await memory.store(pages - 1, PAGE_SIZE - 1, Uint8Array.of(last));
    }
    waited += await fullScans(way, FULL_SCANS);
    const round = `round ${nth + 1}`;
    const counted = { shared, sharing: total - shared - unshared, unshared };
    await checkCounters(way, checks, round, 1, counted, total);
    for (const [i, { memory, byte, last }] of contents.entries())
      checks.equal(
        `${round}, process ${i + 1} has what it wrote`,
        await memory.holds(byte, last),
        true,
      );
  }
  await way.write('run', 2);
  await checkCounters(way, checks, 'unmerged', 2, NOTHING, total);
  await way.write('run', 0);
  await checkCounters(way, checks, 'stopped', 0, NOTHING, total);
  return waited;
}

function contentOf(text = ''): { byte: number; last: number } {
  const byte = text.charCodeAt(0);
  return { byte, last: text.length > 1 ? text.charCodeAt(1) : byte };
}
