/** How the questions to a fleet grow with it, as a picture: time and memory by hosts. */
import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';

export interface GrowthPoint {
  readonly hosts: number;
  readonly question: string;
  readonly seconds: number;
  readonly gibibytes: number;
}

const PANELS = [
  ['seconds', 'seconds'],
  ['gibibytes', 'memory, GiB at most'],
] as const;

/** An SVG. */
export async function growthPlot(points: readonly GrowthPoint[], title: string): Promise<string> {
  const spec: TopLevelSpec = {
    title: { text: title, anchor: 'start' },
    data: { values: [...points] },
    config: { font: 'system-ui, "DejaVu Sans", sans-serif', background: 'white' },
    vconcat: PANELS.map(([field, name]) => ({
      width: 560,
      height: 220,
      mark: { type: 'line' as const, point: true },
      encoding: {
        x: {
          field: 'hosts',
          type: 'quantitative' as const,
          scale: { type: 'log' as const },
          axis: { title: 'hosts', values: [...new Set(points.map(({ hosts }) => hosts))] },
        },
        y: {
          field,
          type: 'quantitative' as const,
          title: name,
          scale: { type: 'log' as const },
        },
        color: { field: 'question', type: 'nominal' as const, title: 'ksmd fleet' },
      },
    })),
  };
  const view = new View(parse(compile(spec).spec), { renderer: 'none' });
  const svg = await view.toSVG();
  view.finalize();
  return svg;
}
