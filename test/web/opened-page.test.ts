/** Pages that ksmd has written, opened in the dashboard; and files that pretend to be such. */
import { writeFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { predictionPage } from '../../src/cli/commands/foresee/page/prediction-page.js';
import { until } from '../until.js';
import { seriousViolations } from './axe.js';
import { chromium, LookedAt } from './looked-at.js';
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
    expect(await seriousViolations(page)).toEqual([]);
  });

  test('that ksmd predict has written has its verdict and its settings', async () => {
    const runs = [run({ pages_to_scan: '100' }, samples(20, 5))];
    writeFileSync(file('predicted.html'), await predictionPage(told(runs)));
    await open(file('predicted.html'));
    await until('the file', async () => (await said()).startsWith('predicted.html, as it was'));
    expect(await said()).toContain('What it draws is seen where the file itself is opened.');
    expect(await page.locator('#opened').innerText()).toContain('pages_to_scan');
    expect(await page.locator('#opened h4', { hasText: 'Settings' }).count()).toBe(1);
    expect(await page.locator('#opened-map').count()).toBe(0);
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
