/**
 * The page that says who shares with whom, in a real browser, from its file. Left out, with a word
 * about it, where there is no Chromium.
 */
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sharedPage } from '../../../src/cli/commands/foresee/page/shared-page.js';
import { sharedScreen } from '../../../src/cli/commands/foresee/shared-screen.js';
import type { SharedTold } from '../../../src/cli/commands/foresee/shared-told.js';
import { chromiumPath, launchChromium } from '../../../tools/load/browser.js';
import { TemporaryDirectory } from '../../daemon-process.js';
import { until } from '../../until.js';
import { violations } from '../axe.js';

const chromium = chromiumPath();
if (chromium === undefined)
  console.warn(
    'The page of who shares with whom is not tested in a browser: there is no chromium on this ' +
      'machine (apt-get install chromium).',
  );
const HOSTILE = '</script><img src=x onerror=alert(1)>';
const MIB_PAGES = 256;
const NONE = { pages: 0, error: 0 };

/** Guests by groups of so many, of which each two have 100 MiB in common; others nothing. */
function told(guests: number, groupSize: number, nameOf = (at: number) => `vm-${at}`): SharedTold {
  const groupOf = (at: number): number => Math.floor(at / groupSize);
  const all = Array.from({ length: guests }, (_, at) => at);
  const pairs = all.flatMap((a) =>
    all.slice(a + 1).flatMap((b) => {
      const pages = 100 * MIB_PAGES;
      return groupOf(a) === groupOf(b) ? [{ a, b, pages, error: 0 }] : [];
    }),
  );
  return {
    hosts: ['here'],
    pageSize: 4096,
    sample: 1,
    unadvisedPages: 0,
    advisedPages: 0,
    guests: all.map((at) => ({
      name: nameOf(at),
      pages: 400 * MIB_PAGES,
      zeroPages: 0,
      within: NONE,
      withOthers: { pages: 100 * MIB_PAGES, error: 0 },
    })),
    pairs,
    groups: Array.from({ length: Math.ceil(guests / groupSize) }, (_, group) =>
      all.filter((at) => groupOf(at) === group),
    ),
    contents: [{ fingerprint: '00ff', pages: 12, guests: [0, 1, 2, 3] }],
    mappings: [{ label: '', pages: 10, advisedPages: 0, saves: { pages: 5, error: 0 } }],
    between: { pages: 100 * MIB_PAGES, error: 0 },
    tenants: [{ name: 'red', guests, between: { pages: 5, error: 0 } }],
    acrossTenants: NONE,
  };
}

const PAGES = {
  FEW: told(6, 3),
  HOSTILE: told(6, 3, (at) => `${HOSTILE}${at}`),
  MANY: told(300, 50),
} as const;

test('the page says what the screen does', async () => {
  const page = (await sharedPage(PAGES.FEW)).replace(/<[^>]*>/g, '\n');
  const said = sharedScreen(PAGES.FEW, false).flatMap((line) => line.trim().split(/ {2,}/));
  for (const each of said.filter((text) => !/^[A-Z ]*$/.test(text)))
    expect(page).toContain(each.replace(/:$/, ''));
});

test('each table has a heading', async () => {
  const page = await sharedPage(PAGES.FEW);
  const tables = page.match(/<table>/g) ?? [];
  expect(tables).toHaveLength(4);
  expect(page.match(/<h2>[^<]+<\/h2>\s*<section[^>]*><table>/g)).toHaveLength(tables.length);
  expect(page).toContain('<td>vm-0, vm-1, vm-2 and 1 more</td>');
});

describe.skipIf(chromium === undefined)('the page of who shares with whom in Chromium', () => {
  const directory = new TemporaryDirectory();
  let browser: Browser;
  let context: BrowserContext;
  /** What went wrong in a page, and what it asked of others. */
  let faults: string[];

  beforeAll(async () => {
    for (const [name, what] of Object.entries(PAGES))
      writeFileSync(directory.file(`${name}.html`), await sharedPage(what));
    browser = await launchChromium(chromium ?? '');
    context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  });
  beforeEach(() => {
    faults = [];
  });
  afterAll(async () => {
    await browser?.close();
    directory.remove();
  });

  async function open(name: keyof typeof PAGES, within = context): Promise<Page> {
    const page = await within.newPage();
    page.on('console', (message) => faults.push(message.text()));
    page.on('pageerror', (error) => faults.push(error.message));
    const url = pathToFileURL(directory.file(`${name}.html`)).href;
    page.on('request', (request) => {
      if (request.url() !== url) faults.push(`asked ${request.url()}`);
    });
    await page.goto(url);
    return page;
  }

  const said = (page: Page): Promise<string> => page.locator('.heat-said').innerText();

  test('on paper it is light, whatever the screen is', async () => {
    const page = await open('FEW');
    await page.emulateMedia({ colorScheme: 'dark', media: 'print' });
    const scheme = (): string => getComputedStyle(document.documentElement).colorScheme;
    expect(await page.evaluate(scheme)).toBe('light');
    await page.close();
  });

  describe.each(['light', 'dark'] as const)('%s', (colorScheme) => {
    test.each(['FEW', 'HOSTILE', 'MANY'] as const)(
      '%s: axe finds nothing, nothing goes wrong, nothing is asked for, at any width',
      async (name) => {
        const page = await open(name);
        await page.emulateMedia({ colorScheme });
        for (const width of [320, 390, 1440]) {
          await page.setViewportSize({ width, height: 800 });
          await until('a map within its place', () =>
            page
              .locator('.heat-square canvas')
              .evaluate(
                (canvas, all) => canvas.clientWidth > 100 && canvas.clientWidth < all,
                width,
              ),
          );
          const scrolled = await page.evaluate(() => document.documentElement.scrollWidth);
          expect(scrolled, `at ${width}`).toBe(width);
          expect(await violations(page), `at ${width}`).toEqual([]);
        }
        expect(faults).toEqual([]);
        await page.close();
      },
    );

    test('of 300 guests groups are seen, in the strongest colour, and nothing outside them', async () => {
      const page = await open('MANY');
      await page.emulateMedia({ colorScheme });
      const colours = (): Promise<readonly string[]> =>
        page.locator('.heat-square canvas').evaluate((element) => {
          const canvas = element as HTMLCanvasElement;
          const styles = getComputedStyle(canvas);
          const probe = document.createElement('canvas').getContext('2d');
          const drawn = canvas.getContext('2d');
          if (probe === null || drawn === null) return [];
          const named = new Map(
            ['--heat-none', '--heat-self', '--heat-4'].map((name) => {
              probe.fillStyle = styles.getPropertyValue(name);
              probe.fillRect(0, 0, 1, 1);
              return [probe.getImageData(0, 0, 1, 1).data.join(), name];
            }),
          );
          // A column from the right edge, where the last group is, upwards.
          const x = canvas.width - 9;
          return [0.97, 0.75, 0.5, 0.35].map((part) => {
            const y = Math.round(canvas.height * part);
            return named.get(drawn.getImageData(x, y, 1, 1).data.join()) ?? 'another';
          });
        });
      await until(
        'the last group alone is coloured',
        async () => (await colours()).join() === '--heat-4,--heat-none,--heat-none,--heat-none',
      );
      await page.close();
    });
  });

  test('two guests that are pointed at, or gone to by keys, are told in words', async () => {
    const page = await open('FEW');
    const map = page.locator('.heat-square');
    await map.focus();
    await page.keyboard.press('ArrowRight');
    const both = '100 MiB in common, 25.0 % of the first, 25.0 % of the second';
    expect(await said(page)).toBe(`vm-0 and vm-1: ${both}`);
    await page.keyboard.press('End');
    expect(await said(page)).toMatch(/^vm-0 and vm-5: 0 B in common/);
    await page.keyboard.press('Shift+ArrowDown');
    const itself = 'vm-5: 400 MiB present, contents of 100 MiB that others have too';
    expect(await said(page)).toBe(itself);
    expect(await page.locator('[role=status]').innerText()).toBe(itself);
    await page.keyboard.press('Escape');
    expect((await said(page)).trim()).toBe('');
    const box = await map.boundingBox();
    if (box === null) throw new Error('there is no map');
    await page.mouse.move(box.x + box.width - 5, box.y + box.height - 55);
    await until('the last two', async () => (await said(page)) === `vm-4 and vm-5: ${both}`);
    await page.close();
  });

  test('names are shown as they read, and are never run', async () => {
    const page = await open('HOSTILE');
    await page.locator('.heat-square').focus();
    await page.keyboard.press('ArrowRight');
    expect(await said(page)).toContain(`${HOSTILE}0 and ${HOSTILE}1: 100 MiB`);
    expect(await page.locator('img').count()).toBe(0);
    expect(faults).toEqual([]);
    await page.close();
  });

  test('without scripts there are groups and tables, and no empty map', async () => {
    const plain = await browser.newContext({ javaScriptEnabled: false });
    const page = await open('FEW', plain);
    expect(await page.locator('#map').isVisible()).toBe(false);
    expect(await page.locator('noscript').innerText()).toContain('ksmd shared --matrix');
    expect(await page.locator('li').first().innerText()).toBe('vm-0, vm-1, vm-2');
    expect(await page.getByLabel('Guests').locator('tbody tr').count()).toBe(6);
    await plain.close();
  });
});
