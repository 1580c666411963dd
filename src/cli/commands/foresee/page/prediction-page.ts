/**
 * Predictions as one page that needs nothing else. Its files are src/web/prediction/.
 */
import { areDefault } from '../../../../prices/default-prices.js';
import { VERSION } from '../../../../version.js';
import { count, duration, figure } from '../../../../wording/amounts.js';
import type { KernelChoice } from '../../../kernel-choice.js';
import {
  basisSentences,
  guestSentence,
  headline,
  leftOutSentences,
  priceSentence,
  type Told,
} from '../prediction-told.js';
import { writeFaultSentence } from '../write-fault.js';
import { curvesOf, type Drawn, MOST_CURVES } from './curves.js';
import { html, type Markup } from './markup.js';
import { settingsTable } from './settings-table.js';
import { verdict } from './verdict.js';
import { list, wholePage } from './whole-page.js';

export async function predictionPage(told: Told): Promise<string> {
  const { runs, header } = told;
  const curves = curvesOf(runs, header.pageSize);
  const leftOut = leftOutSentences(told);
  return wholePage('prediction', curves.drawn, {
    title: html`KSM on ${header.host}`,
    headline: html`${headline(told)}`,
    verdict: verdict(runs),
    thinned: html`${drawnOf(curves, runs.length)}`,
    settings: settingsTable(told),
    leftOut: list(leftOut.length === 0 ? ['Nothing that was recorded.'] : leftOut),
    facts: facts(told),
    basis: list([
      ...basisSentences(told),
      priceSentence(told),
      writeFaultSentence(told.prices),
      guestSentence(told),
    ]),
  });
}

/** What the curves do not show. */
function drawnOf({ oneIn, averaged }: Drawn, runs: number): string {
  return [
    ...(oneIn === 1 ? [] : [`Of ${oneIn} samples one is drawn: --csv has all.`]),
    ...(averaged === 1 ? [] : [`Processor time is averaged over ${averaged} samples.`]),
    ...(runs <= MOST_CURVES
      ? []
      : [`Curves are of the first ${MOST_CURVES} settings of ${runs}: the table has all.`]),
  ].join(' ');
}

function date(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

function kernelFollowed({ profile: { name }, note }: KernelChoice): string {
  return note === undefined ? `Linux ${name}` : `Linux ${name}: ${note}`;
}

function facts({ runs, header, prices, kernel, sweeps }: Told): Markup {
  const { host, startedAtMs, intervalMs, sample, processors, writer } = header;
  const policies = [...new Set(runs.flatMap(({ settings: { policy } }) => policy ?? []))];
  const recordedMs = (runs[0]?.predicted.recordedSeconds ?? 0) * 1000;
  const every = sweeps === 1 ? '' : `, one every ${duration(intervalMs)}`;
  const pairs: readonly (readonly [string, string])[] = [
    ['Host', `${host}, ${count(processors, 'processor')}, Linux ${header.kernel}`],
    ['Recorded', `${date(startedAtMs)}, by ${writer}`],
    [
      'Length',
      recordedMs === 0 ? 'one look' : `${duration(recordedMs)}, ${count(sweeps, 'sweep')}${every}`,
    ],
    ['Sample', sample === 1 ? 'all pages' : `one content in ${figure(sample)}`],
    ['Kernel followed', kernelFollowed(kernel)],
    [
      'Prices',
      areDefault(prices)
        ? `default ones, of ${prices.measuredOn}: nobody has measured ${host}`
        : `measured on ${prices.measuredOn}`,
    ],
    [
      'Policy',
      policies.length === 0 ? 'none: nobody sets tunables meanwhile' : policies.join(', '),
    ],
    ['Predicted by', `ksmd ${VERSION}`],
  ];
  return html`<dl class="facts">${pairs.map(
    ([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>
`,
  )}</dl>`;
}
