/** The verdict of a page: a setting's figures, or which of several does best, and a table. */
import { type Outcome, outcomeOf, type Run } from '../../../../predict/outcome.js';
import { freed } from '../../../../predict/plan.js';
import { size } from '../../../../wording/amounts.js';
import { FIGURES, figuresOf } from '../prediction-told.js';
import { lookOf, MOST_CURVES } from './curves.js';
import { labelsOf } from './labels.js';
import { html, type Markup } from './markup.js';

/** What saves so much of the most is as good as it, if it is sooner or costs less. */
const AS_GOOD = 0.9;

export function verdict(runs: readonly Run[]): Markup {
  const [first] = runs;
  if (runs.length !== 1 || first === undefined)
    return html`${compared(runs)}
${comparison(runs)}`;
  const figures = figuresOf(first);
  return cards(FIGURES.map(({ words }, at) => ({ words, figure: figures[at] ?? '' })));
}

/** Where nothing is saved none is better than another. */
function compared(runs: readonly Run[]): Markup {
  if (runs.every(({ predicted }) => freed(outcomeOf(predicted)) === 0))
    return cards([{ words: 'Most is saved', figure: size(0), more: 'with any of these settings' }]);
  return html`${cards(best(runs))}
<p class="hint">
Soonest, and least CPU: of those that save nine tenths of the most, or more.
</p>`;
}

interface Card {
  readonly words: string;
  readonly figure: string;
  readonly more?: string;
}

function cards(all: readonly Card[]): Markup {
  return html`<dl class="figures">${all.map(
    ({ words, figure, more }) =>
      html`<div><dt>${words}</dt><dd class="value">${figure}</dd>${
        more === undefined ? '' : html`<dd class="more">${more}</dd>`
      }</div>`,
  )}</dl>`;
}

interface Candidate {
  readonly label: string;
  readonly outcome: Outcome;
  readonly cpuSeconds: number;
  readonly figures: readonly string[];
}

/** Which saves most; and of those that save about as much, which is soonest and which cheapest. */
function best(runs: readonly Run[]): Card[] {
  const { long } = labelsOf(runs);
  const all = runs.map((run, at): Candidate => {
    const { predicted } = run;
    const cpuSeconds = predicted.samples.at(-1)?.kernel_cpu_seconds ?? 0;
    const outcome = outcomeOf(predicted);
    return { label: long[at] ?? '', outcome, cpuSeconds, figures: figuresOf(run) };
  });
  // Of what is equal the cheapest is named.
  all.sort((one, other) => one.cpuSeconds - other.cpuSeconds);
  const most = least(all, ({ outcome }) => -freed(outcome));
  const good = all.filter(({ outcome }) => freed(outcome) >= AS_GOOD * freed(most.outcome));
  const soonest = least(good, ({ outcome }) => secondsToNineTenths(outcome));
  const cheapest = least(good, ({ cpuSeconds }) => cpuSeconds);
  const [saved = ''] = most.figures;
  const [, , nineTenths = ''] = soonest.figures;
  const [, , , , atFirst = '', atRest = ''] = cheapest.figures;
  return [
    { words: 'Most is saved', figure: saved, more: most.label },
    { words: 'Nine tenths are there soonest', figure: nineTenths, more: soonest.label },
    {
      words: 'Least CPU, at first and at rest',
      figure: `${atFirst}, ${atRest}`,
      more: cheapest.label,
    },
  ];
}

function least<Value>(all: readonly Value[], of: (value: Value) => number): Value {
  return all.reduce((best, value) => (of(value) < of(best) ? value : best));
}

function secondsToNineTenths({ secondsTo }: Outcome): number {
  return secondsTo.find(({ part }) => part === 0.9)?.seconds ?? 0;
}

function comparison(runs: readonly Run[]): Markup {
  const { long } = labelsOf(runs);
  const head = FIGURES.map(({ words }) => html`<th scope="col">${words}</th>`);
  const rows = runs.map((run, at) => {
    const cells = figuresOf(run).map((figure) => html`<td>${figure}</td>`);
    return html`<tr><th scope="row">${mark(at)}${long[at] ?? ''}</th>${cells}</tr>
`;
  });
  return html`
<section class="card wide" tabindex="0" aria-label="Settings compared"><table>
<thead><tr><th scope="col">Settings</th>${head}</tr></thead>
<tbody>
${rows}</tbody>
</table></section>`;
}

/** A bit of its curve, where that is drawn. */
function mark(at: number): Markup {
  if (at >= MOST_CURVES) return html``;
  const { colour, isDashed } = lookOf(at);
  return html`<span class="mark run-${String(colour)}${isDashed ? ' dashed' : ''}"></span>`;
}
