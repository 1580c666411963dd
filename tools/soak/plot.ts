/** A long run as a picture: one panel a figure, over the minutes. */
import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import type { Figures } from './figures.js';

const PANELS: readonly (readonly [keyof Figures, string])[] = [
  ['residentMiB', 'resident memory, MiB'],
  ['descriptors', 'descriptors'],
  ['threads', 'threads'],
  ['p99Ms', 'status answered, p99 in ms'],
  ['wrong', 'wrong bytes'],
];

/** An SVG. */
export async function plotOf(figures: readonly Figures[], title: string): Promise<string> {
  const spec: TopLevelSpec = {
    title: { text: title, anchor: 'start' },
    data: { values: [...figures] },
    config: { font: 'system-ui, "DejaVu Sans", sans-serif', background: 'white' },
    vconcat: PANELS.map(([field, name]) => ({
      width: 640,
      height: 90,
      mark: { type: 'line' as const, point: figures.length < 20 },
      encoding: {
        x: { field: 'minute', type: 'quantitative' as const, title: 'minutes' },
        y: { field, type: 'quantitative' as const, title: name, scale: { zero: true } },
      },
    })),
  };
  const view = new View(parse(compile(spec).spec), { renderer: 'none' });
  const svg = await view.toSVG();
  view.finalize();
  return svg;
}
