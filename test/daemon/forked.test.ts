/**
 * Huge pages and forks, as those who ask a daemon are told of them: what forks share is not what
 * KSM saves, whoever is asked; and khugepaged undoes what a split has done.
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DaemonProcess } from '../daemon-process.js';
import { until } from '../until.js';

const BASE = 2 ** 32;
const PAGE = 4096;
const STRETCH = 512;
const PAGES = 128;

let daemon: DaemonProcess;
beforeEach(async () => {
  daemon = await DaemonProcess.start(['--run', '0', '--log-level', 'debug']);
  await daemon.client.setKsm({
    smart_scan: 0,
    // It stands still until a test lets it go.
    'khugepaged/scan_sleep_millisecs': 2 ** 32 - 1,
  });
});
afterEach(async () => {
  await daemon.stop();
});

/** Pages that differ, but for the second half of them, which are as the first. */
function halves(): Buffer {
  const bytes = Buffer.alloc(PAGES * PAGE);
  for (let page = 0; page < PAGES; page++)
    bytes.writeUInt32LE((page % (PAGES / 2)) + 1, page * PAGE);
  return bytes;
}

/** A parent and three children, all of whose pages have been scanned until they have merged. */
async function family(): Promise<void> {
  const { client } = daemon;
  await client.createGuest('parent');
  await client.map('parent', 'r', { pages: PAGES });
  await client.store('parent', BASE, halves());
  for (const child of ['one', 'two', 'three']) await client.fork('parent', child);
  for (let i = 0; i < 4; i++) await client.scan(10_000);
}

test('of a family many pages are sharing, and few frames came free: all who are asked say the same', async () => {
  const { client } = daemon;
  await family();
  const { saved, counters, memory } = await client.status();
  expect(counters).toMatchObject({ pages_shared: 64, pages_sharing: 448 });
  expect(memory.usedBytes).toBe(64 * PAGE);
  expect(saved).toMatchObject({
    pages: 64,
    bytes: 64 * PAGE,
    share: 0.5,
    forkSharedPages: 384,
    forkSharedAgeMs: 0,
  });
  expect((await client.report()).saved).toEqual(saved);
  const metrics = (await daemon.curl('/metrics')).body;
  expect(metrics).toMatch(/^ksmd_saved_bytes 262144$/m);
  expect(metrics).toMatch(/^ksmd_fork_shared_pages 384$/m);
  expect(JSON.parse((await daemon.ksmd('free', '--json')).stdout)).toMatchObject({
    usedBytes: 64 * PAGE,
    withoutKsmBytes: 128 * PAGE,
    savedBytes: 64 * PAGE,
    forkSharedBytes: 384 * PAGE,
  });
  expect((await daemon.ksmd('free')).stdout).toMatch(/^Forked: +1536$/m);
  expect((await daemon.ksmd('top', '--once')).stdout).toMatch(
    / saved 256 KiB, 50\.0 % +shared 256 KiB +forked 1\.5 MiB$/m,
  );
});

test('status says what stands for what, what of it is KSM’s, and what is the forks’ own', async () => {
  await family();
  const { stdout } = await daemon.ksmd('status');
  expect(stdout).toMatch(/^saved +256 KiB of 512 KiB, 50\.0 %; .*\n +within +256 KiB, 64 pages /);
  expect(stdout).toMatch(/^shared +64 KSM pages stand for 448 pages more$/m);
  expect(stdout).toMatch(/^forked +384 pages \(1\.5 MiB\) share a frame since a fork$/m);
});

test('the report tells of each guest what smaps would', async () => {
  await family();
  const { guests } = await daemon.client.report();
  for (const { footprint } of guests)
    expect(footprint).toEqual({
      rssPages: 128,
      pssBytes: (64 / 4) * PAGE,
      hugePages: 0,
      ksmPages: 128,
      ksmPssBytes: (64 / 4) * PAGE,
      forkSharedPages: 128,
    });
});

test('a write by a child ends the sharing, and is no loss of KSM’s', async () => {
  const { client } = daemon;
  await client.createGuest('parent');
  await client.map('parent', 'r', { pages: PAGES });
  await client.store('parent', BASE, halves());
  await client.fork('parent', 'child');
  expect((await client.status()).saved).toMatchObject({ pages: 0, forkSharedPages: 128 });
  await client.store('child', BASE, Buffer.from('its own'));
  expect((await client.status()).saved).toMatchObject({ pages: 0, forkSharedPages: 127 });
  expect(await client.page('child', BASE, 0)).toMatchObject({ forkSharers: 0 });
  expect(await client.page('child', BASE + PAGE, 0)).toMatchObject({
    forkSharers: 1,
    why: expect.stringMatching(/It shares its frame with 1 other page since a fork\.$/),
  });
});

/** A huge page of which three pages hold something, two of them the same. */
async function hugePage(): Promise<void> {
  const { client } = daemon;
  await client.createGuest('vm');
  await client.map('vm', 'r', { pages: STRETCH, huge: true });
  const bytes = Buffer.alloc(3 * PAGE, 7);
  bytes.fill(9, 2 * PAGE);
  await client.store('vm', BASE, bytes);
}

test('KSM splits a huge page, and khugepaged makes it one again: all that is told of it', async () => {
  const { client } = daemon;
  await hugePage();
  expect(await client.status()).toMatchObject({
    hugePages: 1,
    totals: { splits: 0, collapses: 0 },
  });
  expect(await client.page('vm', BASE, 0)).toMatchObject({
    hugePage: { isWhole: true, otherGuests: 0, zeroPages: 509 },
    next: expect.stringMatching(
      / A merge splits the huge page: .*, and 509 pages of zeroes are given back\.$/,
    ),
  });
  expect((await daemon.ksmd('top', '--once')).stdout).toMatch(/HUGE.*\n.* 1 .*vm$/m);
  const told: object[] = [];
  void (async () => {
    for await (const event of client.events()) told.push(event);
  })().catch(() => {});
  for (let i = 0; i < 4; i++) await client.scan(10_000);
  expect(await client.status()).toMatchObject({
    hugePages: 0,
    presentPages: 3,
    saved: { pages: 1 },
    totals: { splits: 1, splitZeroPages: 509, collapses: 0 },
  });
  // One that maps a KSM page twice is not collapsed: the pages that are the same differ again.
  await client.store('vm', BASE, Buffer.from('another'));
  await client.setKhugepaged({ scan_sleep_millisecs: 0 });
  await until('it is a huge page again', async () => (await client.status()).hugePages === 1);
  await client.setKhugepaged({ scan_sleep_millisecs: 2 ** 32 - 1 });
  const { hugePages, presentPages, totals } = await client.status();
  expect({ hugePages, presentPages, totals }).toMatchObject({
    hugePages: 1,
    presentPages: STRETCH,
    totals: { splits: 1, collapses: 1 },
  });
  expect(await client.khugepaged()).toMatchObject({ pages_collapsed: 1 });
  expect((await daemon.ksmd('status')).stdout).toMatch(
    /^huge pages +1 mapped, 1 split by KSM, 1 made by khugepaged\n +since the start splits gave back 509 pages \([^)]+\) of zeroes$/m,
  );
  const metrics = (await daemon.curl('/metrics')).body;
  for (const line of [
    'ksmd_splits_total 1',
    'ksmd_split_zero_pages_total 509',
    'ksmd_khugepaged_pages_collapsed_total 1',
    'ksmd_guest_huge_pages{guest="vm"} 1',
  ])
    expect(metrics.split('\n')).toContain(line);
  expect(daemon.log).toContainEqual(
    expect.objectContaining({ level: 'debug', pages_collapsed: 1 }),
  );
  await until('both are told of', () => told.length >= 2);
  expect(told).toEqual(
    expect.arrayContaining([
      { event: 'splits', data: { hugePages: 1 } },
      { event: 'collapses', data: { hugePages: 1 } },
    ]),
  );
  expect(await client.check()).toEqual([]);
});
