/**
 * All charts of a prediction, each with its caption, and the choice of the setting whose pages are
 * shown: in a page of their own, or in the dashboard. They take the width that there is, and the
 * colours of the scheme or of paper.
 */
import type UPlot from 'uplot';
import { made } from '../elements.js';
import { Chart, type ChartLook } from './chart.js';
import type { Curves } from './curves.js';
import { hugePages, pageKinds, processorTime, saved } from './kinds-of-charts.js';

export class PredictionCharts {
  private readonly charts: Chart[] = [];
  private readonly removed = new AbortController();

  /** There has to be a setting at least. `place` is seen, so that it has a width. */
  constructor(
    private readonly place: HTMLElement,
    private readonly uPlot: typeof UPlot,
    { runs, labelled }: Curves,
  ) {
    const [first] = runs;
    if (first === undefined) throw new Error('there is no setting whose curves could be drawn');
    place.classList.add('charts', 'curves');
    this.add('saved-chart', 'Memory saved', labelled, saved(runs));
    this.add(
      'cpu-chart',
      'The kernel’s processor time, of one processor',
      labelled,
      processorTime(runs),
    );
    if (runs.some((run) => run.hugePages.some((pages) => pages > 0)))
      this.add('huge-chart', 'Huge pages', labelled, hugePages(runs));
    const choice = made('select');
    const kinds = this.add(
      'kinds-chart',
      'Pages by what they are',
      '',
      pageKinds(first),
      ...(runs.length === 1 ? [] : [choiceOf(choice, { runs, labelled })]),
    );
    choice.addEventListener('change', () => {
      const run = runs[choice.selectedIndex];
      if (run !== undefined) kinds.show(pageKinds(run));
    });
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const print = matchMedia('print');
    for (const media of [dark, print])
      media.addEventListener('change', () => this.draw(print.matches), {
        signal: this.removed.signal,
      });
    this.draw(print.matches);
  }

  remove(): void {
    this.removed.abort();
    for (const chart of this.charts) chart.remove();
    this.place.replaceChildren();
  }

  private draw(isPrinted: boolean): void {
    for (const chart of this.charts) chart.draw(isPrinted);
  }

  private add(
    id: string,
    caption: string,
    labelled: string,
    look: ChartLook,
    ...above: readonly HTMLElement[]
  ): Chart {
    const figure = made('figure');
    const title = made('figcaption', caption);
    title.append(...labels(labelled));
    const target = made('div');
    target.id = id;
    figure.append(title, ...above, target);
    this.place.append(figure);
    const chart = new Chart(target, `${caption}, over time`, look, this.uPlot);
    this.charts.push(chart);
    return chart;
  }
}

function choiceOf(choice: HTMLSelectElement, { runs, labelled }: Curves): HTMLElement {
  const around = made('p');
  around.id = 'choice';
  choice.id = 'chosen';
  const label = made('label', 'With');
  label.htmlFor = choice.id;
  label.append(...labels(labelled));
  choice.append(...runs.map((run) => new Option(run.label)));
  around.append(label, choice);
  return around;
}

/** What tells the settings apart, if a curve's name alone does not say it. */
function labels(labelled: string): readonly HTMLElement[] {
  return labelled === '' ? [] : [made('span', `: ${labelled}`, 'labelled')];
}
