/** What the dashboard says of itself once the daemon does not answer. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { asOf } from '../../src/web/staleness.js';
import { DaemonProcess } from '../daemon-process.js';
import { until } from '../until.js';
import { chromium, LookedAt } from './looked-at.js';

test('of which moment values are, and how long ago that was', () => {
  const at = Date.UTC(2026, 1, 3, 12, 3, 10);
  expect(asOf(at, at + 900)).toMatch(/^as of \d\d:03:10, just now$/);
  expect(asOf(at, at + 40_900)).toMatch(/, 40 s ago$/);
  expect(asOf(at, at + 180_000)).toMatch(/, 3 min ago$/);
});

describe.skipIf(chromium === undefined)('a dashboard whose daemon is gone', () => {
  let looked: LookedAt;
  beforeAll(async () => {
    looked = await LookedAt.start(['--run', '0', '--memory', '64MiB']);
  });
  afterAll(async () => {
    expect(await looked.stop()).toBe(0);
  });

  test('greys what it shows, says since when, and takes both back', async () => {
    const page = await looked.open();
    await page.waitForSelector('#tunables tr');
    const colours = (): Promise<string[]> =>
      page
        .locator('.figures .value, #verdict dd, #tunables .amount')
        .evaluateAll((shown) => [...new Set(shown.map((each) => getComputedStyle(each).color))]);
    await until('a verdict', async () => (await page.locator('#verdict dd').count()) > 0);
    const before = await colours();
    const top = (): Promise<number | undefined> =>
      page.locator('main').evaluate((main) => main.getBoundingClientRect().top);
    const place = await top();
    expect(await page.locator('#as-of').isHidden()).toBe(true);
    looked.mayFail = true;
    await looked.daemon.stop();
    const asOfText = page.locator('#as-of');
    await until('since when', async () =>
      /^as of \d\d:\d\d:\d\d, ([1-9]|\d\d) s ago$/.test(await asOfText.innerText()),
    );
    const muted = await page
      .locator('.figures dt')
      .first()
      .evaluate((name) => getComputedStyle(name).color);
    expect(await colours()).toEqual([muted]);
    // It is said over the page, which stays where it is.
    expect(await top()).toBe(place);
    // What has to be looked at is of the daemon before until this one has looked.
    const answers: (() => void)[] = [];
    await page.route('**/v1/report', async (route) => {
      await new Promise<void>((answer) => answers.push(answer));
      await route.continue();
    });
    looked.daemon = await DaemonProcess.start(['--run', '0', '--http', `127.0.0.1:${looked.port}`]);
    await until('a question', () => answers.length > 0);
    await until('the stream', () => asOfText.isHidden());
    const colourOf = (part: string): Promise<string> =>
      page
        .locator(part)
        .first()
        .evaluate((shown) => getComputedStyle(shown).color);
    expect(await colourOf('#verdict dd')).toBe(muted);
    expect(await colourOf('#tunables .amount')).not.toBe(muted);
    for (const answer of answers) answer();
    await until('its colours', async () => (await colours()).join() === before.join());
    expect(await asOfText.isHidden()).toBe(true);
    await page.close();
  });
});
