/** Counters and tunables on the dashboard: what they are, and which are not at the default. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { COUNTERS } from '../../src/ksm/records/counter-records.js';
import { TUNABLES } from '../../src/ksm/records/tunable-records.js';
import { until } from '../until.js';
import { chromium, LookedAt } from './looked-at.js';

describe.skipIf(chromium === undefined)('counters and tunables on the dashboard', () => {
  let looked: LookedAt;
  let page: Page;

  beforeAll(async () => {
    looked = await LookedAt.start(['--run', '0', '--memory', '64MiB']);
    page = await looked.open();
    await page.waitForSelector('#tunables tr');
  });
  afterAll(async () => {
    expect(await looked.stop()).toBe(0);
  });

  const row = (name: string) =>
    page.getByRole('row').filter({ has: page.getByText(name, { exact: true }) });
  const value = (name: string): Promise<string> => row(name).locator('td').innerText();

  test.each(
    Object.entries<{ help: string; unit: string | undefined }>({ ...COUNTERS, ...TUNABLES }),
  )('%s is told what it is, and in what, by its record', async (name, { help, unit = '' }) => {
    expect(await row(name).locator('th').textContent()).toBe(`${name}${help}`);
    expect((await row(name).locator('.unit').textContent())?.trim()).toBe(unit);
  });

  const weightOf = (name: string): Promise<number> =>
    row(name)
      .locator('.amount')
      .evaluate((cell) => Number(getComputedStyle(cell).fontWeight));

  test('what is not the default is bold, and the default is told to all', async () => {
    expect(await value('pages_to_scan')).toBe('100 pages');
    expect(await weightOf('pages_to_scan')).toBe(400);
    await looked.daemon.client.setKsm({ pages_to_scan: 700, advisor_max_cpu: 60 });
    await until('the new value', async () => (await value('pages_to_scan')).startsWith('700'));
    expect(await value('pages_to_scan')).toMatch(/^700 pages\s+default: 100$/);
    expect(await weightOf('pages_to_scan')).toBe(700);
    await looked.daemon.client.setKsm({ pages_to_scan: 100, pace: 'kernel' });
    await until('the default', async () => (await value('pages_to_scan')) === '100 pages');
    expect(await weightOf('pages_to_scan')).toBe(400);
    expect(await value('pace')).toMatch(/^kernel\s+default: own$/);
    expect(looked.faults).toEqual([]);
  });
});
