/** Whether it makes a difference to an estimate that the host's own KSM has merged already. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type Estimate, estimate } from '../../src/estimate/estimate.js';
import { Recording } from '../../src/recording/recording.js';
import { Capturing } from './capturing.js';
import type { LiveHost } from './live-host.js';

const KSM = '/sys/kernel/mm/ksm';
/** Set while it runs, and put back. */
const TUNABLES = { pages_to_scan: '20000', sleep_millisecs: '2', smart_scan: '0' };
const FULL_SCANS = 3;

export async function merged(host: LiveHost, folder: string): Promise<boolean> {
  if (process.getuid?.() !== 0) {
    console.log("the host's own KSM takes root: left out");
    return true;
  }
  host.pause();
  // What a fork shared can no longer be told once KSM has merged it: forks are left out.
  const before = await estimated(host.apart, join(folder, 'before.rec'));
  const old = Object.keys(TUNABLES).map((name) => [name, get(name)] as const);
  if (get('run') !== '0') throw new Error("the host's KSM runs: nothing is known of before it");
  try {
    for (const [name, value] of Object.entries(TUNABLES)) set(name, value);
    const begin = Number(get('full_scans'));
    set('run', '1');
    while (Number(get('full_scans')) < begin + FULL_SCANS) await setTimeout(200);
    set('run', '0');
    const after = await estimated(host.apart, join(folder, 'after.rec'));
    console.log(
      `KSM off: ${before.saved.pages + before.zeroPages} pages could be saved; merged by this ` +
        `host's (${get('pages_sharing')} pages_sharing): ` +
        `${after.saved.pages + after.zeroPages}, ${after.mergedPages} of them merged already`,
    );
    return after.mergedPages > 0 && isSame(before, after);
  } finally {
    set('run', '2');
    set('run', '0');
    for (const [name, value] of old) set(name, value);
    host.goOn();
  }
}

function isSame(before: Estimate, after: Estimate): boolean {
  const { mergedPages: _none, ...then } = before;
  const { mergedPages: _some, ...now } = after;
  return JSON.stringify(then) === JSON.stringify(now);
}

async function estimated(pids: readonly number[], path: string): Promise<Estimate> {
  const capturing = new Capturing(pids, path, ['--duration', '0']);
  await capturing.ended();
  const recording = await Recording.open(path);
  const recorded = await recording.lastSweep();
  await recording.close();
  return estimate(recorded, { selection: 'advised' });
}

function get(name: string): string {
  return readFileSync(join(KSM, name), 'latin1').trim();
}

function set(name: string, value: string): void {
  writeFileSync(join(KSM, name), value);
}
