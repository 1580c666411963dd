/**
 * The dashboard in a real browser, on a real daemon. Left out, with a word about it, where there is
 * no Chromium.
 */
import { writeFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { STATE_LOOKS } from '../../src/web/map/page-states.js';
import { DaemonProcess, TemporaryDirectory } from '../daemon-process.js';
import { until } from '../until.js';
import { violations } from './axe.js';
import { chromium, LookedAt, PAGE } from './looked-at.js';

describe.skipIf(chromium === undefined)('the dashboard in Chromium', () => {
  let looked: LookedAt;
  let page: Page;
  const sysfs = new TemporaryDirectory();

  beforeAll(async () => {
    looked = await LookedAt.start(['--run', '0', '--sysfs', sysfs.file('sys')]);
    page = await looked.open();
  });
  afterAll(async () => {
    expect(await looked.stop()).toBe(0);
    sysfs.remove();
  });

  const textOf = (selector: string): Promise<string> => page.locator(selector).innerText();

  /** The colour of a page's pixel, by its guest's place in the first row of the map. */
  async function colourAt(x: number, y: number): Promise<string> {
    return page.locator('canvas#pages').evaluate(
      (canvas, [column, row]) => {
        const [red, green, blue] =
          (canvas as HTMLCanvasElement).getContext('2d')?.getImageData(column ?? 0, row ?? 0, 1, 1)
            .data ?? [];
        const digits = [red, green, blue].map((value) =>
          (value ?? 0).toString(16).padStart(2, '0'),
        );
        return `#${digits.join('')}`;
      },
      [x, y],
    );
  }

  /** Where on the map a guest's first page is, in pixels of the canvas and of the map. */
  async function firstPageOf(
    guest: string,
  ): Promise<{ x: number; y: number; left: number; top: number }> {
    await page.getByRole('button', { name: guest, exact: true }).click();
    const mark = await page.locator('.mark.pointed').boundingBox();
    const sheet = await page.locator('#sheet').boundingBox();
    const cell = await page
      .locator('canvas#pages')
      .evaluate(
        (canvas) => (canvas as HTMLCanvasElement).clientWidth / (canvas as HTMLCanvasElement).width,
      );
    if (mark === null || sheet === null) throw new Error(`${guest} is not on the map`);
    const left = mark.x + mark.width / 2;
    const top = mark.y + mark.height / 2;
    return {
      x: Math.floor((left - sheet.x) / cell),
      y: Math.floor((top - sheet.y) / cell),
      left,
      top,
    };
  }

  test('an empty daemon says how to begin, and guests appear as they come', async () => {
    await page.waitForSelector('#empty:not([hidden])');
    for (const guest of ['vm1', 'vm2', '<img src=x>'.replace(/[^a-z]/g, '_')]) {
      await looked.daemon.client.createGuest(guest);
      await looked.daemon.client.map(guest, 'ram', { pages: 64 });
    }
    await until('three guests', async () => (await page.locator('#guests tbody tr').count()) === 3);
    // A guest is in the table from its beginning, on the map when it has memory.
    await until(
      'and their names on the map',
      async () =>
        (await page.locator('#labels .guest').allInnerTexts()).join() === 'vm1,vm2,_img_src_x_',
    );
    expect(await page.locator('#empty').isHidden()).toBe(true);
  });

  test('pages change their colour on the map as they are written and merged', async () => {
    const { x, y } = await firstPageOf('vm1');
    expect(await colourAt(x, y)).toBe(STATE_LOOKS.untouched.light);
    for (const guest of ['vm1', 'vm2']) {
      const bytes = Buffer.concat(
        Array.from({ length: 32 }, (_, number) => Buffer.alloc(PAGE, number + 1)),
      );
      await looked.daemon.client.store(guest, 0x100000000, bytes);
    }
    await until('a waiting page', async () => (await colourAt(x, y)) === STATE_LOOKS.waiting.light);
    for (let i = 0; i < 3; i++) await looked.daemon.client.scan(1000);
    await until('a shared page', async () => (await colourAt(x, y)) === STATE_LOOKS.shared.light);
    await until(
      'the legend says so',
      async () => (await textOf('#legend li:first-child .count')) === '64',
    );
  });

  test('a page is explained to who points at it, and to who comes by keyboard, aloud', async () => {
    const { left, top } = await firstPageOf('vm2');
    await page.keyboard.press('Escape');
    await page.mouse.move(left + 1, top + 1);
    await until('an explanation', async () =>
      (await textOf('#explanation')).includes(
        'It maps a KSM page; 1 other page has the same content.',
      ),
    );
    await page.locator('#map').focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    await until('the next page is read out', async () => {
      const spoken = await page.locator('#spoken').textContent();
      return spoken?.startsWith('vm2, ram, 0x100001000: shared. It maps a KSM page') === true;
    });
    await page.keyboard.press('PageUp');
    await until('the guest before', async () =>
      (await textOf('#explanation h3')).startsWith('vm1 ram 0x100000000'),
    );
    await page.keyboard.press('End');
    await until('the last page', async () =>
      (await textOf('#explanation h3')).startsWith('vm1 ram 0x10003f000'),
    );
    expect(await textOf('#explanation .state')).toBe('untouched');
  });

  test('the twins of a shared page light up, the others fade', async () => {
    const first = await firstPageOf('vm1');
    const second = await firstPageOf('vm2');
    await page.mouse.click(first.left, first.top);
    await until('two pages are lit', async () => (await page.locator('.mark.twin').count()) === 2);
    const places = await page.locator('.mark.twin').evaluateAll((marks) =>
      marks.map((mark) => {
        const { left, top, width, height } = mark.getBoundingClientRect();
        return [left + width / 2, top + height / 2];
      }),
    );
    expect(places.sort()).toEqual(
      [
        [first.left, first.top],
        [second.left, second.top],
      ].sort(),
    );
    expect(await colourAt(first.x, first.y)).not.toBe(STATE_LOOKS.shared.light);
    await page.keyboard.press('Escape');
    await until(
      'all as it was',
      async () => (await colourAt(first.x, first.y)) === STATE_LOOKS.shared.light,
    );
    expect(await page.locator('.mark.twin').count()).toBe(0);
  });

  test('a state of the legend stands out by itself', async () => {
    const { x, y } = await firstPageOf('vm1');
    const choose = page.locator('#legend button', { hasText: 'untouched' });
    await choose.click();
    await until(
      'shared pages fade',
      async () => (await colourAt(x, y)) !== STATE_LOOKS.shared.light,
    );
    expect(await choose.getAttribute('aria-pressed')).toBe('true');
    await choose.click();
    await until('and come back', async () => (await colourAt(x, y)) === STATE_LOOKS.shared.light);
  });

  test.each([
    [
      'with ksmd set',
      777,
      async (value: number) =>
        expect((await looked.daemon.ksmd('set', `pages_to_scan=${value}`)).status).toBe(0),
    ],
    [
      'in the kernel’s file',
      888,
      async (value: number) =>
        writeFileSync(sysfs.file('sys/kernel/mm/ksm/pages_to_scan'), `${value}\n`),
    ],
  ])('a tunable that is set %s is on the page soon after', async (_where, value, set) => {
    await set(value);
    await until(
      'the new value',
      async () =>
        (await page
          .locator('#tunables tr', { hasText: 'pages_to_scan' })
          .first()
          .locator('.amount')
          .innerText()) === String(value),
    );
  });

  test('who shares with whom is told once it is looked at, and anew when that is asked for', async () => {
    const section = page.locator('#sharing-section');
    await section.scrollIntoViewIfNeeded();
    await until('a word about all of them', async () =>
      (await textOf('#sharing-told')).startsWith('3 guests: 128 KiB could be saved between them'),
    );
    await section.getByRole('application').focus();
    await page.keyboard.press('ArrowRight');
    expect(await textOf('#heat-map .heat-said')).toMatch(
      /^vm1 and vm2: 128 KiB in common, 100\.0 %/,
    );
    await looked.daemon.client.madvise('vm2', 'dontneed', { region: 'ram' });
    await section.getByRole('button', { name: 'Look again' }).click();
    await until('nothing is left', async () =>
      (await textOf('#sharing-told')).startsWith('3 guests: 0 B could be saved'),
    );
  });

  test.each(['light', 'dark'] as const)('axe finds nothing on a %s page', async (colorScheme) => {
    const other = await looked.open({ colorScheme });
    await other.waitForSelector('#guests tbody tr');
    await other.getByRole('button', { name: 'vm1', exact: true }).click();
    await other.waitForSelector('#explanation .facts');
    await other.locator('#sharing-section').scrollIntoViewIfNeeded();
    await other.waitForSelector('#heat-map canvas');
    expect(await violations(other)).toEqual([]);
    await other.close();
  });

  test('a page 360 pixels wide needs no scrolling sideways', async () => {
    const narrow = await looked.open({ viewport: { width: 360, height: 780 } });
    await narrow.waitForSelector('#guests tbody tr');
    await narrow.locator('#sharing-section').scrollIntoViewIfNeeded();
    await narrow.waitForSelector('#heat-map canvas');
    expect(await narrow.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(
      360,
    );
    await narrow.close();
  });

  test('nothing has gone wrong in the page, and it has asked nobody but the daemon', () => {
    expect(looked.faults).toEqual([]);
  });

  test('a daemon that goes is missed, and found again', async () => {
    looked.mayFail = true;
    await looked.daemon.stop();
    await until('the page says so', async () =>
      (await textOf('#notice')).startsWith('The daemon does not answer'),
    );
    looked.daemon = await DaemonProcess.start(['--http', `127.0.0.1:${looked.port}`]);
    await looked.daemon.client.createGuest('another');
    await looked.daemon.client.map('another', 'ram', { pages: 8 });
    await until(
      'the page is live again',
      async () =>
        (await page.locator('#notice').isHidden()) && (await textOf('#scanner')) === 'scanning',
    );
    await until(
      'and shows what there is now',
      async () => (await page.locator('#labels .guest').allInnerTexts()).join() === 'another',
    );
  });
});
