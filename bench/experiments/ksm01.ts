/**
 * LTP's ksm01 at its full size: three processes of 128 MiB, whose memory becomes equal and
 * different in turn, on a ksmd over its socket and on the running kernel. The time is that of
 * the scanner: four times what is left of a full scan, and two more.
 */
import type { ProfileName } from '../../src/ksm/kernels.js';
import { type Check, Checks, failures, tally } from '../../tools/suites/checks.js';
import { sameMemory } from '../../tools/suites/ltp/same-memory.js';
import { type OpenOptions, openWay, type WayName } from '../../tools/suites/ways/open.js';
import type { Progress } from '../progress.js';
import type { Row } from '../row.js';
import { PAGE_SIZE } from '../sides/side.js';

const MOST_PAGES = (128 << 20) / PAGE_SIZE;
/** As much as the three of them have, and a third more. */
const MEMORY = 4;

export async function ksm01Row(
  copyPages: number,
  profile: ProfileName,
  runningKernel: boolean,
  progress: Progress,
): Promise<Row> {
  const pages = Math.min(copyPages, MOST_PAGES);
  const memoryBytes = MEMORY * pages * PAGE_SIZE;
  const mine = await played('socket', pages, progress, { memoryBytes, kernel: profile });
  const theirs = runningKernel ? await played('kernel', pages, progress, {}) : undefined;
  return {
    phase: 'ksm01',
    what: `LTP’s ksm01, three processes of ${(pages * PAGE_SIZE) >> 20} MiB`,
    goal: 'all as it requires',
    met: failures([...mine.checks, ...(theirs?.checks ?? [])]).length === 0,
    ksmdSeconds: mine.seconds,
    ...(theirs === undefined
      ? {}
      : { kernelSeconds: theirs.seconds, ratio: theirs.seconds / mine.seconds }),
    figures: {
      'ksmd: checks as required': tally(mine.checks),
      ...(theirs === undefined ? {} : { 'kernel: checks as required': tally(theirs.checks) }),
    },
    work: Object.fromEntries(mine.checks.map(({ what, seen }) => [what, String(seen)])),
  };
}

async function played(
  name: WayName,
  pages: number,
  progress: Progress,
  options: OpenOptions,
): Promise<{ readonly checks: readonly Check[]; readonly seconds: number }> {
  progress.begin(`ksm01 on ${name === 'kernel' ? 'the running kernel' : 'ksmd'}`);
  const way = await openWay(name, options);
  try {
    const checks = new Checks();
    const seconds = await sameMemory(way, checks, pages);
    return { checks: checks.all, seconds };
  } finally {
    await way.clear();
    await way.close();
  }
}
