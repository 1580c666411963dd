/** The running kernel at work, looked at again and again. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KernelKsm } from '../../src/prices/calibration/kernel-ksm.js';
import type { Curve, Point } from './curves.js';

const HUGE_PAGE_KIB = 2048;
const LOOKS_A_HUGE_LOOK = 20;

/**
 * From run=1 on, for so many seconds; then it stands still, and what it has merged stays so.
 * `pids`: whose memory it is.
 */
export async function watch(
  kernel: KernelKsm,
  pids: readonly number[],
  seconds: number,
  everyMs: number,
): Promise<Curve> {
  const points: Point[] = [];
  const fromNs = kernel.processorNs;
  const scanned = kernel.count('pages_scanned');
  const skipped = kernel.count('pages_skipped');
  const begin = performance.now();
  let hugePages = 0;
  kernel.write('run', 1);
  for (;;) {
    const passed = (performance.now() - begin) / 1000;
    // To go through all page tables takes its time.
    if (points.length % LOOKS_A_HUGE_LOOK === 0) hugePages = hugePagesOf(pids);
    points.push({
      seconds: passed,
      shared: kernel.count('pages_shared'),
      sharing: kernel.count('pages_sharing'),
      visits: kernel.count('pages_scanned') - scanned,
      skips: kernel.count('pages_skipped') - skipped,
      unshared: kernel.count('pages_unshared'),
      hugePages,
      cpuSeconds: (kernel.processorNs - fromNs) / 1e9,
    });
    if (passed >= seconds) break;
    await sleep(everyMs);
  }
  kernel.write('run', 0);
  return points;
}

/** Of mappings that KSM looks at: QEMU has others, of the code that it makes. */
function hugePagesOf(pids: readonly number[]): number {
  let kib = 0;
  for (const pid of pids)
    for (const mapping of readFileSync(`/proc/${pid}/smaps`, 'latin1').split(/^(?=\w+-\w+ )/m))
      if (/^VmFlags:.* mg\b/m.test(mapping))
        kib += Number(/^AnonHugePages:\s+(\d+)/m.exec(mapping)?.[1] ?? 0);
  return kib / HUGE_PAGE_KIB;
}
