/**
 * A picture as SVG: one plot, a curve a side. Told apart by colour (Okabe and Ito's, for every kind
 * of eye), by dashes and by a label at each curve's end. It has a ground of its own and follows the
 * reader's light or dark mode.
 */
import prettyBytes from 'pretty-bytes';
import { parse, View } from 'vega';
import { compile, type Config as LiteConfig, type TopLevelSpec } from 'vega-lite';
import type { Curve, Picture, SideName } from './curves.js';
import { seconds } from './tables.js';

/** In pixels. */
const WIDTH = 640;
const HEIGHT = 300;

/** In light mode and in dark mode. */
const COLOURS = {
  ground: ['#ffffff', '#0d1117'],
  text: ['#1f2328', '#e6edf3'],
  faint: ['#59636e', '#9198a1'],
  grid: ['#dfe3e8', '#30363d'],
  ksmd: ['#0072b2', '#56b4e9'],
  kernel: ['#b84a00', '#e69f00'],
} as const satisfies Record<string, readonly [string, string]>;
const DASHES: Readonly<Record<SideName, number[]>> = { ksmd: [1, 0], kernel: [6, 3] };
const NAMES: Readonly<Record<SideName, string>> = { ksmd: 'ksmd', kernel: 'the kernel' };

const STYLE: LiteConfig = {
  font: 'system-ui, "Segoe UI", "DejaVu Sans", sans-serif',
  view: { stroke: null },
  title: {
    anchor: 'start',
    color: COLOURS.text[0],
    subtitleColor: COLOURS.faint[0],
    fontSize: 15,
    subtitleFontSize: 12,
    offset: 12,
  },
  axis: {
    labelColor: COLOURS.text[0],
    titleColor: COLOURS.text[0],
    titleFontWeight: 'normal',
    labelFontSize: 12,
    titleFontSize: 12,
    titlePadding: 8,
    gridColor: COLOURS.grid[0],
    domainColor: COLOURS.faint[0],
    tickColor: COLOURS.faint[0],
  },
};

/** `subtitle`: what was measured and where, by line. */
export async function svgOf(picture: Picture, subtitle: readonly string[]): Promise<string> {
  const view = new View(parse(compile(specOf(picture, subtitle)).spec), { renderer: 'none' });
  const svg = await view.toSVG();
  view.finalize();
  return finished(svg, descriptionOf(picture));
}

function specOf({ title, since, curves }: Picture, subtitle: readonly string[]): TopLevelSpec {
  const free = curves.flatMap(({ points }) => points.map(({ freeBytes }) => freeBytes));
  const low = Math.min(...free);
  const high = Math.max(...free);
  const room = (high - low) * 0.1;
  const ticks = Array.from({ length: 5 }, (_, i) => low + ((high - low) * i) / 4);
  const sides = curves.map(({ side }) => side);
  const byColour = {
    field: 'side',
    type: 'nominal',
    scale: { domain: sides, range: sides.map((side) => COLOURS[side][0]) },
    legend: null,
  } as const;
  const byDashes = {
    field: 'side',
    type: 'nominal',
    scale: { domain: sides, range: sides.map((side) => DASHES[side]) },
    legend: null,
  } as const;
  const of = (points: (curve: Curve) => Curve['points']): object[] =>
    curves.flatMap((curve) => points(curve).map((point) => ({ ...point, side: curve.side })));
  const first = Math.min(...curves.map(endOf));
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    width: WIDTH,
    height: HEIGHT,
    padding: { left: 8, top: 8, right: 16, bottom: 8 },
    background: COLOURS.ground[0],
    title: { text: title, subtitle: [...subtitle] },
    config: STYLE,
    encoding: {
      x: {
        field: 'seconds',
        type: 'quantitative',
        // The first seconds are drawn wider: one side needs many times as long as the other, and
        // both are to be read.
        scale: { type: 'sqrt', nice: false },
        axis: { title: `seconds ${since} (square root scale)`, tickCount: 10 },
      },
      y: {
        field: 'freeBytes',
        type: 'quantitative',
        scale: { domain: [low - room, high + 2 * room], nice: false, zero: false },
        axis: { title: 'free memory', values: ticks, labelExpr: labelsOf(ticks) },
      },
    },
    layer: [
      {
        data: { values: of(({ points }) => points) },
        mark: { type: 'line', strokeWidth: 2.5, strokeJoin: 'round' },
        encoding: { color: byColour, strokeDash: byDashes },
      },
      {
        data: { values: of(({ ends }) => ends) },
        mark: { type: 'point', filled: true, size: 50, opacity: 1 },
        encoding: { color: byColour },
      },
      ...curves.map((curve) => ({
        data: { values: curve.ends.slice(-1).map((end) => ({ ...end, side: curve.side })) },
        // Whoever is done first has its label above its end, the other beside it: so they cannot
        // meet.
        mark: {
          type: 'text' as const,
          align: 'left' as const,
          fontSize: 13,
          fontWeight: 'bold' as const,
          ...(endOf(curve) === first ? { dx: -4, dy: -14 } : { dx: 9 }),
        },
        encoding: {
          text: { value: `${NAMES[curve.side]}: ${seconds(endOf(curve))}` },
          color: byColour,
        },
      })),
    ],
  };
}

function descriptionOf({ title, curves }: Picture): string {
  return (
    `${title}: free memory over time. ` +
    `${curves.map((curve) => `${NAMES[curve.side]}: ${seconds(endOf(curve))}`).join('; ')}.`
  );
}

function endOf({ points }: Curve): number {
  return points.at(-1)?.seconds ?? 0;
}

/** An expression for the axis that gives each tick its size with a unit. */
function labelsOf(ticks: readonly number[]): string {
  return ticks
    .map(
      (tick) =>
        `datum.value == ${tick} ? ` +
        `'${prettyBytes(tick, { binary: true, maximumFractionDigits: 3 })}' : `,
    )
    .concat("''")
    .join('');
}

/**
 * With a title for those who cannot see it, and a style sheet for dark mode: Vega writes colours as
 * attributes, which it overrides.
 */
function finished(svg: string, description: string): string {
  const rules = Object.values(COLOURS).flatMap(([light, dark]) =>
    ['fill', 'stroke'].map((name) => `[${name}="${light}"]{${name}:${dark}}`),
  );
  const style = `<style>@media (prefers-color-scheme:dark){${rules.join('')}}</style>`;
  return svg.replace(
    /<svg([^>]*)>/,
    (_, attributes) =>
      `<svg role="img"${attributes}><title>${escaped(description)}</title>${style}`,
  );
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
