/** The charts of the page: which lines each has, and how their values read. */
import { figure, percent, size } from '../../wording/amounts.js';
import type { ChartLook, Line } from './chart.js';
import { PAGE_KINDS, type RunCurves } from './curves.js';

const DASH = [6, 4];
/** Of a curve that lies upon others: these are seen in its gaps, each in a part of its own. */
const PERIOD_PX = 32;
const MOST_BELOW = 3;
/** Curves lie upon each other where so many points are no farther apart: of the chart's height. */
const MOST_POINTS = 0.9;
const NEAR = 0.02;

const SIZES = {
  says: size,
  // Powers of two.
  steps: Array.from({ length: 51 }, (_, power) => 2 ** power),
  topOfNothing: 2 ** 20,
};
/** There is no half of one. */
const WHOLE_STEPS = Array.from({ length: 12 }, (_, power) =>
  [1, 2, 5].map((step) => step * 10 ** power),
).flat();

export function saved(runs: readonly RunCurves[]): ChartLook {
  return { ...SIZES, lines: lines(runs, ({ savedBytes }) => savedBytes) };
}

export function processorTime(runs: readonly RunCurves[]): ChartLook {
  const shares = lines(
    runs,
    ({ processor }) => processor.share,
    ({ processor }) => processor.seconds,
  );
  return { lines: shares, says: percent, topOfNothing: 0.01 };
}

export function hugePages(runs: readonly RunCurves[]): ChartLook {
  const pages = lines(runs, ({ hugePages }) => hugePages);
  return { lines: pages, says: figure, steps: WHOLE_STEPS, topOfNothing: 1 };
}

/** Of one setting, piled up. The highest is drawn first, and each covers what is below it. */
export function pageKinds({ seconds, kindBytes }: RunCurves): ChartLook {
  const heights = new Array<number>(seconds.length).fill(0);
  const there = PAGE_KINDS.filter((kind) => kindBytes[kind].some((each) => each > 0));
  // Without a line there would be no time either.
  const piled = (there.length === 0 ? PAGE_KINDS : there).map((kind): Line => {
    const values = kindBytes[kind];
    for (const [at, value] of values.entries()) heights[at] = (heights[at] ?? 0) + value;
    const colour = `--kind-${kind}`;
    return { label: kind, colour, seconds, values: [...heights], said: values, isFilled: true };
  });
  return { ...SIZES, lines: piled.reverse() };
}

function lines(
  runs: readonly RunCurves[],
  valuesOf: (run: RunCurves) => Values,
  secondsOf: (run: RunCurves) => readonly number[] = ({ seconds }) => seconds,
): Line[] {
  const all = runs.map(valuesOf);
  const top = all.flat().reduce<number>((most, value) => Math.max(most, value ?? 0), 0);
  return runs.map((run, at) => {
    const values = valuesOf(run);
    const below = all.slice(0, at).filter((other) => lieUpon(values, other, top * NEAR)).length;
    const dashPx = PERIOD_PX / 2 ** Math.min(below, MOST_BELOW);
    const dash = run.isDashed ? DASH : below > 0 ? [dashPx, PERIOD_PX - dashPx] : undefined;
    return {
      label: run.label,
      colour: `--run-${run.colour}`,
      ...(dash === undefined ? {} : { dash }),
      seconds: secondsOf(run),
      values,
    };
  });
}

type Values = readonly (number | null)[];

/** One would hide the other, if it is drawn later. */
function lieUpon(one: Values, other: Values, apart: number): boolean {
  const near = one.filter((value, at) => Math.abs((value ?? 0) - (other[at] ?? 0)) <= apart);
  return near.length >= one.length * MOST_POINTS;
}
