/** When forks are counted, and what stands until they are counted again. */
import { expect, test } from 'vitest';
import { ForkSharing } from '../../../src/daemon/feeds/fork-sharing.js';
import { ManualClock } from '../../../src/ksm/clock.js';
import { Host } from '../../../src/ksm/host.js';
import { until } from '../../until.js';

const PAGE = 64;
const FEW = 100;
/** Of two guests, more than are counted for everybody who asks. */
const MANY = 10_000;

/** A guest of so many pages, a hundred of which hold something, forked. */
function forked(pages: number) {
  const host = Host.create(
    { memoryBytes: 2 ** 20, pageSize: PAGE, guestPages: 60_000 },
    new ManualClock(),
  );
  host.createGuest('parent');
  host.map('parent', 'r', pages, { address: PAGE });
  host.memory.store('parent', PAGE, new Uint8Array(100 * PAGE).fill(1));
  host.fork('parent', 'child');
  const time = { nowMs: 5000, isQuiet: true };
  const forks = new ForkSharing(
    host,
    () => time.isQuiet,
    () => time.nowMs,
  );
  return { host, forks, time, write: () => host.memory.store('child', PAGE, new Uint8Array([2])) };
}

test('few pages are counted for everybody who asks', () => {
  const { forks, write } = forked(FEW);
  expect(forks.known()).toEqual({ pages: 100, ageMs: 0 });
  write();
  expect(forks.known()).toEqual({ pages: 99, ageMs: 0 });
});

test('many are counted for whoever waits, and then at most once a second', async () => {
  const { forks, time, write } = forked(MANY);
  await forks.ready();
  expect(forks.known()).toEqual({ pages: 100, ageMs: 0 });
  write();
  time.nowMs += 999;
  await forks.ready();
  expect(forks.known()).toEqual({ pages: 100, ageMs: 999 });
  time.nowMs += 1;
  expect(forks.known()).toEqual({ pages: 100, ageMs: 1000 });
  await until('they are counted again', () => forks.known().ageMs === 0);
  expect(forks.known()).toEqual({ pages: 99, ageMs: 0 });
});

test('after a fork nobody who waits is told what was true before it', async () => {
  const { host, forks } = forked(MANY);
  await forks.ready();
  host.fork('parent', 'another');
  await forks.ready();
  expect(forks.known()).toEqual({ pages: 200, ageMs: 0 });
});

test('while guests are being changed nothing is counted and nobody waits', async () => {
  const { forks, time } = forked(MANY);
  time.isQuiet = false;
  await forks.ready();
  expect(forks.known().pages).toBe(0);
  time.isQuiet = true;
  await forks.ready();
  expect(forks.known().pages).toBe(100);
});

test('where there is no end of changes, whoever waits is let go', async () => {
  const { host, forks, time } = forked(MANY);
  let changes = 0;
  const changing = setInterval(() => {
    host.createGuest(`g${changes}`);
    host.map(`g${changes++}`, 'r', 1, { address: PAGE });
  }, 0);
  try {
    for (let asked = 0; asked < 5; asked++) {
      time.nowMs += 10_000;
      await forks.ready();
    }
  } finally {
    clearInterval(changing);
  }
  await forks.ready();
  time.nowMs += 1000;
  await forks.ready();
  expect(forks.known().pages).toBe(100);
});

test('once the fork is gone there is nothing left to count', async () => {
  const { host, forks } = forked(MANY);
  await forks.ready();
  host.exitGuest('child');
  expect(forks.known()).toEqual({ pages: 0, ageMs: 0 });
});
