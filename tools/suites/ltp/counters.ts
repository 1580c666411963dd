/** What LTP looks at after each step: seven files. */
import type { Checks } from '../checks.js';
import type { KsmFiles } from '../way.js';

export interface Counted {
  readonly shared: number;
  readonly sharing: number;
  readonly unshared: number;
}

/** The pace that it asks for. */
const SLEEP_MILLISECS = 0;

/**
 * Holds `run`, and then, while nothing is scanned, the counters and the pace against what they are
 * to be; no page may be volatile. Leaves `run` as it was.
 */
export async function checkCounters(
  files: KsmFiles,
  checks: Checks,
  when: string,
  run: number,
  { shared, sharing, unshared }: Counted,
  pagesToScan: number,
): Promise<void> {
  const check = async (file: string, required: number): Promise<void> =>
    checks.equal(`${when}, ${file}`, await files.read(file), required);
  await check('run', run);
  await files.write('run', 0);
  await check('pages_shared', shared);
  await check('pages_sharing', sharing);
  await check('pages_volatile', 0);
  await check('pages_unshared', unshared);
  await check('sleep_millisecs', SLEEP_MILLISECS);
  await check('pages_to_scan', pagesToScan);
  await files.write('run', run);
}
