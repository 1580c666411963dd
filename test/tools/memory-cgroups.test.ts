/**
 * What docs/recipes.md says of memory cgroups is what the running kernel does: asked only with
 * KSMD_RUNNING_KERNEL=1, as nothing else may use its KSM meanwhile.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Guest, Guests } from '../../tools/record/guests.js';
import { SteppedKsm } from '../../tools/record/kernel.js';
import { SYSFS } from '../../tools/record/kernel-at-hand.js';
import type { MemoryCgroup } from '../../tools/record/memory-cgroup.js';
import { memoryCgroup } from '../memory-cgroup.js';
import { until } from '../until.js';

const PAGE = 4096;
const PAGES = 2000;
const LENGTH = PAGES * PAGE;
const AT = 0x100000000;
/** Of tables, and of what the kernel charges ahead. */
const OVERHEAD_PAGES = 128;

/** Pages that differ from each other. */
function contents(): Uint8Array {
  const bytes = new Uint8Array(LENGTH);
  const view = new DataView(bytes.buffer);
  for (let page = 0; page < PAGES; page++) view.setUint32(page * PAGE, page + 1, true);
  return bytes;
}

describe.skipIf(process.env.KSMD_RUNNING_KERNEL !== '1')('two groups with equal pages', () => {
  const bytes = contents();
  let guests: Guests;
  let ksm: SteppedKsm;
  beforeAll(async () => {
    guests = await Guests.open();
    ksm = new SteppedKsm();
  });
  afterAll(() => {
    ksm.close();
    guests.close();
  });
  const startIn = async (group: MemoryCgroup): Promise<Guest> => {
    const guest = await guests.start();
    group.add(guest.pid);
    await guest.map(AT, LENGTH, false);
    await guest.write(AT, bytes);
    await guest.advise(AT, LENGTH, 'mergeable');
    return guest;
  };

  test('the second pays for what both have; run=2 kills who has no room for his own', async (context) => {
    const groups = [LENGTH * 2, LENGTH * 2].map((limit) => memoryCgroup(context, limit));
    context.onTestFinished(async () => {
      for (const group of groups) await group.remove();
    });
    const [first, second] = groups;
    if (first === undefined || second === undefined) throw new Error('there are two groups');
    const poor = await startIn(first);
    const rich = await startIn(second);
    const charged = (): number[] => groups.map((group) => Math.round(group.usage() / PAGE));
    for (const pages of charged()) expect(pages).toBeGreaterThanOrEqual(PAGES);

    for (let scan = 0; scan < 3; scan++) await ksm.batch(3 * PAGES);
    expect(charged()[0]).toBeLessThan(OVERHEAD_PAGES);
    expect(charged()[1]).toBeGreaterThanOrEqual(PAGES);

    first.limit(1000 * PAGE);
    expect(() => ksm.write('run', 2)).toThrow('ENOMEM');
    await until('the process is gone', () => !isAlive(poor.pid));
    expect(isAlive(rich.pid)).toBe(true);
    expect(readFileSync(`${SYSFS}/run`, 'latin1')).toBe('0\n');
    await rich.end();
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
