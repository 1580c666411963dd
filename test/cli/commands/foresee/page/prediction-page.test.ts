/** The page of a prediction as it is written. In a browser: test/web/prediction/page.test.ts. */

import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { html } from '../../../../../src/cli/commands/foresee/page/markup.js';
import { predictionPage } from '../../../../../src/cli/commands/foresee/page/prediction-page.js';
import { predictionScreen } from '../../../../../src/cli/commands/foresee/prediction-screen.js';
import type { Told } from '../../../../../src/cli/commands/foresee/prediction-told.js';
import { kernelProfile } from '../../../../../src/ksm/kernels.js';
import { run, samples, told } from '../../../../web/prediction/told.js';

/** What a page says, without its data, script and styles. */
function textOf(page: string): string {
  return page
    .replace(/<(script|style)\b.*?<\/\1>/gs, '')
    .replaceAll('<wbr>', '')
    .replace(/<[^>]*>/g, '\n')
    .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));
}

/** Rows of the table of that label, cell by cell. */
function rowsOf(page: string, label: string): string[][] {
  const [, after = ''] = page.split(`aria-label="${label}"`);
  const [table = ''] = after.split('</table>');
  return [...table.matchAll(/<tr.*?<\/tr>/gs)].map(([row]) =>
    [...row.matchAll(/<t[hd].*?<\/t[hd]>/gs)].map(([cell]) => textOf(cell).trim()),
  );
}

const pagesToScan = (values: readonly number[]): Told =>
  told(values.map((value) => run({ pages_to_scan: String(value) }, samples(100, 3200 / value))));

const LIKE_6_12 = {
  profile: kernelProfile('6.13'),
  note: 'like 6.12 without counts of its own for a fork',
  isOfHost: false,
};

test('it rests on what the terminal says, sentence by sentence', async () => {
  const of = { ...pagesToScan([100]), kernel: LIKE_6_12 };
  const sampled = { ...of, header: { ...of.header, sample: 16 } };
  for (const each of [of, sampled]) {
    const text = textOf(await predictionPage(each));
    const [headline = '', ...screen] = predictionScreen(each);
    expect(text).toContain(headline);
    const sentences = screen.slice(screen.lastIndexOf('') + 1);
    expect(sentences.length).toBeGreaterThan(4);
    for (const sentence of sentences) expect(text).toContain(sentence);
  }
});

test('its table has what the terminal’s has', async () => {
  const of = pagesToScan([100, 1000]);
  const [, ...rows] = rowsOf(await predictionPage(of), 'Settings compared');
  const screen = predictionScreen(of).filter((line) => line.startsWith('pages_to_scan='));
  expect(rows).toEqual(screen.map((line) => line.split(/ {2,}/)));
});

test('of several settings it is said which saves most, soonest, and for least', async () => {
  const runs = [100, 400, 1600].map((pages) => {
    const predicted = samples(100, 1600 / pages).map((sample) => ({
      ...sample,
      freed_bytes: Math.min(sample.freed_bytes, pages === 1600 ? 15 * 2 ** 20 : Infinity),
    }));
    return run({ pages_to_scan: String(pages) }, predicted);
  });
  const [cards = ''] = (await predictionPage(told(runs))).split('Settings compared');
  const values = [...cards.matchAll(/<dd class="(?:value|more)">(.*?)<\/dd>/g)];
  expect(values.map(([, text]) => text)).toEqual([
    '16 MiB',
    'pages_to_scan=400',
    '3.0 s',
    'pages_to_scan=1600',
    '1.9 %, 1.6 %',
    'pages_to_scan=100',
  ]);
});

test('where nothing is saved no setting is called the best', async () => {
  const nothing = samples(100, 5).map((sample) => ({ ...sample, freed_bytes: 0 }));
  const runs = ['100', '200'].map((pages) => run({ pages_to_scan: pages }, nothing));
  const [cards = ''] = (await predictionPage(told(runs))).split('Settings compared');
  const values = [...cards.matchAll(/<dd class="(?:value|more)">(.*?)<\/dd>/g)];
  expect(values.map(([, text]) => text)).toEqual(['0 B', 'with any of these settings']);
  expect(cards).not.toContain('Soonest');
});

test('settings: those set first, what the policy sets, and the kernel’s own', async () => {
  const runs = ['0', '1'].map((value) =>
    run({ policy: 'ksmtuned', smart_scan: value }, samples(5, 1)),
  );
  const page = await predictionPage(told(runs));
  const rows = rowsOf(page, 'Tunables');
  expect(rows.slice(1, 6)).toEqual([
    ['policy', 'ksmtuned', '–'],
    ['smart_scan', '0, 1', '1'],
    ['run', 'as the policy sets it', '0'],
    ['pages_to_scan', 'as the policy sets it', '100'],
    ['sleep_millisecs', 'as the policy sets it', '20'],
  ]);
  expect(rows).toContainEqual(['max_page_sharing', '256', '256']);
  expect(rows.map(([name]) => name)).not.toContain('pace');
  const mixed = [run({ pages_to_scan: '7', 'khugepaged/max_ptes_none': '0' }, samples(5, 1))];
  const beside = await predictionPage(told([...mixed, ...runs]));
  expect(rowsOf(beside, 'Tunables').slice(1, 7)).toEqual([
    ['pages_to_scan', '7, as the policy sets it', '100'],
    ['khugepaged/max_ptes_none', '0, –', '–'],
    ['policy', '–, ksmtuned', '–'],
    ['smart_scan', '1, 0', '1'],
    ['run', '1, as the policy sets it', '0'],
    ['sleep_millisecs', '20, as the policy sets it', '20'],
  ]);
  const plain = rowsOf(
    await predictionPage({
      ...pagesToScan([7]),
      kernel: { profile: kernelProfile('2.6.32'), note: undefined, isOfHost: false },
    }),
    'Tunables',
  );
  expect(plain.slice(1)).toEqual([
    ['pages_to_scan', '7', '100'],
    ['run', '1', '0'],
    ['sleep_millisecs', '20', '20'],
  ]);
});

test('what is not drawn is said', async () => {
  const few = textOf(await predictionPage(pagesToScan([100])));
  expect(few).not.toMatch(/one is drawn|averaged|the first 16/);
  const numbers = Array.from({ length: 17 }, (_, at) => at + 1);
  expect(textOf(await predictionPage(pagesToScan(numbers)))).toContain(
    'Curves are of the first 16 settings of 17: the table has all.',
  );
  const long = textOf(await predictionPage(told([run({}, samples(4100, 10))])));
  expect(long).toContain('Of 3 samples one is drawn: --csv has all.');
  expect(long).toContain('Processor time is averaged over 3 samples.');
});

test('nothing left out is said too', async () => {
  const of = told([run({}, samples(5, 1))]);
  const runs = of.runs.map(({ settings, predicted }) => ({
    settings,
    predicted: { ...predicted, leftOut: { pinnedPages: 0, notAdvisedPages: 0 } },
  }));
  expect(textOf(await predictionPage({ ...of, runs }))).toContain('Nothing that was recorded.');
});

test('the policy names its own script and styles, by what is in them, and nothing else', async () => {
  const page = await predictionPage(pagesToScan([100]));
  const hash = (pattern: RegExp): string => {
    const [, source = ''] = pattern.exec(page) ?? [];
    expect(source.length).toBeGreaterThan(1000);
    return createHash('sha256').update(source).digest('base64');
  };
  const script = hash(/<script>(.*?)<\/script>/s);
  const style = hash(/<style>(.*?)<\/style>/s);
  expect(page).toContain(
    `content="default-src 'none'; script-src 'sha256-${script}'; style-src 'sha256-${style}'; ` +
      `base-uri 'none'; form-action 'none'"`,
  );
  expect(page.replace(/<(script|style)>.*?<\/\1>/gs, '')).not.toMatch(
    /\b(src|href|style)=|https?:/,
  );
});

test('the same predictions give the same page', async () => {
  const of = pagesToScan([100, 200]);
  expect(await predictionPage(of)).toBe(await predictionPage(of));
});

test('no text is markup, and what would not be seen is', () => {
  const hostile = `</script><img src=x onerror="alert('1')">&amp;\u202e`;
  expect(html`<p title="${hostile}">${hostile}${[html`<b>${'<'}</b>`]}</p>`.source).toBe(
    '<p title="§">§<b>&#60;</b></p>'.replaceAll(
      '§',
      '&#60;/script&#62;&#60;img src=x onerror=&#34;alert(&#39;1&#39;)&#34;&#62;&#38;amp;\\u202e',
    ),
  );
});
