/** Predictions and the kernel's runs as a picture: a panel a setting, what is merged over time. */
import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import type { Curve } from './curves.js';

/** One setting of one group. */
export interface Panel {
  readonly name: string;
  readonly predicted: Curve;
  readonly kernel: readonly Curve[];
}

const COLUMNS = 3;
/** To be seen in a panel, points are farther apart than they are counted. */
const APART_SECONDS = 0.25;
/** What was predicted is on top, and what lies below it is to be seen beside it. */
const LINES = {
  kernel: { color: '#9aa0aa', width: 3 },
  predicted: { color: '#c2410c', width: 1.25 },
};

/** An SVG. */
export async function plotOf(panels: readonly Panel[], title: string): Promise<string> {
  const spec: TopLevelSpec = {
    title: { text: title, anchor: 'start', fontSize: 14 },
    // Of its own, so that it can be read on a dark page too.
    background: 'white',
    padding: 12,
    config: { font: 'system-ui, "DejaVu Sans", sans-serif' },
    columns: COLUMNS,
    concat: panels.map(({ name, predicted, kernel }, at) => ({
      title: { text: name, fontSize: 11, fontWeight: 'normal' as const },
      width: 205,
      height: 120,
      layer: [
        lineOf(
          'kernel',
          kernel.flatMap((curve, run) => rowsOf(curve, 'kernel', run)),
          at,
        ),
        lineOf('predicted', rowsOf(predicted, 'predicted', 0), at),
      ],
    })),
  };
  const view = new View(parse(compile(spec).spec), { renderer: 'none' });
  const svg = await view.toSVG();
  view.finalize();
  return svg;
}

interface Row {
  readonly seconds: number;
  readonly sharing: number;
  readonly by: keyof typeof LINES;
  readonly run: number;
}

function lineOf(by: keyof typeof LINES, values: Row[], panel: number) {
  const names = Object.keys(LINES);
  const colors = Object.values(LINES).map(({ color }) => color);
  return {
    data: { values },
    mark: { type: 'line' as const, strokeWidth: LINES[by].width },
    encoding: {
      x: { field: 'seconds', type: 'quantitative' as const, axis: { tickCount: 5 } },
      y: {
        field: 'sharing',
        type: 'quantitative' as const,
        title: panel % COLUMNS === 0 ? 'pages_sharing' : null,
        axis: { tickCount: 4, format: '~s' },
      },
      detail: { field: 'run', type: 'nominal' as const },
      color: {
        field: 'by',
        type: 'nominal' as const,
        scale: { domain: names, range: colors },
        legend: { title: null, orient: 'top' as const },
      },
    },
  };
}

/** Where a curve stands still, its ends say as much as all of it. */
function rowsOf(curve: Curve, by: keyof typeof LINES, run: number): Row[] {
  const apart: Curve[number][] = [];
  for (const point of curve)
    if (point.seconds >= (apart.at(-1)?.seconds ?? Number.NEGATIVE_INFINITY) + APART_SECONDS)
      apart.push(point);
  return apart
    .filter(
      ({ sharing }, at) => apart[at - 1]?.sharing !== sharing || apart[at + 1]?.sharing !== sharing,
    )
    .map(({ seconds, sharing }) => ({ seconds, sharing, by, run }));
}
