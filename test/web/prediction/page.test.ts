/**
 * A prediction's page in a real browser, from its file. Left out, with a word about it, where there
 * is no Chromium.
 */
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { predictionPage } from '../../../src/cli/commands/foresee/page/prediction-page.js';
import { chromiumPath, launchChromium } from '../../../tools/load/browser.js';
import { TemporaryDirectory } from '../../daemon-process.js';
import { until } from '../../until.js';
import { violations } from '../axe.js';
import { areAsWideAsTheirPlaces, pixelsOf } from './pixels.js';
import { run, samples, told } from './told.js';

const chromium = chromiumPath();
if (chromium === undefined)
  console.warn(
    'The page of a prediction is not tested in a browser: there is no chromium on this machine ' +
      '(apt-get install chromium).',
  );
const HOSTILE = `</script><img src=x onerror=alert(1)>`;
const WIDTHS = [320, 390, 1440];

const ONE = told([run({ use_zero_pages: '1' }, samples(60, 5))]);
const SIXTEEN = told(
  [20, 50, 100, 200, 400, 800, 1600, 3200].flatMap((pages) =>
    ['0', HOSTILE].map((other) =>
      run({ pages_to_scan: String(pages), policy: other }, samples(600, 3200 / pages, 40)),
    ),
  ),
  HOSTILE,
);
const TWO = told([
  run({ pages_to_scan: '100' }, samples(5000, 60)),
  run({ pages_to_scan: '1000' }, samples(5000, 1)),
]);
/** Of a length and a saving that differ, and of the same. */
const UNEVEN = told([
  run({ policy: 'short' }, samples(60, 5, 40)),
  run({ policy: 'long' }, samples(600, 5, 40)),
]);
const SAME = told(['100', '200', '400'].map((n) => run({ pages_to_scan: n }, samples(600, 60))));
const PAGES = { ONE, SIXTEEN, TWO, UNEVEN, SAME };
type PageName = keyof typeof PAGES;

describe.skipIf(chromium === undefined)('the page of a prediction in Chromium', () => {
  const directory = new TemporaryDirectory();
  let browser: Browser;
  let context: BrowserContext;
  /** What went wrong in a page, and what it asked of others. */
  let faults: string[];

  beforeAll(async () => {
    for (const [name, what] of Object.entries(PAGES))
      writeFileSync(directory.file(`${name}.html`), await predictionPage(what));
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

  async function open(name: PageName, within = context): Promise<Page> {
    const page = await within.newPage();
    page.on('console', (message) => faults.push(message.text()));
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('dialog', (dialog) => {
      faults.push(`said ${dialog.message()}`);
      void dialog.dismiss();
    });
    const url = pathToFileURL(directory.file(`${name}.html`)).href;
    page.on('request', (request) => {
      if (request.url() !== url) faults.push(`asked ${request.url()}`);
    });
    await page.goto(url);
    return page;
  }

  /** What a chart's legend says: a name and a value each. */
  const legend = (page: Page, chart: string): Promise<Record<string, string>> =>
    page
      .locator(`#${chart} .u-series`)
      .evaluateAll((rows) =>
        Object.fromEntries(
          rows.map((row) => [
            row.querySelector('.u-label')?.textContent ?? '',
            row.querySelector('.u-value')?.textContent ?? '',
          ]),
        ),
      );

  describe.each(['light', 'dark'] as const)('%s', (colorScheme) => {
    test.each(['ONE', 'SIXTEEN'] as const)(
      '%s: axe finds nothing, nothing goes wrong, nothing is asked for, at any width',
      async (name) => {
        const page = await open(name);
        await page.emulateMedia({ colorScheme });
        for (const width of WIDTHS) {
          await page.setViewportSize({ width, height: 800 });
          await until('charts as wide as their places', () => areAsWideAsTheirPlaces(page));
          const scrolled = await page.evaluate(() => document.documentElement.scrollWidth);
          expect(scrolled, `at ${width}`).toBe(width);
          expect(await violations(page), `at ${width}`).toEqual([]);
        }
        expect(faults).toEqual([]);
        await page.close();
      },
    );

    test('every curve is drawn, in colours of the scheme', async () => {
      const page = await open('ONE');
      await page.emulateMedia({ colorScheme });
      for (const [chart, property] of [
        ['saved-chart', '--run-1'],
        ['cpu-chart', '--run-1'],
        ['kinds-chart', '--kind-shared'],
        ['kinds-chart', '--kind-volatile'],
      ] as const)
        await until(`${property} in ${chart}`, async () => {
          return (await pixelsOf(page, chart, property)) > 100;
        });
      await page.close();
    });
  });

  test('text of the recording and of settings is shown as it reads, and is never run', async () => {
    const page = await open('SIXTEEN');
    expect(await page.locator('h1').innerText()).toBe(
      `${HOSTILE}: 10 min of KSM, by a recording of 10 s of it`,
    );
    expect(await page.title()).toBe(`KSM on ${HOSTILE}`);
    expect(await legend(page, 'saved-chart')).toHaveProperty([`20 · ${HOSTILE}`]);
    expect(await page.locator('tbody th').allInnerTexts()).toContain(
      `pages_to_scan=20 policy=${HOSTILE}`,
    );
    expect(await page.locator('img, #curves script').count()).toBe(0);
    expect(faults).toEqual([]);
    await page.close();
  });

  test('its policy lets nothing run that is not its own, and nothing be fetched', async () => {
    const page = await open('ONE');
    const failed: (string | undefined)[] = [];
    page.on('requestfailed', (request) => failed.push(request.failure()?.errorText));
    await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'document.title = "run"';
      document.body.append(script);
      const image = document.createElement('img');
      image.src = 'http://127.0.0.1:9/x.png';
      document.body.append(image);
      const style = document.createElement('style');
      style.textContent = 'body { display: none }';
      document.body.append(style);
    });
    for (const what of ['script', 'style', 'image'])
      await until(`a word about the ${what}`, () =>
        faults.some((fault) => new RegExp(`${what}.*violates`, 'i').test(fault)),
      );
    expect(failed).toEqual(['csp']);
    expect(await page.title()).toBe('KSM on here');
    expect(await page.locator('body').isVisible()).toBe(true);
    await page.close();
  });

  test('the legend says what is so in the end, and where one points, in all charts', async () => {
    const page = await open('TWO');
    const inTheEnd = { after: '1 h 23 min', 'pages_to_scan=1000': '16 MiB' };
    expect(await legend(page, 'saved-chart')).toMatchObject(inTheEnd);
    await page.locator('#saved-chart .u-over').hover({ position: { x: 1, y: 50 } });
    for (const chart of ['saved-chart', 'kinds-chart'])
      await until(`${chart} says an earlier time`, async () =>
        /^\d+ s$/.test((await legend(page, chart)).after ?? ''),
      );
    await page.mouse.move(0, 0);
    await until(
      'the end again',
      async () => (await legend(page, 'kinds-chart')).after === inTheEnd.after,
    );
    await page.close();
  });

  test('of runs that differ in length each has its curves, and no value where it is over', async () => {
    const page = await open('UNEVEN');
    expect(await page.locator('figure:visible').count()).toBe(4);
    for (const chart of ['saved-chart', 'cpu-chart', 'huge-chart'])
      expect(await legend(page, chart)).toMatchObject({ after: '9 min 59 s', 'policy=short': '–' });
    expect(await legend(page, 'saved-chart')).toHaveProperty('policy=long', '17 MiB');
    expect(await legend(page, 'kinds-chart')).toMatchObject({ after: '59 s', sharing: '15.9 MiB' });
    await page.locator('#saved-chart .u-over').hover({ position: { x: 300, y: 50 } });
    await until(
      'a time after the end of one',
      async () => (await legend(page, 'saved-chart')).after !== '9 min 59 s',
    );
    // Of the one that is over by then it says the last.
    expect(await legend(page, 'saved-chart')).toMatchObject({
      'policy=short': '16.9 MiB',
      'policy=long': '17 MiB',
    });
    expect(faults).toEqual([]);
    await page.close();
  });

  test('a curve that lies upon others lets them be seen', async () => {
    const page = await open('SAME');
    for (const chart of ['saved-chart', 'cpu-chart'])
      for (const property of ['--run-1', '--run-2', '--run-3'])
        await until(`${property} in ${chart}`, async () => {
          return (await pixelsOf(page, chart, property)) > 50;
        });
    await page.close();
  });

  test('every cell that heads others says which, and what is wide is scrolled by keys', async () => {
    const page = await open('TWO');
    expect(await page.locator('th:not([scope])').count()).toBe(0);
    await page.setViewportSize({ width: 390, height: 800 });
    const compared = page.getByLabel('Settings compared');
    await compared.focus();
    await page.keyboard.press('ArrowRight');
    await until('it has moved', () => compared.evaluate((table) => table.scrollLeft > 0));
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.close();
  });

  test('on a narrow screen all of the settings’ table is there, and no word is broken', async () => {
    const page = await open('TWO');
    await page.setViewportSize({ width: 400, height: 800 });
    const table = page.getByLabel('Tunables');
    expect(await table.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)).toBe(
      0,
    );
    // As wide as a word of a name is, on one line each.
    const heights = await table.locator('tbody th').evaluateAll((names) =>
      names.map((name) => {
        const lines =
          (name.clientHeight - 8) / Number.parseFloat(getComputedStyle(name).lineHeight);
        return [name.textContent, Math.round(lines)];
      }),
    );
    for (const [name, lines] of heights)
      expect(lines, String(name)).toBeLessThanOrEqual(String(name).split(/[_/]/).length);
    await page.close();
  });

  test('a stretch that is looked at closer in one chart is in all, until a double-click', async () => {
    const page = await open('TWO');
    const over = page.locator('#cpu-chart .u-over');
    const box = await over.boundingBox();
    if (box === null) throw new Error('there is no chart');
    const { x, y, width } = box;
    await page.mouse.move(x + width * 0.1, y + 50);
    await page.mouse.down();
    await page.mouse.move(x + width * 0.3, y + 50, { steps: 4 });
    await page.mouse.up();
    // The right end of a chart is where the stretch ends: after 25 minutes.
    const atRightEnd = async (): Promise<string | undefined> => {
      await page.mouse.move(x + width - 30, y + 60);
      await page.mouse.move(x + width - 2, y + 50);
      return (await legend(page, 'kinds-chart')).after;
    };
    await until('a stretch in another chart', async () =>
      /^2[45] min/.test((await atRightEnd()) ?? ''),
    );
    await over.dblclick();
    await until('all of it', async () => (await atRightEnd())?.startsWith('1 h 2'));
    await page.close();
  });

  test('a curve hidden in one chart is hidden in all that have it, on paper too', async () => {
    const page = await open('TWO');
    await page.locator('#cpu-chart').getByText('pages_to_scan=1000', { exact: true }).click();
    const off = (chart: string): Promise<string[]> =>
      page.locator(`#${chart} .u-series.u-off .u-label`).allInnerTexts();
    await until('it is off', async () => (await off('saved-chart')).length === 1);
    expect(await off('saved-chart')).toEqual(['pages_to_scan=1000']);
    expect(await off('cpu-chart')).toEqual(['pages_to_scan=1000']);
    expect(await off('kinds-chart')).toEqual([]);
    await page.emulateMedia({ media: 'print' });
    await until('charts for paper', async () => (await chartWidth(page)) === 930);
    expect(await off('saved-chart')).toEqual(['pages_to_scan=1000']);
    await page.close();
  });

  const chartWidth = (page: Page): Promise<number> =>
    page.locator('#saved-chart canvas').evaluate((canvas) => (canvas as HTMLCanvasElement).width);

  test('pages are shown of the setting that is chosen', async () => {
    const page = await open('TWO');
    const pointAt = (y: number): Promise<void> =>
      page.locator('#kinds-chart .u-over').hover({ position: { x: 10, y } });
    await pointAt(50);
    await until(
      'pages not merged yet',
      async () => (await legend(page, 'kinds-chart')).sharing !== '16 MiB',
    );
    await page.getByLabel('With').selectOption('pages_to_scan=1000');
    await pointAt(51);
    await until(
      'all of them merged',
      async () => (await legend(page, 'kinds-chart')).sharing === '16 MiB',
    );
    await page.close();
  });

  test('only what there is has a chart or a choice', async () => {
    const one = await open('ONE');
    expect(await one.locator('figure:visible figcaption').allInnerTexts()).toEqual([
      'Memory saved',
      'The kernel’s processor time, of one processor',
      'Pages by what they are',
    ]);
    expect(await one.locator('#choice').isVisible()).toBe(false);
    const sixteen = await open('SIXTEEN');
    expect(await sixteen.locator('figure:visible').count()).toBe(4);
    expect(await sixteen.locator('#choice').isVisible()).toBe(true);
    await one.close();
    await sixteen.close();
  });

  test('two charts stand beside each other where there is room, on a card', async () => {
    const page = await open('ONE');
    const tops = async (): Promise<number[]> =>
      page
        .locator('#charts figure')
        .evaluateAll((figures) => figures.map((each) => each.getBoundingClientRect().top));
    const [first, second] = await tops();
    expect(second).toBe(first);
    await page.setViewportSize({ width: 390, height: 900 });
    await until('one below the other', async () => new Set(await tops()).size === 3);
    await page.close();
  });

  test('on paper it is light, of the paper’s width, and tells all', async () => {
    const page = await open('SIXTEEN');
    await page.emulateMedia({ colorScheme: 'dark', media: 'print' });
    await page.setViewportSize({ width: 698, height: 1000 });
    await until('charts for paper', async () => (await chartWidth(page)) === 930);
    const ink = await page.locator('h1').evaluate((title) => getComputedStyle(title).color);
    expect(ink).toBe('rgb(23, 32, 42)');
    // Where nothing is drawn is the browser's own canvas, which goes by the scheme.
    const scheme = (): string => getComputedStyle(document.documentElement).colorScheme;
    expect(await page.evaluate(scheme)).toBe('light');
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(698);
    expect((await page.pdf()).byteLength).toBeGreaterThan(10_000);
    await page.emulateMedia({ media: 'screen' });
    await until('charts for the screen', async () => (await chartWidth(page)) !== 930);
    await page.close();
  });

  test('what is opened for paper is drawn for paper at once', async () => {
    const page = await context.newPage();
    await page.emulateMedia({ media: 'print' });
    await page.goto(pathToFileURL(directory.file('ONE.html')).href);
    expect(await chartWidth(page)).toBe(930);
    await page.close();
  });

  test('without scripts the figures and all that is told of them is there, and no empty chart', async () => {
    const plain = await browser.newContext({ javaScriptEnabled: false });
    const page = await open('SIXTEEN', plain);
    expect(await page.locator('#curves').isVisible()).toBe(false);
    expect(await page.locator('noscript').innerText()).toContain('ksmd predict --csv');
    expect(await page.locator('.verdict tbody tr').count()).toBe(16);
    expect(await page.locator('h2').allInnerTexts()).toEqual([
      'Settings',
      'What was left out',
      'What the numbers rest on',
    ]);
    expect(faults).toEqual([]);
    await plain.close();
  });
});
