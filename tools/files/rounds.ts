/**
 * Scripts on the kernel's files that unmerge everything and stop the scanner, round after round:
 * what they lose, what they read that is old, and who hears of what is refused.
 */

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { LoadedDaemon } from '../load/daemon.js';

const execute = promisify(execFile);
const PAGE_BYTES = 4096;
const PAGES = 64;
const GUESTS = ['one', 'two'];
const SHARING = GUESTS.length * PAGES - 1;
/** All pages are merged by the end of that scan, at the latest. */
const MERGED_AFTER_SCANS = 3;
const LOOK_MS = 2;
/** No daemon takes so long; what has not come by then never does. */
const PATIENCE_MS = 10_000;

export interface Tally {
  rounds: number;
  /** The unmerge never happened: its writer was not heard of. */
  lost: number;
  /** What was read after it was of before it. */
  old: number;
  /** A count of full scans was read, and then a pages_sharing of before that scan. */
  behind: number;
  /** Of writes that are refused, one a round: their writer was told. */
  told: number;
}

export async function rounds(daemon: LoadedDaemon, sysfs: string, count: number): Promise<Tally> {
  const ksm = join(sysfs, 'kernel/mm/ksm');
  const read = (name: string): string => readFileSync(join(ksm, name), 'latin1').trim();
  const tally: Tally = { rounds: count, lost: 0, old: 0, behind: 0, told: 0 };
  await fill(daemon);
  for (let round = 0; round < count; round++) {
    await daemon.client.setKsm({ run: 1 });
    if (!(await merged(read))) tally.behind++;
    await until(() => read('pages_sharing') === String(SHARING));
    const script = 'echo 2 > run; echo 0 > run; cat pages_shared';
    const { stdout } = await execute('bash', ['-c', script], { cwd: ksm });
    if (stdout !== '0\n') tally.old++;
    await until(async () => (await daemon.client.ksm()).run === 0);
    if ((await daemon.client.ksm()).pages_shared !== 0) tally.lost++;
    await until(() => read('run') === '0');
    if (await isTold(ksm)) tally.told++;
    await until(() => read('run') === '0');
    // A scanner that has not been told to unmerge begins anew here.
    await daemon.client.setKsm({ run: 2 });
    await until(() => read('full_scans') === '0' && read('run') === '2');
  }
  return tally;
}

async function fill({ client }: LoadedDaemon): Promise<void> {
  await client.setKsm({ smart_scan: 0, sleep_millisecs: 1 });
  for (const guest of GUESTS) {
    await client.createGuest(guest);
    await client.map(guest, 'memory', { pages: PAGES, address: 2 ** 32 });
    await client.store(guest, 2 ** 32, Buffer.alloc(PAGES * PAGE_BYTES, 7));
  }
}

/** Waits until a scan is told of by which all is merged; whether that is told beside it. */
async function merged(read: (name: string) => string): Promise<boolean> {
  let sharing = '';
  await until(() => {
    const scans = Number(read('full_scans'));
    sharing = read('pages_sharing');
    return scans >= MERGED_AFTER_SCANS;
  });
  return sharing === String(SHARING);
}

/** Whether who writes nonsense hears of it. */
async function isTold(ksm: string): Promise<boolean> {
  try {
    await execute('bash', ['-c', 'echo 7 > run'], { cwd: ksm });
    return false;
  } catch {
    return true;
  }
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let waitedMs = 0; !(await condition()); waitedMs += LOOK_MS) {
    if (waitedMs >= PATIENCE_MS) throw new Error('the files do not come to what they must');
    await delay(LOOK_MS);
  }
}
