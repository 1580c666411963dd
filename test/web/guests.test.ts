/** The table of guests on the dashboard, with three of them and with three hundred. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../until.js';
import { violations } from './axe.js';
import { chromium, LookedAt, PAGE } from './looked-at.js';

const LONG = 'production-web-frontend-eu-central-1-node-2';

describe.skipIf(chromium === undefined)('the table of guests on the dashboard', () => {
  let looked: LookedAt;
  let page: Page;

  beforeAll(async () => {
    looked = await LookedAt.start(['--run', '0', '--memory', '64MiB']);
    await looked.addGuests(['vm10'], 256);
    await looked.addGuests(['vm2'], 512);
    await looked.addGuests([LONG], 1024);
    page = await looked.open();
    await page.waitForSelector('#guests tbody tr:nth-child(3)');
  });
  afterAll(async () => {
    expect(await looked.stop()).toBe(0);
  });

  const names = (of = page): Promise<string[]> => of.locator('#guests tbody th').allTextContents();
  const head = (name: string, of = page) => of.getByRole('columnheader', { name });
  const sort = (name: string): Promise<void> => head(name).getByRole('button').click();

  test('is sorted by a head that is a button, and says which it is by', async () => {
    expect(await names()).toEqual(['vm10', 'vm2', LONG]);
    await sort('guest');
    expect(await names()).toEqual([LONG, 'vm2', 'vm10']);
    expect(await head('guest').getAttribute('aria-sort')).toBe('ascending');
    await sort('size');
    expect(await names()).toEqual([LONG, 'vm2', 'vm10']);
    expect(await head('size').getAttribute('aria-sort')).toBe('descending');
    expect(await head('guest').getAttribute('aria-sort')).toBeNull();
    await head('size').getByRole('button').press('Enter');
    expect(await names()).toEqual(['vm10', 'vm2', LONG]);
    expect(await head('size').getAttribute('aria-sort')).toBe('ascending');
  });

  test('keeps its order as numbers change, but moves no row under the pointer', async () => {
    await sort('present');
    expect(await names()).toEqual([LONG, 'vm2', 'vm10']);
    await page.locator('#guests tbody').hover();
    const present = (name: string): Promise<string> =>
      page.locator('#guests tbody tr', { hasText: name }).locator('td').nth(2).innerText();
    await looked.daemon.client.madvise(LONG, 'dontneed', { region: 'ram' });
    await until('the new number', async () => (await present(LONG)) === '0.0');
    await looked.addGuests(['aaa'], 2);
    await until('a guest that comes', async () => (await names()).includes('aaa'));
    expect(await names()).toEqual([LONG, 'vm2', 'vm10', 'aaa']);
    await page.locator('h1').hover();
    const inOrder = ['vm2', 'vm10', 'aaa', LONG].join();
    await until('the new order', async () => (await names()).join() === inOrder);
    await page.locator('#guests tbody').getByRole('button', { name: 'aaa' }).focus();
    await looked.daemon.client.madvise('vm2', 'dontneed', { region: 'ram' });
    await until('the next number', async () => (await present('vm2')) === '0.0');
    expect((await names()).join()).toBe(inOrder);
    await page.locator('#guest-search').focus();
    await until('the order of now', async () => (await names())[0] === 'vm10');
    await looked.daemon.client.removeGuest('aaa');
    await until('the others', async () => (await names()).length === 3);
    const bytes = Buffer.alloc(512 * PAGE, 'there again');
    await looked.daemon.client.store('vm2', 0x100000000, bytes);
    await until('what was there', async () => (await present('vm2')) === '2.0');
  });

  test.each([
    ['the pointer is', 'hover'],
    ['the focus is', 'focus'],
  ] as const)(
    'marks the row of a guest that goes while %s on it, and moves nothing',
    async (_what, act) => {
      await looked.addGuests(['aaa', 'going'], 2);
      await until('both', async () => (await names()).length === 5);
      await sort('guest');
      const row = (name: string) => page.locator('#guests tbody tr', { hasText: name });
      const tops = (): Promise<number[]> =>
        page
          .locator('#guests tbody tr')
          .evaluateAll((rows) => rows.map((each) => each.getBoundingClientRect().top));
      await row('vm2').getByRole('button')[act]();
      const [before, order] = [await tops(), await names()];
      await looked.daemon.client.removeGuest('going');
      const gone = page.getByRole('button', { name: 'going, gone' });
      await gone.waitFor();
      expect(await page.locator('#guest-count').innerText()).toBe('4');
      expect(await gone.getAttribute('aria-disabled')).toBe('true');
      expect(await row('going').getAttribute('data-gone')).toBe('');
      expect(await row('aaa').getAttribute('data-gone')).toBeNull();
      expect(await tops()).toEqual(before);
      expect(await names()).toEqual(order);
      await looked.addGuests(['going'], 2);
      await until('one of its name', async () => (await names()).length === 6);
      expect((await names()).slice(0, 5)).toEqual(order);
      expect(await violations(page, '#guests-section')).toEqual([]);
      await (act === 'hover' ? page.locator('h1').hover() : page.locator('#guest-search').focus());
      await until('what there is', async () => (await names()).length === 5);
      expect(await page.locator('[data-gone]').count()).toBe(0);
      for (const name of ['aaa', 'going']) await looked.daemon.client.removeGuest(name);
      await until('the others', async () => (await names()).length === 3);
    },
  );

  test('has memory in MiB, and a bar for its share of the guest', async () => {
    const row = page.locator('#guests tbody tr', { hasText: 'vm2' });
    expect((await row.locator('td').allInnerTexts()).slice(1, 3)).toEqual(['2.0', '2.0']);
    const widths = await row
      .locator('td .share')
      .evaluateAll((bars) => bars.map((bar) => (bar as HTMLElement).style.inlineSize));
    expect(widths).toEqual(['100%', '0%', '0%', '0%']);
    expect(await row.locator('td').nth(2).locator('span').getAttribute('title')).toBe(
      '512 pages, 100.0 % of the guest’s size',
    );
  });

  test.each([390, 1200, 1440])('has every head whole, %i pixels wide', async (width) => {
    const other = await looked.open({ viewport: { width, height: 800 } });
    await other.waitForSelector('#guests tbody tr');
    const cut = await other.locator('#guests thead th').evaluateAll((heads) =>
      heads.flatMap((head) => {
        const text = document.createRange();
        text.selectNodeContents(head);
        const [inside, around] = [text.getBoundingClientRect(), head.getBoundingClientRect()];
        const isWithin = inside.left >= around.left - 1 && inside.right <= around.right + 1;
        return isWithin ? [] : [head.textContent];
      }),
    );
    expect(cut).toEqual([]);
    await other.close();
  });

  test('shows those whose names have what is searched for', async () => {
    const search = page.getByRole('searchbox', { name: 'Search guests by name' });
    await search.fill('VM');
    expect((await names()).sort()).toEqual(['vm10', 'vm2']);
    expect(await page.locator('#guest-count').innerText()).toBe('2 of 3');
    await search.fill('nobody');
    expect(await names()).toEqual([]);
    expect(await page.locator('#no-guest').isVisible()).toBe(true);
    await search.fill('');
    expect((await names()).length).toBe(3);
  });

  describe('with three hundred guests', () => {
    beforeAll(async () => {
      const more = Array.from({ length: 297 }, (_, at) => `tenant-${at}-of-a-long-name-${at}`);
      await looked.addGuests(more, 2);
    });

    test.each([
      [320, 'light'],
      [390, 'dark'],
      [1440, 'light'],
    ] as const)(
      '%i pixels wide and %s, all can be reached, and axe finds nothing on the whole page',
      async (width, colorScheme) => {
        const other = await looked.open({ viewport: { width, height: 800 }, colorScheme });
        await other.waitForSelector('#guests tbody tr:nth-child(300)');
        await other.waitForSelector('#verdict dd');
        await other.locator('#sharing-section').scrollIntoViewIfNeeded();
        await other.waitForSelector('#heat-map canvas');
        expect(await violations(other)).toEqual([]);
        expect(await other.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
        await other.getByRole('searchbox', { name: 'Search guests by name' }).fill('-296-');
        expect(await names(other)).toEqual(['tenant-296-of-a-long-name-296']);
        const name = other.getByRole('button', {
          name: 'tenant-296-of-a-long-name-296',
          exact: true,
        });
        expect(await name.getAttribute('title')).toBe('tenant-296-of-a-long-name-296');
        // The end of a name is seen, however little room there is.
        const [cell, end] = [
          other.locator('#guests tbody th'),
          name.locator('.name > span').last(),
        ];
        const [around, inside] = [await cell.boundingBox(), await end.boundingBox()];
        if (around === null || inside === null) throw new Error('the name is not shown');
        expect(inside.x + inside.width).toBeLessThanOrEqual(around.x + around.width);
        await other.close();
      },
    );

    test('rows stay the elements that they were as guests change', async () => {
      await page.waitForSelector('#guests tbody tr:nth-child(300)');
      const row = await page.locator('#guests tbody tr', { hasText: 'vm2' }).elementHandle();
      await looked.daemon.client.map('vm2', 'more', { pages: 256 });
      await until('another size', async () =>
        (await row?.evaluate((shown) => shown.textContent))?.includes('3.0'),
      );
      expect(await row?.evaluate((shown) => shown.isConnected)).toBe(true);
      expect(looked.faults).toEqual([]);
    });
  });
});
