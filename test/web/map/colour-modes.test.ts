/**
 * What the map can be coloured by, in a real browser on a real daemon. Left out where there is no
 * Chromium.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../until.js';
import { violations } from '../axe.js';
import { chromium } from '../looked-at.js';
import { GUESTS, MapPage, PAGES } from './map-page.js';

const [FIRST = ''] = GUESTS;
/** Pages of the first guest: one that all have, one of zeroes, one of its own, one not written. */
const [COMMON, ZERO, OWN, UNTOUCHED] = [0, 25, 33, 60];

describe.skipIf(chromium === undefined)('colours of the map in Chromium', () => {
  let map: MapPage;
  let page: MapPage['page'];

  beforeAll(async () => {
    map = await MapPage.open();
    ({ page } = map);
  });
  afterAll(async () => {
    expect(await map.close()).toBe(0);
  });

  async function choose(mode: string): Promise<void> {
    await page.locator('#colour-by').selectOption(mode);
    if (mode === 'state') return;
    await until('an answer', async () => /^As of \d\d:\d\d:\d\d\. /.test(await told()));
  }

  const told = (): Promise<string> => page.locator('#legend-told').innerText();

  /** Labels and counts of the legend; classes of no page left out. */
  async function legend(): Promise<string[]> {
    const texts = await page
      .locator('#legend button')
      .evaluateAll((buttons) =>
        buttons.map((button) =>
          ['label', 'count'].map((part) => button.querySelector(`.${part}`)?.textContent).join(' '),
        ),
      );
    return texts.filter((text) => !text.endsWith(' 0'));
  }

  /** What the legend calls the colour of that page of the first guest. */
  async function classOf(number: number): Promise<string | undefined> {
    const { colour } = await map.pageOf(number);
    return page
      .locator('#legend button')
      .evaluateAll(
        (buttons, wanted) =>
          buttons
            .find(
              (button) =>
                getComputedStyle(button.querySelector('.swatch') ?? button).backgroundColor ===
                wanted,
            )
            ?.querySelector('.label')?.textContent ?? undefined,
        colour,
      );
  }

  const untouched = `untouched ${3 * (PAGES - 48) + 8}`;
  test.each([
    ['sharers', ['zero page 24', 'its own 48', '17 to 64 72', untouched]],
    ['zeroes', ['zero page 24', 'merged 72', 'not merged 48', untouched]],
    ['age', ['merged 96', '3 to 5 48', untouched]],
    [
      'guest',
      [
        'with database 48',
        'with batch 24',
        `${FIRST} alone 16`,
        'zero page 24',
        'apart 32',
        untouched,
      ],
    ],
  ])('by %s the legend counts all pages, and pages have its colours', async (mode, counts) => {
    await choose(mode);
    expect(await legend()).toEqual(counts);
    const labels = counts.map((text) => text.replace(/ \d+$/, ''));
    for (const number of [COMMON, ZERO, OWN, UNTOUCHED])
      expect(labels).toContain(await classOf(number));
    expect(await classOf(UNTOUCHED)).toBe('untouched');
    expect(await classOf(COMMON)).not.toBe(await classOf(OWN));
    await choose('state');
    expect(await classOf(COMMON)).toBe('shared');
    expect(await told()).toBe('Each page by its state, as it changes.');
  });

  test('by guest, it is about the guest of which a page is chosen', async () => {
    await choose('guest');
    await page.getByRole('button', { name: 'database', exact: true }).click();
    await until('the other guest', async () =>
      (await told()).includes('With whom database shares'),
    );
    expect(await legend()).toContain('database alone 16');
    expect(await classOf(COMMON)).toBe(`with ${FIRST}`);
    expect(await classOf(OWN)).toBe('apart');
  });

  test('by guest, another page of the same guest is no reason to look again', async () => {
    await choose('guest');
    await page.getByRole('button', { name: 'database', exact: true }).click();
    await until('the guest', async () => (await told()).includes('With whom database shares'));
    const asked: string[] = [];
    const hear = (request: { url(): string }): void => {
      if (request.url().includes('/v1/map/classes')) asked.push(request.url());
    };
    page.on('request', hear);
    for (const key of ['ArrowRight', 'ArrowRight', 'ArrowLeft', 'PageDown'])
      await page.keyboard.press(key);
    await until('another guest', async () => (await told()).includes('With whom batch shares'));
    page.off('request', hear);
    expect(asked.filter((url) => url.includes('guest=batch'))).toHaveLength(1);
    expect(asked.filter((url) => url.includes('guest=database')).length).toBeLessThan(2);
  });

  test('the twins of a page that is chosen are lit among the colours of the mode', async () => {
    await choose('guest');
    const { x, y, colour } = await map.pageOf(COMMON);
    await page.mouse.click(x, y);
    await until('its twins', async () => (await page.locator('.mark.twin').count()) === 36);
    expect((await map.pageOf(COMMON)).colour).toBe(colour);
    await choose('state');
    const { colour: faded } = await map.pageOf(OWN);
    await page.keyboard.press('Escape');
    await until('others as they were', async () => (await map.pageOf(OWN)).colour !== faded);
  });

  test('a class stands out in any mode, and no longer once there is another mode', async () => {
    await choose('zeroes');
    const { colour } = await map.pageOf(OWN);
    await page.locator('#legend button', { hasText: 'zero page' }).click();
    expect((await map.pageOf(OWN)).colour).not.toBe(colour);
    await choose('state');
    await until('states', async () => (await classOf(OWN)) === 'unshared');
    expect(await page.locator('#legend button[aria-pressed="true"]').count()).toBe(0);
  });

  test.each(['light', 'dark'] as const)(
    'axe finds nothing in any mode on a %s screen of a phone, and nothing is too wide for it',
    async (colorScheme) => {
      await page.emulateMedia({ colorScheme });
      await map.at(320);
      for (const mode of ['sharers', 'zeroes', 'age', 'guest']) {
        await choose(mode);
        expect(await violations(page, '#map-section')).toEqual([]);
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
      }
      await page.emulateMedia({ colorScheme: 'light' });
      await map.at(1440);
    },
  );

  test('what changes is looked at again after a while, guests that come and go too', async () => {
    await choose('zeroes');
    await map.write(FIRST, OWN, ['\0', '\0']);
    await until('zeroes', async () => (await legend()).includes('zeroes, not merged 2'));
    await choose('guest');
    await page.locator('#legend button', { hasText: 'with batch' }).click();
    await map.daemon.client.removeGuest('database');
    await map.shows(2);
    await until('the guest that is left', async () => (await legend()).includes('with batch 48'));
    const meant = page.locator('#legend button[aria-pressed="true"] .label');
    expect(await meant.allInnerTexts()).toEqual(['with batch']);
  });

  test('by guest, without any guest there is nothing to ask', async () => {
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    for (const guest of [FIRST, 'batch']) await map.daemon.client.removeGuest(guest);
    await until('a word', async () => (await told()) === 'There is no guest.');
    expect(await legend()).toEqual([]);
    expect(asked.filter((url) => url.endsWith('guest='))).toEqual([]);
  });

  test('nothing has gone wrong in the page but that a guest was gone', () => {
    expect(map.faults.filter((fault) => !fault.includes('404'))).toEqual([]);
  });
});
