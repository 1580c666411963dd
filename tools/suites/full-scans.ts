import { setTimeout as delay } from 'node:timers/promises';
import type { KsmFiles } from './way.js';

const LOOK_MS = 2;
/** As long as the kernel's own tests wait. */
const DEADLINE_MS = 120_000;

/**
 * Waits until so many full scans have begun and ended: the one under way is none of them. How many
 * seconds that took.
 */
export async function fullScans(files: KsmFiles, count: number): Promise<number> {
  const before = await files.read('full_scans');
  const start = performance.now();
  while ((await files.read('full_scans')) <= before + count) {
    if (performance.now() > start + DEADLINE_MS)
      throw new Error(`${count} full scans have not come to an end within ${DEADLINE_MS} ms`);
    await delay(LOOK_MS);
  }
  return (performance.now() - start) / 1000;
}
