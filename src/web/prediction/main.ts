/**
 * The script of a prediction's page: curves, from the JSON in the page. All else is there without
 * it.
 *
 * Bundled with what it imports, and written into the page: it loads nothing.
 */
import { element } from '../elements.js';
import { Chart } from './chart.js';
import type { Curves, RunCurves } from './curves.js';
import { hugePages, pageKinds, processorTime, saved } from './kinds-of-charts.js';

const { runs, labelled } = JSON.parse(element('data', HTMLScriptElement).text) as Curves;
const choice = element('chosen', HTMLSelectElement);

const runAt = (at: number): RunCurves => {
  const run = runs[at];
  if (run === undefined) throw new Error(`there is no setting ${at}`);
  return run;
};

element('curves', HTMLElement).hidden = false;
const charts = [
  new Chart(element('saved-chart', HTMLElement), saved(runs)),
  new Chart(element('cpu-chart', HTMLElement), processorTime(runs)),
];
if (runs.some((run) => run.hugePages.some((pages) => pages > 0)))
  charts.push(new Chart(element('huge-chart', HTMLElement), hugePages(runs)));
const kinds = new Chart(element('kinds-chart', HTMLElement), pageKinds(runAt(0)));
charts.push(kinds);

for (const [at, { label }] of runs.entries()) choice.append(new Option(label, String(at)));
if (labelled !== '')
  for (const place of document.querySelectorAll('.labelled')) place.textContent = `: ${labelled}`;
element('choice', HTMLElement).hidden = runs.length === 1;
choice.addEventListener('change', () => kinds.show(pageKinds(runAt(Number(choice.value)))));

const redraw = (isPrinted: boolean): void => {
  for (const chart of charts) chart.draw(isPrinted);
};
redraw(false);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => redraw(false));
const print = matchMedia('print');
print.addEventListener('change', () => redraw(print.matches));
