/**
 * What is marked in a chart by thin lines: full scans, and tunables that were set. Each has a title
 * that says what it was, for a pointer; a list says it to whoever has none.
 *
 * Full scans that follow too closely to be told apart are not marked.
 */
import type UPlot from 'uplot';
import type { Sample } from '../protocol/history.js';
import { figure } from '../wording/amounts.js';
import { element, made } from './elements.js';
import { clock } from './wording.js';

/** Closer together than this, full scans are a pattern and no marks. CSS pixels. */
const LEAST_APART_PX = 12;
/** Of those that were set last: more nobody reads. */
const MOST_SET = 100;

export interface Mark {
  readonly kind: 'scan' | 'set';
  readonly seconds: number;
  readonly title: string;
}

/** `secondsOf`: where a sample is in the chart. */
export function marksOf(
  samples: readonly Sample[],
  secondsOf: (sample: Sample) => number,
): readonly Mark[] {
  return samples.flatMap((sample, at): Mark[] => {
    const { fullScans, tunables } = sample;
    const seconds = secondsOf(sample);
    const scans = at === 0 ? 0 : fullScans - (samples[at - 1]?.fullScans ?? fullScans);
    const names = Object.entries(tunables ?? {}).map(([name, value]) => `${name} = ${value}`);
    return [
      ...(scans > 0
        ? [
            {
              kind: 'scan' as const,
              seconds,
              title: scans === 1 ? `full scan ${figure(fullScans)}` : `${figure(scans)} full scans`,
            },
          ]
        : []),
      ...(names.length > 0
        ? [{ kind: 'set' as const, seconds, title: `set: ${names.join(', ')}` }]
        : []),
    ];
  });
}

/** Those that a chart so wide shows from one time to another. */
export function shownMarks(
  marks: readonly Mark[],
  [from, to]: readonly [from: number, to: number],
  widthPx: number,
): readonly Mark[] {
  const inside = marks.filter(({ seconds }) => seconds >= from && seconds <= to);
  const scans = inside.filter(({ kind }) => kind === 'scan');
  const set = inside.filter(({ kind }) => kind === 'set').slice(-MOST_SET);
  const seconds = (scans.at(-1)?.seconds ?? 0) - (scans[0]?.seconds ?? 0);
  const apartPx = (seconds / Math.max(1, scans.length - 1)) * (widthPx / (to - from));
  const areApart = scans.length < 2 || apartPx >= LEAST_APART_PX;
  return [...(areApart ? scans : []), ...set];
}

/** The lines over one chart: elements are used again, so that a title that is read stays. */
export class MarkLines {
  private readonly lines: HTMLElement[] = [];

  show(plot: UPlot, marks: readonly Mark[]): void {
    for (const [at, { kind, seconds, title }] of marks.entries()) {
      const line = this.lines[at] ?? this.add(plot);
      line.hidden = false;
      if (line.title !== title) line.title = title;
      line.className = `chart-mark ${kind}`;
      line.style.left = `${Math.round(plot.valToPos(seconds, 'x'))}px`;
    }
    for (const line of this.lines.slice(marks.length)) line.hidden = true;
  }

  private add(plot: UPlot): HTMLElement {
    const line = made('i');
    this.lines.push(line);
    plot.over.append(line);
    return line;
  }
}

/** The same in words, the newest first. */
export class MarkList {
  private readonly list = element('chart-marks', HTMLUListElement);
  private told: string | undefined;

  show(marks: readonly Mark[]): void {
    const lines = marks
      .toSorted((a, b) => b.seconds - a.seconds)
      .map(({ seconds, title }) => `${clock(seconds * 1000)} ${title}`);
    const told = lines.join();
    if (told === this.told) return;
    this.told = told;
    const shown = lines.length === 0 ? ['Nothing, in the time that is shown.'] : lines;
    this.list.replaceChildren(...shown.map((line) => made('li', line)));
  }
}
