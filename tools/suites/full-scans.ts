import { setTimeout as delay } from 'node:timers/promises';
import type { KsmFiles } from './way.js';

const LOOK_MS = 2;
/** As long as the kernel's own tests wait. */
const DEADLINE_MS = 120_000;

/** Waits until so many full scans have begun and ended: the one under way is none of them. */
export async function fullScans(files: KsmFiles, count: number): Promise<void> {
  const start = await files.read('full_scans');
  const deadline = performance.now() + DEADLINE_MS;
  while ((await files.read('full_scans')) <= start + count) {
    if (performance.now() > deadline)
      throw new Error(`${count} full scans have not come to an end within ${DEADLINE_MS} ms`);
    await delay(LOOK_MS);
  }
}
