/** The charts of the page: which lines each has, and how their values read. */
import { figure, percent, size } from '../../wording/amounts.js';
import type { ChartLook, Line } from './chart.js';
import { PAGE_KINDS, type RunCurves } from './curves.js';

const DASH = [6, 4];

export function saved(runs: readonly RunCurves[]): ChartLook {
  return { lines: lines(runs, ({ savedBytes }) => savedBytes), says: size, areSizes: true };
}

export function processorTime(runs: readonly RunCurves[]): ChartLook {
  const shares = lines(
    runs,
    ({ processor }) => processor.share,
    ({ processor }) => processor.seconds,
  );
  return { lines: shares, says: percent, areSizes: false };
}

export function hugePages(runs: readonly RunCurves[]): ChartLook {
  return { lines: lines(runs, ({ hugePages }) => hugePages), says: figure, areSizes: false };
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
  return { lines: piled.reverse(), says: size, areSizes: true };
}

function lines(
  runs: readonly RunCurves[],
  valuesOf: (run: RunCurves) => readonly (number | null)[],
  secondsOf: (run: RunCurves) => readonly number[] = ({ seconds }) => seconds,
): Line[] {
  return runs.map((run) => ({
    label: run.label,
    colour: `--run-${run.colour}`,
    ...(run.isDashed ? { dash: DASH } : {}),
    seconds: secondsOf(run),
    values: valuesOf(run),
  }));
}
