/** `ksmd status`: its screen at several widths, and what it says of a daemon. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { statusLines } from '../../../../src/cli/commands/look/status-screen.js';
import type { StatusLook } from '../../../../src/wording/verdict.js';
import { DaemonProcess } from '../../../daemon-process.js';
import { Terminal } from '../../../terminal.js';
import { until } from '../../../until.js';

const SCREENS = new URL('../../../fixtures/screens/', import.meta.url);
const PAGE = 4096;

function lookAt(name: string): StatusLook {
  return JSON.parse(readFileSync(new URL(`${name}.json`, SCREENS), 'utf8')) as StatusLook;
}

describe.each(['status-at-work', 'status-stopped'])('the screen of %s', (name) => {
  const look = lookAt(name);

  test.each([40, 60, 80, 200])('as it is kept, at %i columns', async (columns) => {
    const lines = statusLines(look, columns);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
    const kept = new URL(`${name}-${columns}.txt`, SCREENS).pathname;
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(kept);
  });

  test('no word is cut, and a number stands with its unit', () => {
    const words = (columns: number): string[] => statusLines(look, columns).join(' ').split(/ +/);
    expect(words(40)).toEqual(words(200));
    for (const line of statusLines(look, 40)) expect(line).not.toMatch(/^ +([KMG]iB|ms|s|h|%)\b/);
  });
});

describe('two equal guests, the second 20 s after the first, at default settings', () => {
  const PAGES = 3500;
  /** Batches of 100 pages, a nap of 20 ms between two. */
  const BATCHES_A_SECOND = 50;
  let daemon: DaemonProcess;

  async function seconds(count: number): Promise<void> {
    for (let batch = 0; batch < count * BATCHES_A_SECOND; batch++) await daemon.client.scan(100);
  }

  beforeAll(async () => {
    daemon = await DaemonProcess.start(['--run', '0', '--memory', '64MiB']);
    const { client } = daemon;
    const memory = Buffer.alloc(PAGES * PAGE);
    for (let page = 0; page < PAGES; page++) memory.writeUInt32LE(page + 1, page * PAGE);
    for (const guest of ['first', 'second']) {
      await client.createGuest(guest);
      await client.map(guest, 'memory', { pages: PAGES, address: PAGE });
      await client.store(guest, PAGE, memory);
      if (guest === 'first') await seconds(20);
    }
  });
  afterAll(async () => {
    expect(await daemon.stop()).toBe(0);
  });

  test.each([1, 3])('%i s on: how many pages are equal and apart, and why', async (later) => {
    const { client } = daemon;
    await seconds(later === 1 ? 1 : 2);
    const apart = 2 * (PAGES - Number((await client.ksm()).pages_sharing));
    expect(apart).toBeGreaterThan(0);
    const { pages, reasons } = await client.unmerged();
    expect(pages).toBe(apart);
    expect(Object.values(reasons).reduce((sum, part) => sum + part, 0)).toBe(apart);
    expect(reasons.outOfPhase + reasons.neverInPhase).toBeGreaterThan(0);
    const { stdout } = await daemon.ksmd('status');
    const figure = (count: number): string => count.toLocaleString('en');
    expect(stdout).toMatch(new RegExp(`^to merge +${figure(apart)} pages .* equal another`, 'm'));
    for (const [reason, text] of [
      ['outOfPhase', 'meet their like in one of the next full scans'],
      ['neverInPhase', 'never meet their like'],
    ] as const)
      if (reasons[reason] > 0)
        expect(stdout).toMatch(new RegExp(`^ +${figure(reasons[reason])} +${text}`, 'm'));
  });

  test('what smart_scan=0 would have is said, and comes to be within two full scans', async () => {
    const { client } = daemon;
    const before = Number((await client.ksm()).pages_sharing);
    const { pages, withoutSmartScan } = await client.unmerged();
    expect((await daemon.ksmd('status')).stdout).toMatch(
      new RegExp(
        `^ +helps +smart_scan=0 merges ${withoutSmartScan.pages.toLocaleString('en')} of them ` +
          'within two full scans',
        'm',
      ),
    );
    expect(withoutSmartScan).toEqual({ pages, freedPages: PAGES - before });
    await client.setKsm({ smart_scan: 0 });
    for (let scan = 0; scan < 2; scan++) await client.scan(100_000);
    expect(await client.ksm()).toMatchObject({ pages_sharing: PAGES });
    expect((await client.unmerged()).pages).toBe(0);
  });
});

describe('a daemon', () => {
  let daemon: DaemonProcess;
  beforeAll(async () => {
    daemon = await DaemonProcess.start(['--run', '0', '--memory', '16MiB']);
    const { client } = daemon;
    for (const [name, node] of [
      ['web', 0],
      ['db', 1],
    ] as const) {
      await client.createGuest(name, node);
      await client.map(name, 'memory', { pages: 4, address: PAGE });
      await client.store(name, PAGE, new Uint8Array(PAGE).fill(7));
    }
    await client.store('db', 2 * PAGE, new Uint8Array(PAGE).fill(8));
  });
  afterAll(async () => {
    expect(await daemon.stop()).toBe(0);
  });

  const status = async (): Promise<string> => (await daemon.ksmd('status')).stdout;

  test('nodes that are kept apart: the pages have a like, and it is said where', async () => {
    await daemon.client.setKsm({ smart_scan: 0, merge_across_nodes: 0 });
    for (let scan = 0; scan < 2; scan++) await daemon.client.scan(100);
    expect(await status()).toMatch(
      /^to merge +2 pages .*\n +2 +have their like on another node.*\nalone +1 page .* equals no other$/m,
    );
    expect((await daemon.ksmd('explain', 'web', '0x1000')).stdout).toMatch(
      /^next .* Equal to it is page 0x1000 of guest db, but on NUMA node 1: merge_across_nodes=0/m,
    );
    await daemon.client.setKsm({ merge_across_nodes: 1 });
  });

  test('what is saved is told by guest as top tells it, and adds up', async () => {
    for (let scan = 0; scan < 2; scan++) await daemon.client.scan(100);
    expect(await status()).toMatch(
      /^saved +4 KiB of 12 KiB, 33\.3 %; .*\n +between +4 KiB, 1 page .*\n +by guest +web 2 KiB, db 2 KiB$/m,
    );
    expect((await daemon.ksmd('top')).stdout).toMatch(/ 2k +\d+k +\d+\.\d web$/m);
  });

  test('with the scanner stopped it is said, and what a full scan would take', async () => {
    expect(await status()).toMatch(
      /^pace +stopped: run=1 lets the scanner go on; a full scan would take about/m,
    );
    await daemon.client.setKsm({ run: 1, pages_to_scan: 100, sleep_millisecs: 500 });
    expect(await status()).toMatch(
      /^pace +a full scan takes about 5\d\d ms, at ksmd's own pace\n +new page +merges after 2 full scans, about 1\.\d s$/m,
    );
    await daemon.client.setKsm({ smart_scan: 1 });
    expect(await status()).toMatch(
      /^ +new page +merges with merged ones after 2 full scans, .*;\n +with one that was alone after 2 to 14, or never/m,
    );
    expect(JSON.parse((await daemon.ksmd('status', '--json')).stdout)).toMatchObject({
      report: { pages: { shared: 2, unshared: 1 } },
      unmerged: { pages: 0 },
    });
  });

  test('pages that smart scan leaves out, all of them, are something to scan', async () => {
    const { client } = daemon;
    await client.setKsm({ run: 0 });
    for (const guest of ['web', 'db']) await client.removeGuest(guest);
    await client.createGuest('solo');
    await client.map('solo', 'memory', { pages: 2, address: PAGE });
    for (const page of [1, 2])
      await client.store('solo', page * PAGE, new Uint8Array(PAGE).fill(page));
    for (let scan = 0; scan < 5; scan++) await client.scan(100);
    expect((await client.report()).pages).toMatchObject({ skipped: 2, unshared: 0 });
    expect(await status()).toMatch(/; smart scan leaves out all 2 pages now$/m);
  });

  test('--watch draws the screen again, until q', async () => {
    const terminal = Terminal.ksmd(['status', '--watch', '0.1'], {
      rows: 40,
      env: { KSMD_SOCKET: daemon.socketPath },
    });
    await until('it is drawn', () => terminal.frame.some((line) => line.startsWith('ksmd ')));
    await daemon.client.createGuest('late');
    await until('the next look', () => terminal.frame.some((line) => /^guests +2,/.test(line)));
    terminal.type('q');
    expect(await terminal.exited).toBe(0);
    // The cursor and the screen from before are back.
    expect(terminal.raw).toContain('\x1b[?25h\x1b[?1049lafter ');
  });
});
