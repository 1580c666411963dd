/** Pages that ksmd has written, opened in the dashboard; and files that pretend to be such. */
import { writeFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { predictionPage } from '../../src/cli/commands/foresee/page/prediction-page.js';
import { until } from '../until.js';
import { violations } from './axe.js';
import { chromium, LookedAt } from './looked-at.js';
import { areAsWideAsTheirPlaces, pixelsOf } from './prediction/pixels.js';
import { run, samples, told } from './prediction/told.js';

describe.skipIf(chromium === undefined)('a page opened in the dashboard', () => {
  let looked: LookedAt;
  let page: Page;
  beforeAll(async () => {
    looked = await LookedAt.start(['--run', '0', '--memory', '64MiB']);
    await looked.addGuests(['vm1', 'vm2'], 64);
    page = await looked.open({ bypassCSP: true });
  });
  afterAll(async () => {
    expect(await looked.stop()).toBe(0);
  });

  const file = (name: string): string => looked.daemon.directory.file(name);
  const open = (path: string): Promise<void> => page.locator('#open-page').setInputFiles(path);
  const said = (): Promise<string> => page.locator('#opened-told').innerText();

  test('that ksmd shared has written has its text, its tables and its map', async () => {
    const { status } = await looked.daemon.ksmd('shared', '--html', file('shared.html'));
    expect(status).toBe(0);
    await open(file('shared.html'));
    await until('the file', async () => (await said()) === 'shared.html, as it was written.');
    await page.waitForSelector('#opened-map canvas');
    expect(await page.locator('#opened th', { hasText: 'vm2' }).count()).toBeGreaterThan(0);
    expect(await page.locator('#opened h3').innerText()).toContain('2 guests');
    expect(await violations(page)).toEqual([]);
  });

  test('that ksmd predict has written has its verdict, its settings and its curves', async () => {
    const runs = ['100', '1000'].map((pages) =>
      run({ pages_to_scan: pages }, samples(60, 500 / Number(pages))),
    );
    writeFileSync(file('predicted.html'), await predictionPage(told(runs)));
    await open(file('predicted.html'));
    await until('the file', async () => (await said()) === 'predicted.html, as it was written.');
    expect(await page.locator('#opened').innerText()).toContain('pages_to_scan');
    expect(await page.locator('#opened h4', { hasText: 'Settings' }).count()).toBe(1);
    expect(await page.locator('#opened-map').count()).toBe(0);
    expect(await page.locator('#opened figcaption').allInnerTexts()).toEqual([
      'Memory saved',
      'The kernel’s processor time, of one processor',
      'Pages by what they are',
    ]);
    expect(await page.locator('#opened .hint').first().innerText()).toContain('shared: KSM pages');
    const sharing = page.locator('#kinds-chart .u-series', { hasText: 'sharing' });
    await page.locator('#kinds-chart .u-over').hover({ position: { x: 30, y: 60 } });
    const atFirst = await sharing.innerText();
    await page.getByLabel('With', { exact: true }).selectOption('pages_to_scan=1000');
    await page.locator('#kinds-chart .u-over').hover({ position: { x: 31, y: 60 } });
    await until('that of the other', async () => (await sharing.innerText()) !== atFirst);
    expect(await violations(page)).toEqual([]);
  });

  test('has curves that follow the width and the colours of the page', async () => {
    const light = await page.evaluate(() =>
      getComputedStyle(document.documentElement).getPropertyValue('--run-2'),
    );
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      for (const width of [320, 390, 1440]) {
        await page.setViewportSize({ width, height: 900 });
        await until('charts as wide as their places', () => areAsWideAsTheirPlaces(page));
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
        for (const [chart, property] of [
          ['saved-chart', '--run-1'],
          ['saved-chart', '--run-2'],
          ['cpu-chart', '--run-2'],
          ['kinds-chart', '--kind-volatile'],
        ] as const)
          await until(`${property} in ${chart}`, async () => {
            return (await pixelsOf(page, chart, property)) > 30;
          });
      }
    }
    expect(
      await page.evaluate(() =>
        getComputedStyle(document.documentElement).getPropertyValue('--run-2'),
      ),
    ).not.toBe(light);
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize({ width: 1280, height: 900 });
  });

  test('has curves of nothing but zeroes too, no markup of theirs, and none that run backwards', async () => {
    const data = (label: string, seconds: readonly number[]): string => {
      const zeroes = seconds.map(() => 0);
      const kinds = ['shared', 'sharing', 'zero', 'unshared', 'volatile'];
      const kindBytes = Object.fromEntries(kinds.map((kind) => [kind, zeroes]));
      const processor = { seconds, share: zeroes };
      const more = { colour: 1, isDashed: false, savedBytes: seconds, hugePages: zeroes };
      const runs = [{ label, seconds, kindBytes, processor, ...more }];
      return `<h1>Saved</h1><script type="application/json" id="data">${JSON.stringify({
        ...{ labelled: '', runs },
      }).replaceAll('<', '\\u003c')}</script>`;
    };
    const hostile = '<img src=x onerror=alert(1)>';
    writeFileSync(file('drawn.html'), data(hostile, [0, 1, 2]));
    await open(file('drawn.html'));
    await until('the file', async () => (await said()) === 'drawn.html, as it was written.');
    expect(await page.locator('#saved-chart .u-label').last().innerText()).toBe(hostile);
    expect(await page.locator('#opened img').count()).toBe(0);
    writeFileSync(file('backwards.html'), data(hostile, [2, 1, 0]));
    await open(file('backwards.html'));
    await until('the other', async () => (await said()).startsWith('backwards.html, as it was'));
    expect(await said()).toContain('What it draws is seen where the file itself is opened.');
    expect(await page.locator('#opened canvas').count()).toBe(0);
  });

  test('can make it do nothing: no script, no attribute, no request', async () => {
    writeFileSync(
      file('hostile.html'),
      `<!doctype html><title>x</title><h1 onclick="alert(1)" style="position:fixed">Saved</h1>
      <main><p onmouseover="alert(1)" id="notice">a <b>b</b>
      <img src="//elsewhere/x" onerror="alert(1)">
      <a href="javascript:alert(1)">c</a></p><iframe src="//elsewhere/y"></iframe>
      <svg onload="alert(1)"><text>d</text></svg><form action="//elsewhere"><input name="q"></form>
      <ul><li>&lt;img src=x onerror=alert(1)&gt;</li></ul></main><script>alert(1)</script>
      <script type="application/json" id="data">{"names":["a","b"],"bytes":[1],"pairs":[0,9,1]}
      </script>`,
    );
    await open(file('hostile.html'));
    await until('the file', async () => (await said()).startsWith('hostile.html'));
    expect(await page.locator('#opened h3').innerText()).toBe('Saved');
    expect(await page.locator('#opened li').innerText()).toBe('<img src=x onerror=alert(1)>');
    const { names, attributes } = await page.locator('#opened').evaluate((place) => {
      const all = [...place.querySelectorAll('*')];
      return {
        names: [...new Set(all.map(({ tagName }) => tagName))].sort(),
        attributes: all.flatMap((each) => each.getAttributeNames()),
      };
    });
    expect(names).toEqual(['DIV', 'H3', 'LI', 'P', 'UL']);
    expect(attributes).toEqual([]);
  });

  test('of more guests than ksmd compares has its text, and no map of each two of them', async () => {
    const zeroes = Array<number>(20_000).fill(0);
    const data = { names: zeroes.map(String), bytes: zeroes, withOthersBytes: zeroes };
    writeFileSync(
      file('many.html'),
      `<h1>Many</h1><script type="application/json" id="data">${JSON.stringify({
        ...{ ...data, pairs: [], groups: [] },
      })}</script>`,
    );
    await open(file('many.html'));
    await until('the file', async () => (await said()).startsWith('many.html, as it was written'));
    expect(await page.locator('#opened h3').innerText()).toBe('Many');
    expect(await page.locator('#opened-map').count()).toBe(0);
  });

  test('gives way to one that is chosen before it is read; one that cannot be read says so', async () => {
    await page.evaluate(() => {
      const choice = document.getElementById('open-page') as HTMLInputElement;
      for (const name of ['first.html', 'second.html']) {
        const chosen = new DataTransfer();
        const data = '<script type="application/json" id="data">{}</script>';
        chosen.items.add(new File([`<h1>${name}</h1>${data}`], name));
        choice.files = chosen.files;
        choice.dispatchEvent(new Event('change'));
      }
    });
    await until('the second', async () => (await said()).startsWith('second.html, as it was'));
    expect(await page.locator('#opened h3').allInnerTexts()).toEqual(['second.html']);
    await page.evaluate(() => {
      File.prototype.text = () => Promise.reject(new Error('it is gone'));
    });
    await open(file('many.html'));
    await until('why', async () => (await said()) === 'many.html cannot be read: it is gone');
    await page.evaluate(() => Reflect.deleteProperty(File.prototype, 'text'));
  });

  test('is refused if ksmd has not written it', async () => {
    writeFileSync(file('other.html'), '<h1>Another</h1>');
    await open(file('other.html'));
    await until('a word', async () => (await said()).startsWith('other.html is no page that ksmd'));
    expect(await page.locator('#opened').innerText()).toBe('');
    expect(looked.faults).toEqual([]);
  });
});
