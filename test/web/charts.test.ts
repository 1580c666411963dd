/** The charts of the dashboard: what is marked in them, a stretch seen closer, and a day back. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Sample } from '../../src/protocol/history.js';
import { until } from '../until.js';
import { chromium, LookedAt } from './looked-at.js';

const SET = 'i.chart-mark.set:visible';
const SCAN = 'i.chart-mark.scan:visible';

describe.skipIf(chromium === undefined)('charts of the dashboard', () => {
  let looked: LookedAt;
  let page: Page;

  beforeAll(async () => {
    looked = await LookedAt.start(['--run', '0', '--memory', '64MiB']);
    page = await looked.open();
  });
  afterAll(async () => {
    expect(await looked.stop()).toBe(0);
  });

  const chart = (id: string) => page.locator(`#${id} .u-over`);
  const titles = (which: string, of = page): Promise<string[]> =>
    of
      .locator(`#memory-chart ${which}`)
      .evaluateAll((marks) => marks.map((mark) => (mark as HTMLElement).title));

  test('have a line with a title where a tunable was set and where a full scan ended', async () => {
    await looked.addGuests(['vm1'], 8);
    await page.waitForSelector('#memory-chart canvas');
    await looked.daemon.client.setKsm({ pages_to_scan: 700 });
    await until('what was set', async () => (await titles(SET)).length === 1);
    expect(await titles(SET)).toEqual(['set: pages_to_scan = 700']);
    await looked.daemon.client.scan(100);
    await until('a full scan', async () => (await titles(SCAN)).length === 1);
    expect(await titles(SCAN)).toEqual(['full scan 1']);
    expect(await page.locator('#scan-chart i.chart-mark:visible').count()).toBe(2);
  });

  test('tell who comes later of it too', async () => {
    const other = await looked.open();
    await until('what was set', async () => (await titles(SET, other)).length === 1);
    await other.close();
  });

  test('show a stretch that is dragged over, and go back', async () => {
    const back = page.getByRole('button', { name: 'Back' });
    for (const goBack of [() => chart('scan-chart').dblclick(), () => back.click()]) {
      expect(await back.isDisabled()).toBe(true);
      await chart('memory-chart').scrollIntoViewIfNeeded();
      const box = await chart('memory-chart').boundingBox();
      if (box === null) throw new Error('there is no chart');
      // The stretch before anything was set.
      await page.mouse.move(box.x + 20, box.y + 60);
      await page.mouse.down();
      await page.mouse.move(box.x + 120, box.y + 60, { steps: 4 });
      await page.mouse.up();
      await until('nothing is marked there', async () => (await titles(SET)).length === 0);
      expect(await page.locator(`#scan-chart ${SET}`).count()).toBe(0);
      expect(await back.isEnabled()).toBe(true);
      await goBack();
      await until('all of it', async () => (await titles(SET)).length === 1);
    }
  });

  test('go back a day', async () => {
    const DAY_MS = 24 * 3600 * 1000;
    const at = (atMs: number, more: Partial<Sample> = {}) => ({
      ...{ atMs, usedBytes: 1, freeBytes: 1, savedBytes: 1, pagesScanned: 1, fullScans: 1 },
      ...{ merges: 1, breaks: 0, hugePages: 0, splits: 0, scannerCpuMs: 0, kernelCpuMs: 0 },
      ...more,
    });
    const samples = [
      at(0),
      at(DAY_MS / 2, { tunables: { run: 1 } }),
      at(DAY_MS - 1000, { tunables: { pages_to_scan: 300 } }),
      at(DAY_MS),
    ];
    looked.mayFail = true;
    const other = await looked.open(
      {},
      (opened) =>
        opened.route('**/v1/live', (route) =>
          route.fulfill({
            contentType: 'text/event-stream',
            body: `event: history\ndata: ${JSON.stringify(samples)}\n\n`,
          }),
        ),
      '#memory-chart canvas',
    );
    await until('the last minutes', async () => (await titles(SET, other)).length === 1);
    expect(await titles(SET, other)).toEqual(['set: pages_to_scan = 300']);
    const day = other.getByRole('button', { name: '24 h' });
    await day.click();
    expect(await day.getAttribute('aria-pressed')).toBe('true');
    expect(await titles(SET, other)).toEqual(['set: run = 1', 'set: pages_to_scan = 300']);
    await other.close();
    expect(looked.faults).toEqual([]);
  });
});
