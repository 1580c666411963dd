/** The verdict, first on the page: what `ksmd status` begins with, word for word. */
import { isDeepStrictEqual } from 'node:util';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verdictOf } from '../../src/wording/verdict.js';
import { until } from '../until.js';
import { chromium, LookedAt } from './looked-at.js';

describe.skipIf(chromium === undefined)('the verdict on the dashboard', () => {
  let looked: LookedAt;
  let page: Page;

  beforeAll(async () => {
    looked = await LookedAt.start(['--run', '0', '--memory', '64MiB', '--set', 'smart_scan=0']);
    page = await looked.open();
  });
  afterAll(async () => {
    expect(await looked.stop()).toBe(0);
  });

  const rowsShown = async (): Promise<string[][]> => {
    const rows = await page
      .locator('#verdict dl > div')
      .evaluateAll((all) =>
        all.map((row) => [...row.children].map((cell) => cell.textContent ?? '')),
      );
    return rows.map((row) => row.map((cell) => still(cell.replaceAll('\u00a0', ' '))));
  };

  /** What the scanner's thread takes here goes on a little, with nothing to scan. */
  const still = (text: string): string => text.replace(/\(\S+ \S+ here\)/, '(… here)');

  async function rowsTold(): Promise<string[][]> {
    const { client } = looked.daemon;
    const { saved, cost, unmerged } = verdictOf({
      status: await client.status(),
      report: await client.report(),
      unmerged: await client.unmerged(),
      guests: await client.guests(),
    });
    return [...saved, ...cost, ...unmerged].map(([name, text]) => [name.trim(), still(text)]);
  }

  test('is the first thing on it, and without guests says that nothing is saved', async () => {
    expect(await page.locator('main > *').first().getAttribute('id')).toBe('verdict');
    await until('a verdict', async () => (await rowsShown()).length > 0);
    expect(await rowsShown()).toEqual([['saved', 'nothing yet']]);
    expect(await page.locator('#verdict-told').innerText()).toMatch(/^as of \d\d:\d\d:\d\d$/);
  });

  test('with the scanner stopped says what would merge, and what it waits for', async () => {
    await looked.addGuests(['vm1', 'vm2'], 32);
    await until('what waits', async () =>
      (await rowsShown()).some(([, text]) => text?.includes('run=1 lets it go on')),
    );
    await until('all of it', async () => isDeepStrictEqual(await rowsShown(), await rowsTold()));
  });

  test('takes no more room on a wide screen for having been on a narrow one', async () => {
    const heightPx = (): Promise<number> =>
      page.locator('#verdict').evaluate((tile) => (tile as HTMLElement).offsetHeight);
    const wide = await heightPx();
    await page.setViewportSize({ width: 320, height: 900 });
    await until('a higher tile', async () => (await heightPx()) > wide);
    // Where it is told anew it keeps the room that it takes.
    const asOf = page.locator('#verdict-told');
    const before = await asOf.innerText();
    await looked.daemon.client.setKsm({ pages_to_scan: 101 });
    await until('another verdict', async () => (await asOf.innerText()) !== before);
    await page.setViewportSize({ width: 1280, height: 900 });
    await until('the tile as it was', async () => (await heightPx()) === wide);
  });

  test('says what is saved, of it zeroes, and what it costs, as ksmd status does', async () => {
    for (let scan = 0; scan < 3; scan++) await looked.daemon.client.scan(1000);
    await until('all of it', async () => isDeepStrictEqual(await rowsShown(), await rowsTold()));
    const shown = await rowsShown();
    expect(shown.map(([name]) => name)).toEqual(
      expect.arrayContaining(['saved', 'zeroes', 'between', 'by guest', 'cost', 'to merge']),
    );
    // On a narrow screen too a number stands with its unit.
    expect(await page.locator('#verdict-spared dd').first().textContent()).toContain('\u00a0KiB');
    const { stdout } = await looked.daemon.ksmd('status');
    for (const [name, text] of shown.slice(0, 3))
      expect(stdout.replace(/\n {6,}/g, ' ')).toMatch(new RegExp(`^ *${name} +${text}$`, 'm'));
    expect(looked.faults).toEqual([]);
  });
});
