/** Nothing on the dashboard jumps: what comes finds its room reserved. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../until.js';
import { violations } from './axe.js';
import { chromium, LookedAt } from './looked-at.js';

/** Chrome's own measure of what moves: below 0.1 it calls a page good. */
const HARDLY_ANYTHING = 0.015;

interface Shift {
  readonly value: number;
  readonly moved: string;
}

async function observeShifts(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const shifts: Shift[] = [];
    Object.assign(globalThis, { shifts });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        const { value, sources } = entry as unknown as {
          value: number;
          sources: { node: Element | null }[];
        };
        shifts.push({ value, moved: sources.map(({ node }) => node?.id ?? '').join() });
      }
    }).observe({ type: 'layout-shift', buffered: true });
  });
}

const shiftsOf = (page: Page): Promise<Shift[]> =>
  page.evaluate(() => (globalThis as unknown as { shifts: Shift[] }).shifts);

describe.skipIf(chromium === undefined)('nothing jumps on the dashboard', () => {
  let looked: LookedAt;
  beforeAll(async () => {
    looked = await LookedAt.start(['--memory', '64MiB']);
    await looked.addGuests(['vm1', 'vm2', 'production-web-frontend-eu-central-1-node-2'], 512);
  });
  afterAll(async () => {
    expect(await looked.stop()).toBe(0);
  });

  test.each([320, 390, 1440])('%i pixels wide, as values come and change', async (width) => {
    const page = await looked.open({ viewport: { width, height: 900 } }, observeShifts);
    await until('a verdict', async () => (await page.locator('#verdict dd').count()) > 0);
    const at = (): Promise<string> => page.locator('#memory-chart .u-value').first().innerText();
    for (let sample = 0; sample < 3; sample++) {
      const before = await at();
      await until('one more sample', async () => (await at()) !== before);
    }
    const shifts = await shiftsOf(page);
    const sum = shifts.reduce((all, { value }) => all + value, 0);
    expect(sum, JSON.stringify(shifts)).toBeLessThan(HARDLY_ANYTHING);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    expect(await violations(page)).toEqual([]);
    await page.close();
  });
});
