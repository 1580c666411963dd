/**
 * What is saved and by whom, why the rest is not, and how long it takes; and one page explained. As
 * curl sees it, the scanner driven by hand.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { APART_REASONS, PAGE_STATES } from '../../../src/names.js';
import type { Report } from '../../../src/protocol/routes/report.js';
import { DaemonProcess } from '../../daemon-process.js';

let daemon: DaemonProcess;
const BASE = 0x100000000;
const PAGE = 4096;

beforeAll(async () => {
  daemon = await DaemonProcess.start([
    '--run',
    '0',
    '--memory',
    '16MiB',
    '--pages-to-scan',
    '100',
    '--sleep-ms',
    '20',
  ]);
  const { client } = daemon;
  await client.setKsm({ smart_scan: 0 });
  for (const [name, contents] of [
    ['a', [1, 1, 2, 3]],
    ['b', [1, 4]],
  ] as const) {
    await client.createGuest(name);
    await client.map(name, 'memory', { pages: 8 });
    for (const [page, content] of contents.entries())
      await client.store(name, BASE + page * PAGE, new Uint8Array(PAGE).fill(content));
  }
});
afterAll(async () => {
  expect(await daemon.stop()).toBe(0);
});

async function report(): Promise<Report> {
  return (await daemon.curlJson('/v1/report')).json as Report;
}

const NONE = Object.fromEntries(PAGE_STATES.map((state) => [state, 0]));

test('at first all that is written waits; after two full scans it is merged or not, and said why', async () => {
  expect((await report()).pages).toEqual({ ...NONE, untouched: 10, waiting: 6 });
  await daemon.client.scan(100);
  expect((await report()).pages).toEqual({ ...NONE, untouched: 10, volatile: 6 });
  await daemon.client.scan(100);
  const { pages, guests, saved } = await report();
  expect(pages).toEqual({ ...NONE, untouched: 10, shared: 3, unshared: 3 });
  expect(guests.map(({ name, pages }) => [name, pages.shared, pages.unshared])).toEqual([
    ['a', 2, 2],
    ['b', 1, 1],
  ]);
  expect(guests.map(({ netBytes }) => netBytes)).toEqual([2 * PAGE - 4 * 64, PAGE - 2 * 64]);
  expect(saved).toMatchObject({ pages: 2, netBytes: 2 * PAGE - 6 * 64, share: 2 / 6 });
});

test('pages that are equal and not merged are counted by what they wait for', async () => {
  const { client } = daemon;
  const none = Object.fromEntries(APART_REASONS.map((reason) => [reason, 0]));
  const unmerged = async () => (await daemon.curlJson('/v1/unmerged')).json;
  expect(await unmerged()).toEqual({
    pages: 0,
    sample: 1,
    reasons: none,
    withoutSmartScan: { pages: 0, freedPages: 0 },
  });
  await client.store('b', BASE + 2 * PAGE, new Uint8Array(PAGE).fill(4));
  expect(await unmerged()).toMatchObject({ pages: 2, reasons: { ...none, due: 2 } });
  expect((await daemon.curlJson(`/v1/guests/b/pages/${BASE + PAGE}`)).json).toMatchObject({
    likes: { reason: 'due', count: 1, first: [{ guest: 'b', address: BASE + 2 * PAGE }] },
    next: expect.stringMatching(/merges it with page 0x100002000 of guest b, which is equal to it/),
  });
  await client.madvise('b', 'dontneed', { address: BASE + 2 * PAGE, length: PAGE });
});

test('what a full scan takes is reckoned from the settings, while the scanner runs', async () => {
  expect((await report()).scan).toMatchObject({ running: false, duePages: 6, mergedAfterScans: 2 });
  // While it is stopped: what one would take.
  expect((await report()).scan.fullScanMs).toBe(20);
  await daemon.client.setKsm({ run: 1, pages_to_scan: 2, sleep_millisecs: 1000 });
  const { scan } = await report();
  // Three batches of two pages, and what little the six pages take themselves.
  expect(scan).toMatchObject({ running: true, duePages: 6 });
  expect(scan.fullScanMs).toBeGreaterThanOrEqual(3000);
  expect(scan.fullScanMs).toBeLessThan(4000);
  expect(scan.mergedAfterMs).toBe(2 * (scan.fullScanMs ?? 0));
  await daemon.client.setKsm({ run: 0 });
});

test('at a kernel’s pace naps end with its ticks, and what it takes besides is priced', async () => {
  await daemon.client.setKsm({ pace: 'kernel', run: 1, pages_to_scan: 2, sleep_millisecs: 1001 });
  const { scan } = await report();
  // 251 ticks of 4 ms, and half a one, three times.
  expect(scan.pace).toBe('kernel');
  expect(scan.fullScanMs).toBeGreaterThan(3 * 1006);
  expect(scan.fullScanMs).toBeLessThan(3 * 1006 + 100);
  await daemon.client.setKsm({ run: 0, pace: 'own' });
});

test('a page is explained by any address in it: state, reason, what comes next, twins', async () => {
  const { json } = await daemon.curlJson(`/v1/guests/a/pages/0x${(BASE + 17).toString(16)}`);
  expect(json).toMatchObject({
    page: { guest: 'a', region: 'memory', address: BASE },
    state: 'shared',
    why: 'It maps a KSM page; 2 other pages have the same content.',
    checksum: expect.stringMatching(/^[0-9a-f]{8}$/),
    frame: { mappings: 3 },
    twinCount: 2,
  });
  expect((json as { twins: object[] }).twins).toEqual(
    expect.arrayContaining([
      { guest: 'a', region: 'memory', address: BASE + PAGE },
      { guest: 'b', region: 'memory', address: BASE },
    ]),
  );
  expect(await daemon.curlJson(`/v1/guests/a/pages/${BASE}?twins=1`)).toMatchObject({
    json: { twinCount: 2, twins: [{}] },
  });
  expect(await daemon.curlJson(`/v1/guests/a/pages/${BASE + 7 * PAGE}`)).toMatchObject({
    json: { state: 'untouched', twinCount: 0 },
  });
});

test.each([
  [`a/pages/${BASE + 8 * PAGE}`, 400, 'EFAULT'],
  ['a/pages/nowhere', 400, 'EINVAL'],
  [`a/pages/${BASE}?twins=many`, 400, 'EINVAL'],
  [`nobody/pages/${BASE}`, 404, 'ENOENT'],
])('%s is refused: %i %s', async (path, status, code) => {
  expect(await daemon.curlJson(`/v1/guests/${path}`)).toMatchObject({
    status,
    json: { error: { code } },
  });
});

test('what a scan by hand would have taken a kernel is told as it returns', async () => {
  const { client } = daemon;
  await client.createGuest('many');
  await client.map('many', 'memory', { pages: 2000, address: PAGE });
  const memory = Buffer.alloc(2000 * PAGE);
  for (let page = 0; page < 2000; page++) memory.writeUInt32LE(page + 1, page * PAGE);
  await client.store('many', PAGE, memory);
  // Where a full scan was under way, its end is the end of the first.
  await client.scan(10_000);
  for (let scan = 0, before = 0; scan < 10; scan++) {
    await client.scan(10_000);
    const { kernelCpuMs } = (await client.status()).scanner;
    expect(kernelCpuMs).toBeGreaterThan(before);
    before = kernelCpuMs;
  }
  await client.removeGuest('many');
  await client.scan(10_000);
});
