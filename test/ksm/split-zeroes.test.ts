/** What is counted of zeroes that go as KSM splits their huge page. */
import { expect, test } from 'vitest';
import { ManualClock } from '../../src/ksm/clock.js';
import { Host } from '../../src/ksm/host.js';

const PAGE = 4096;
const STRETCH = 512;
const ADDRESS = 2 ** 30;
/** Pages of each huge page that hold something. */
const HELD = 100;

/** `hugePages`, each with a first page that all have, and zeroes behind those that are held. */
function hostOf(hugePages: number): Host {
  const host = Host.create({ memoryBytes: 32 * 2 ** 20 }, new ManualClock());
  host.files.set('smart_scan', 0);
  host.files.set('run', 1);
  host.createGuest('parent');
  host.map('parent', 'heap', hugePages * STRETCH, { address: ADDRESS, huge: true });
  const page = Buffer.alloc(PAGE);
  for (let huge = 0; huge < hugePages; huge++)
    for (let at = 0; at < HELD; at++) {
      page.writeUInt32LE(at === 0 ? 1 : 1000 * (huge + 1) + at);
      host.memory.storePages('parent', ADDRESS + (huge * STRETCH + at) * PAGE, page);
    }
  host.madvise('parent', ADDRESS, hugePages * STRETCH * PAGE, 'mergeable');
  return host;
}

test.each([0, 1, 2])('with %i forks each frame is counted once', (forks) => {
  const host = hostOf(4);
  for (let child = 0; child < forks; child++) host.fork('parent', `child-${child}`);
  const before = host.machine.frames.used;
  for (let batch = 0; batch < 10; batch++) host.ksm.scan((forks + 1) * 4 * STRETCH);
  const { splits, splitZeroPages } = host.files.totals();
  expect(splits).toBe(4);
  // Three of four frames go by merging.
  expect(splitZeroPages).toBe(before - host.machine.frames.used - 3);
  expect(splitZeroPages).toBe(4 * (STRETCH - HELD));
});
