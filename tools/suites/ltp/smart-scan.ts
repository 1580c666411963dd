/** LTP's ksm07: a page alone for long is left out of most full scans. */
import type { Checks } from '../checks.js';
import { fullScans } from '../full-scans.js';
import { Memory } from '../memory.js';
import type { Way } from '../way.js';

/** LTP's are those of a second and more. */
const FULL_SCANS = 200;

export async function skipping(way: Way, checks: Checks): Promise<void> {
  await way.write('run', 2);
  await way.write('smart_scan', 1);
  const memory = await Memory.map(await way.start(), 1);
  await memory.advise('mergeable');
  await memory.fill('a'.charCodeAt(0));
  await way.write('pages_to_scan', 100);
  await way.write('sleep_millisecs', 0);
  // While nothing is scanned, as two files are not read at once.
  const before = await counted(way);
  await way.write('run', 1);
  await fullScans(way, FULL_SCANS);
  await way.write('run', 0);
  const after = await counted(way);
  const skipped = after.skipped - before.skipped;
  const scans = after.scans - before.scans;
  checks.equal(
    'the page was left out of half of the full scans at least',
    2 * skipped >= scans,
    true,
  );
}

async function counted(way: Way): Promise<{ scans: number; skipped: number }> {
  return { scans: await way.read('full_scans'), skipped: await way.read('pages_skipped') };
}
