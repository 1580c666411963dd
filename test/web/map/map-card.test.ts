/**
 * The map's card in a real browser, on a real daemon, at the widths of phones and of a desk. Left
 * out where there is no Chromium.
 */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumPath, launchChromium } from '../../../tools/load/browser.js';
import { freePort } from '../../../tools/load/free-port.js';
import { DaemonProcess } from '../../daemon-process.js';
import { until } from '../../until.js';
import { violations } from '../axe.js';

const PAGE = 4096;
const RAM = 0x100000000;
const PAGES = 64;
const LONG_NAME = 'web-frontend-of-the-western-region-0001';
const GUESTS = [LONG_NAME, 'database', 'batch'];
const MANY = 300;
const WIDTHS = [320, 390, 1440];
const PHONES = [320, 390];
const chromium = chromiumPath();

describe.skipIf(chromium === undefined)('the map in Chromium', () => {
  let daemon: DaemonProcess;
  let browser: Browser;
  let page: Page;
  const faults: string[] = [];

  beforeAll(async () => {
    const port = await freePort();
    daemon = await DaemonProcess.start(['--run', '0', '--http', `127.0.0.1:${port}`]);
    const { client } = daemon;
    await client.setKsm({ use_zero_pages: 1 });
    for (const [i, guest] of GUESTS.entries()) {
      await client.createGuest(guest);
      await client.map(guest, 'ram', { pages: PAGES });
      // Pages that all have, zeroes, pages of its own, and some that are never written.
      const contents = [
        ...Array.from({ length: 24 }, (_, number) => `common ${number % 2}`),
        ...Array(8).fill('\0'),
        ...Array.from({ length: 16 }, (_, number) => `of ${guest} ${number}`),
      ];
      await client.store(
        guest,
        RAM,
        Buffer.concat(contents.map((content) => Buffer.alloc(PAGE, content))),
      );
      if (i === 2) await client.map(guest, 'unadvised', { pages: 8, mergeable: false });
    }
    for (let i = 0; i < 3; i++) await client.scan(1000);
    await client.store('batch', RAM + 40 * PAGE, Buffer.alloc(4 * PAGE, 'new'));
    await client.scan(1000);
    browser = await launchChromium(chromium ?? '');
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text());
    });
    await page.goto(`http://127.0.0.1:${port}/`);
    await shows(GUESTS.length);
  });
  afterAll(async () => {
    await browser.close();
    expect(await daemon.stop()).toBe(0);
  });

  async function shows(guests: number): Promise<void> {
    await until(
      'all guests',
      async () => (await page.locator('#guests tbody tr').count()) === guests,
    );
    await until(
      'and the pages of the last one',
      async () => (await page.locator('#map canvas').boundingBox()) !== null,
    );
  }

  /** On a screen as wide as that. */
  async function at(width: number): Promise<void> {
    await page.setViewportSize({ width, height: width < 500 ? 700 : 900 });
    await until('the map as wide as its card', () =>
      page.evaluate(() => {
        const [map, sheet] = ['map', 'sheet'].map((id) => document.getElementById(id));
        const room = (map?.clientWidth ?? 0) - 10;
        const taken = sheet?.clientWidth ?? 0;
        return taken <= room && taken > room * 0.85;
      }),
    );
  }

  interface Box {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  }

  async function boxOf(selector: string): Promise<Box> {
    const box = await page.locator(selector).boundingBox();
    if (box === null) throw new Error(`${selector} is not to be seen`);
    return box;
  }

  /** A page's place on the screen: the first block of the map is that of the first guest's ram. */
  async function placeOf(number: number): Promise<{ x: number; y: number }> {
    return page.locator('canvas#pages').evaluate((canvas, wanted) => {
      const { width, height } = canvas as HTMLCanvasElement;
      const pixels = (canvas as HTMLCanvasElement)
        .getContext('2d')
        ?.getImageData(0, 0, width, height);
      const isPage = (x: number, y: number): boolean =>
        pixels?.data[(y * width + x) * 4 + 3] === 255;
      let top = 0;
      while (!isPage(0, top)) top++;
      let columns = 0;
      while (isPage(columns, top)) columns++;
      const rect = canvas.getBoundingClientRect();
      return {
        x: rect.x + (((wanted % columns) + 0.5) * rect.width) / width,
        y: rect.y + ((top + Math.floor(wanted / columns) + 0.5) * rect.height) / height,
      };
    }, number);
  }

  const addressOf = (number: number): string => `0x${(RAM + number * PAGE).toString(16)}`;

  async function explained(number: number): Promise<void> {
    await until('an explanation', async () => {
      const text = await page.locator('#explanation').innerText();
      return text.includes(addressOf(number)) && text.includes('checksum');
    });
  }

  /** Where all is that is not the explanation itself, and how far the page is scrolled. */
  function boxes(): Promise<string[]> {
    return page.evaluate(() => [
      `${window.scrollY} of ${document.documentElement.scrollHeight}`,
      ...[...document.querySelectorAll('main > *, #map-section *')]
        .filter((each) => each.closest('#explanation, #marks') === null)
        .map((each) => {
          const { x, y, width, height } = each.getBoundingClientRect();
          return `${each.tagName} ${each.id}: ${x} ${y} ${width} ${height}`;
        }),
    ]);
  }

  test('nothing moves while page after page of different states is pointed at', async () => {
    await at(1440);
    await page.locator('#map').scrollIntoViewIfNeeded();
    const before = await boxes();
    const states = new Set<string>();
    for (const number of [0, 1, 25, 33, 34, 60, 2]) {
      const { x, y } = await placeOf(number);
      await page.mouse.move(x, y);
      await explained(number);
      states.add(await page.locator('#explanation .state').innerText());
      expect(await boxes()).toEqual(before);
    }
    expect(states.size).toBeGreaterThan(3);
    // Chosen, with its twins listed.
    const { x, y } = await placeOf(0);
    await page.mouse.click(x, y);
    await page.waitForSelector('#explanation .twins li:nth-child(9)');
    expect(await boxes()).toEqual(before);
    await page.keyboard.press('Escape');
  });

  /** Of the card's room, how much lies between the map's first and last pages. */
  function filled(): Promise<{ across: number; down: number; overflows: boolean }> {
    return page.locator('#map').evaluate((map) => {
      const canvas = map.querySelector('canvas') as HTMLCanvasElement;
      const { width, height } = canvas;
      const pixels = canvas.getContext('2d')?.getImageData(0, 0, width, height).data ?? [];
      let [right, bottom] = [0, 0];
      for (let pixel = 0; pixel < width * height; pixel++) {
        if (pixels[pixel * 4 + 3] === 0) continue;
        right = Math.max(right, (pixel % width) + 1);
        bottom = Math.floor(pixel / width) + 1;
      }
      const { clientWidth, clientHeight } = canvas;
      const style = getComputedStyle(map);
      const padding = Number.parseFloat(style.paddingTop) * 2;
      return {
        across: ((right / width) * clientWidth) / (map.clientWidth - padding),
        down: ((bottom / height) * clientHeight) / (map.clientHeight - padding),
        overflows: map.scrollHeight > map.clientHeight || map.scrollWidth > map.clientWidth,
      };
    });
  }

  function fills(): void {
    test.each(WIDTHS)(
      'on a screen %i pixels wide the map fills its card, and no more',
      async (width) => {
        await at(width);
        await page.locator('#larger').click();
        await page.locator('#fit').click();
        const { across, down, overflows } = await filled();
        expect(overflows).toBe(false);
        expect(across).toBeGreaterThan(0.88);
        expect(down).toBeGreaterThan(0.85);
        // The card is as high as it is also where the map is small.
        expect((await boxOf('#map')).height).toBeGreaterThan(300);
      },
    );
  }

  function clean(): void {
    test.each(
      WIDTHS.flatMap((width) =>
        (['light', 'dark'] as const).map((theme) => [width, theme] as const),
      ),
    )(
      'axe finds nothing on a screen %i pixels wide, %s, with a page explained',
      async (width, theme) => {
        await at(width);
        await page.emulateMedia({ colorScheme: theme });
        await page.locator('#map').focus();
        await page.keyboard.press('Home');
        await explained(0);
        expect(await violations(page, '#map-section')).toEqual([]);
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(
          width,
        );
        await page.keyboard.press('Escape');
        await page.emulateMedia({ colorScheme: 'light' });
      },
    );
  }

  describe('with three guests', () => {
    fills();
    clean();

    test.each(PHONES)(
      'on %i pixels a page chosen is explained in a sheet that leaves it in sight',
      async (width) => {
        await at(width);
        const sheet = page.locator('#page');
        expect(await sheet.isHidden()).toBe(true);
        // As low on the screen as it can be: where the sheet will lie.
        await page.evaluate(() => {
          const { bottom } = document.getElementById('map')?.getBoundingClientRect() ?? {
            bottom: 0,
          };
          window.scrollBy({ top: bottom - window.innerHeight });
        });
        for (const [number, away] of [
          [63, () => page.locator('#page').getByRole('button', { name: 'Close' }).click()],
          [1, () => page.keyboard.press('Escape')],
        ] as const) {
          const { x, y } = await placeOf(number);
          await page.mouse.click(x, y);
          await explained(number);
          const mark = await boxOf('.mark.pointed');
          const { y: top, height, width: wide } = await boxOf('#page');
          expect(mark.y + mark.height).toBeLessThanOrEqual(top);
          expect(mark.y).toBeGreaterThanOrEqual(0);
          expect([top + height, wide]).toEqual([700, width]);
          await away();
          expect(await sheet.isHidden()).toBe(true);
          expect(await page.locator('#map').evaluate((map) => map === document.activeElement)).toBe(
            true,
          );
        }
      },
    );

    test.each(PHONES)('on %i pixels a long name is shortened in its middle', async (width) => {
      await at(width);
      const label = page.locator('#labels .guest').first();
      expect(await label.innerText()).toMatch(/^web.*…[^…]*01$/);
      expect(
        await label.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth),
      ).toBe(0);
    });

    test.each(WIDTHS)('on %i pixels the legend wraps within its card', async (width) => {
      await at(width);
      const { x, width: wide } = await boxOf('#map-section');
      const items = await page.locator('#legend li').all();
      expect(items.length).toBeGreaterThan(8);
      for (const item of items) {
        const box = await item.boundingBox();
        expect(box?.x).toBeGreaterThanOrEqual(x);
        expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(x + wide);
        expect(box?.height).toBeLessThan(40);
      }
    });

    test('the legend is one stop of the keyboard, and says what each colour is', async () => {
      await at(1440);
      const focused = (): Promise<string> =>
        page.evaluate(() => document.activeElement?.querySelector('.label')?.textContent ?? '');
      const told = (): Promise<string> => page.locator('#legend-told').innerText();
      await page.locator('#larger').focus();
      await page.keyboard.press('Tab');
      expect(await focused()).toBe('shared');
      expect(await told()).toBe('shared: merged: it maps a KSM page');
      await page.keyboard.press('ArrowRight');
      expect(await focused()).toBe('zero');
      await page.keyboard.press('End');
      expect(await focused()).toBe('untouched');
      await page.keyboard.press('Enter');
      const pressed = page.locator('#legend button[aria-pressed="true"]');
      expect(await pressed.locator('.label').allInnerTexts()).toEqual(['untouched']);
      await page.keyboard.press('ArrowRight');
      expect(await focused()).toBe('shared');
      await page.keyboard.press('Tab');
      expect(await page.evaluate(() => document.activeElement?.id)).toBe('map');
      expect(await told()).toMatch(/^untouched: /);
      await page.keyboard.press('Shift+Tab');
      await page.keyboard.press('Escape');
      expect(await pressed.count()).toBe(0);
    });
  });

  describe('with 300 guests', () => {
    beforeAll(async () => {
      const { client } = daemon;
      for (let number = GUESTS.length; number < MANY; number++) {
        const guest = `guest-${number}`;
        await client.createGuest(guest);
        await client.map(guest, 'ram', { pages: PAGES });
        await client.store(guest, RAM, Buffer.alloc(4 * PAGE, 'common 0'));
      }
      await client.scan(3000);
      await shows(MANY);
    });
    fills();
    clean();
  });

  test('nothing has gone wrong in the page', () => {
    expect(faults).toEqual([]);
  });
});
