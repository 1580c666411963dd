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

  test('have a list of the same, which keys and fingers open', async () => {
    const list = page.locator('#chart-marks');
    expect(await list.isHidden()).toBe(true);
    await page.locator('summary', { hasText: 'What is marked' }).press('Enter');
    const lines = await list.locator('li').allInnerTexts();
    expect(lines.map((line) => line.replace(/^\d\d:\d\d:\d\d /, ''))).toEqual([
      'full scan 1',
      'set: pages_to_scan = 700',
    ]);
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
      const mark = await page.locator(`#memory-chart ${SET}`).boundingBox();
      const before = (mark?.x ?? 0) - box.x;
      // A stretch before anything was set.
      await page.mouse.move(box.x + before * 0.2, box.y + 60);
      await page.mouse.down();
      await page.mouse.move(box.x + before * 0.7, box.y + 60, { steps: 4 });
      await page.mouse.up();
      await until('nothing is marked there', async () => (await titles(SET)).length === 0);
      expect(await page.locator(`#scan-chart ${SET}`).count()).toBe(0);
      expect(await back.isEnabled()).toBe(true);
      await goBack();
      await until('all of it', async () => (await titles(SET)).length === 1);
    }
  });

  test('leave out a curve that was hidden, in other colours and on a new stream too', async () => {
    const hidden = (): Promise<string[]> =>
      page.locator('.charts .u-series.u-off .u-label').allInnerTexts();
    await page.locator('#memory-chart .u-series .u-label', { hasText: 'free' }).click();
    expect(await hidden()).toEqual(['free']);
    const colour = (): Promise<string> =>
      page.locator('body').evaluate((body) => getComputedStyle(body).color);
    const light = await colour();
    await page.emulateMedia({ colorScheme: 'dark' });
    await until('other colours', async () => (await colour()) !== light);
    expect(await hidden()).toEqual(['free']);
    const again = page.waitForRequest('**/v1/map');
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
    await again;
    const second = await page.locator('#memory-chart .u-value').first().innerText();
    await until(
      'one more sample',
      async () => (await page.locator('#memory-chart .u-value').first().innerText()) !== second,
    );
    expect(await hidden()).toEqual(['free']);
    await page.emulateMedia({ colorScheme: 'light' });
  });

  const at = (atMs: number, more: Partial<Sample> = {}): Sample => ({
    ...{ atMs, usedBytes: 1, freeBytes: 1, savedBytes: 1, pagesScanned: 1, fullScans: 1 },
    ...{ merges: 1, breaks: 0, hugePages: 0, splits: 0, scannerCpuMs: 0, kernelCpuMs: 0 },
    ...more,
  });

  /** The page on a daemon that says no more than which samples it has kept, and goes. */
  function openOn(samples: () => readonly Sample[]): Promise<Page> {
    looked.mayFail = true;
    return looked.open(
      {},
      (opened) =>
        opened.route('**/v1/live', (route) =>
          route.fulfill({
            contentType: 'text/event-stream',
            body: `event: history\ndata: ${JSON.stringify(samples())}\n\n`,
          }),
        ),
      '#memory-chart canvas',
    );
  }

  test('show no stretch of a time before the daemon', async () => {
    let samples = Array.from({ length: 500 }, (_, second) => at(second * 1000));
    const other = await openOn(() => samples);
    const over = other.locator('#memory-chart .u-over');
    await over.scrollIntoViewIfNeeded();
    const box = await over.boundingBox();
    if (box === null) throw new Error('there is no chart');
    await other.mouse.move(box.x + box.width * 0.2, box.y + 60);
    await other.mouse.down();
    await other.mouse.move(box.x + box.width * 0.4, box.y + 60, { steps: 4 });
    await other.mouse.up();
    const back = other.getByRole('button', { name: 'Back' });
    expect(await back.isEnabled()).toBe(true);
    samples = [at(0), at(1000)];
    await until('what there is', () => back.isDisabled());
    await other.close();
  });

  test('go back a day', async () => {
    const DAY_MS = 24 * 3600 * 1000;
    const samples = [
      at(0),
      at(DAY_MS / 2, { tunables: { run: 1 } }),
      at(DAY_MS - 1000, { tunables: { pages_to_scan: 300 } }),
      at(DAY_MS),
    ];
    const other = await openOn(() => samples);
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
