/**
 * The map's card in a real browser, on a real daemon, at the widths of phones and of a desk. Left
 * out where there is no Chromium.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { violations } from '../axe.js';
import { chromium } from '../looked-at.js';
import { GUESTS, MapPage, PAGES } from './map-page.js';

const MANY = 300;
const WIDTHS = [320, 390, 1440];
const PHONES = [320, 390];

describe.skipIf(chromium === undefined)('the map in Chromium', () => {
  let map: MapPage;
  let page: MapPage['page'];

  beforeAll(async () => {
    map = await MapPage.open();
    ({ page } = map);
    await map.write('batch', 40, ['new', 'new', 'new']);
    await map.daemon.client.scan(1000);
  });
  afterAll(async () => {
    expect(await map.close()).toBe(0);
  });

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
    await map.at(1440);
    await page.locator('#map').scrollIntoViewIfNeeded();
    const before = await boxes();
    const states = new Set<string>();
    for (const number of [0, 1, 25, 33, 34, 60, 2]) {
      const { x, y } = await map.pageOf(number);
      await page.mouse.move(x, y);
      await map.explained(number);
      states.add(await page.locator('#explanation .state').innerText());
      expect(await boxes()).toEqual(before);
    }
    expect(states.size).toBeGreaterThan(3);
    // Chosen, with its twins listed.
    const { x, y } = await map.pageOf(0);
    await page.mouse.click(x, y);
    await page.waitForSelector('#explanation .twins li:nth-child(9)');
    expect(await boxes()).toEqual(before);
    await page.keyboard.press('Escape');
  });

  /** Of the card's room, how much lies between the map's first and last pages. */
  function filled(): Promise<{ across: number; down: number; overflows: boolean }> {
    return page.locator('#map').evaluate((card) => {
      const canvas = card.querySelector('canvas') as HTMLCanvasElement;
      const { width, height } = canvas;
      const pixels = canvas.getContext('2d')?.getImageData(0, 0, width, height).data ?? [];
      let [right, bottom] = [0, 0];
      for (let pixel = 0; pixel < width * height; pixel++) {
        if (pixels[pixel * 4 + 3] === 0) continue;
        right = Math.max(right, (pixel % width) + 1);
        bottom = Math.floor(pixel / width) + 1;
      }
      const { clientWidth, clientHeight } = canvas;
      const style = getComputedStyle(card);
      const padding = Number.parseFloat(style.paddingTop) * 2;
      return {
        across: ((right / width) * clientWidth) / (card.clientWidth - padding),
        down: ((bottom / height) * clientHeight) / (card.clientHeight - padding),
        overflows: card.scrollHeight > card.clientHeight || card.scrollWidth > card.clientWidth,
      };
    });
  }

  function fills(): void {
    test.each(WIDTHS)(
      'on a screen %i pixels wide the map fills its card, and no more',
      async (width) => {
        await map.at(width);
        await page.locator('#larger').click();
        await page.locator('#fit').click();
        const { across, down, overflows } = await filled();
        expect(overflows).toBe(false);
        expect(across).toBeGreaterThan(0.88);
        expect(down).toBeGreaterThan(0.85);
        // The card is as high as it is also where the map is small.
        expect((await map.boxOf('#map')).height).toBeGreaterThan(300);
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
        await map.at(width);
        await page.emulateMedia({ colorScheme: theme });
        await page.locator('#map').focus();
        await page.keyboard.press('Home');
        await map.explained(0);
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
        await map.at(width);
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
          const { x, y } = await map.pageOf(number);
          await page.mouse.click(x, y);
          await map.explained(number);
          const mark = await map.boxOf('.mark.pointed');
          const { y: top, height, width: wide } = await map.boxOf('#page');
          expect(mark.y + mark.height).toBeLessThanOrEqual(top);
          expect(mark.y).toBeGreaterThanOrEqual(0);
          expect([top + height, wide]).toEqual([700, width]);
          await away();
          expect(await sheet.isHidden()).toBe(true);
          expect(
            await page.locator('#map').evaluate((card) => card === document.activeElement),
          ).toBe(true);
        }
      },
    );

    test('Escape sends the sheet away from the map and the sheet, and is left to all else', async () => {
      await map.at(390);
      const { x, y } = await map.pageOf(1);
      await page.mouse.click(x, y);
      await map.explained(1);
      const [sheet, search] = [page.locator('#page'), page.locator('#guest-search')];
      await search.press('Escape');
      expect(await sheet.isVisible()).toBe(true);
      expect(await search.evaluate((at) => at === document.activeElement)).toBe(true);
      await page.locator('#explanation').press('Escape');
      expect(await sheet.isHidden()).toBe(true);
    });

    test.each(PHONES)('on %i pixels a long name is shortened in its middle', async (width) => {
      await map.at(width);
      const label = page.locator('#labels .guest').first();
      expect(await label.innerText()).toMatch(/^web.*…[^…]*01$/);
      expect(
        await label.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth),
      ).toBe(0);
    });

    test.each(WIDTHS)('on %i pixels the legend wraps within its card', async (width) => {
      await map.at(width);
      const { x, width: wide } = await map.boxOf('#map-section');
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
      await map.at(1440);
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
      const { client } = map.daemon;
      for (let number = GUESTS.length; number < MANY; number++) {
        const guest = `guest-${number}`;
        await client.createGuest(guest);
        await client.map(guest, 'ram', { pages: PAGES });
        await map.write(guest, 0, Array<string>(4).fill('common 0'));
      }
      await client.scan(3000);
      await map.shows(MANY);
    });
    fills();
    clean();
  });

  test('nothing has gone wrong in the page', () => {
    // Who shares with whom is asked again later where it was asked for while guests came.
    const isAskedAgain = (fault: string): boolean => /409.*\/v1\/shared/.test(fault);
    expect(map.faults.filter((fault) => !isAskedAgain(fault))).toEqual([]);
  });
});
