/** The running kernel at work, looked at again and again. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KernelKsm } from '../../src/prices/calibration/kernel-ksm.js';
import type { Curve, Point } from './curves.js';

const HUGE_PAGE_KIB = 2048;
const PAGE_KIB = 4;
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

/**
 * Pages that processes have less frames for, whether a fork or KSM has them share: pages that each
 * maps, less its parts in what it maps (Pss), which of all of them together are whole frames again.
 * Nobody else may map them.
 *
 * What this is more than before KSM worked are the frames that it has freed. pages_sharing is not:
 * of pages that a fork shares already it counts each. Zeroes that a split gives back are not in it,
 * as they are mapped no more.
 */
export function sharedFrames(pids: readonly number[]): number {
  let kib = 0;
  for (const pid of pids) {
    const rollup = textOf(`/proc/${pid}/smaps_rollup`);
    kib += kibOf(rollup, 'Anonymous') - kibOf(rollup, 'Pss_Anon');
  }
  return Math.round(kib / PAGE_KIB);
}

/** Of mappings that KSM looks at: QEMU has others, of the code that it makes. */
function hugePagesOf(pids: readonly number[]): number {
  let kib = 0;
  for (const pid of pids)
    for (const mapping of textOf(`/proc/${pid}/smaps`).split(/^(?=\w+-\w+ )/m))
      if (/^VmFlags:.* mg\b/m.test(mapping)) kib += kibOf(mapping, 'AnonHugePages');
  return kib / HUGE_PAGE_KIB;
}

function kibOf(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);
}

/** Nothing of a process that has ended. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
