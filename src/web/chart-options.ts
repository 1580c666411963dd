/** How the charts look, and what uPlot is told of it. */
import type UPlot from 'uplot';
import { percent, size } from '../wording/amounts.js';
import { clock, compact } from './wording.js';

export const HEIGHT_PX = 190;
const AXIS_PX = 64;
/** Of a stretch that is longer, seconds say nothing. */
const HOUR_SECONDS = 3600;
/** A share that is less fills no chart. */
const LEAST_SHARE = 0.01;

export interface SeriesLook {
  readonly label: string;
  readonly colour: string;
  readonly dash?: number[];
  readonly scale: string;
  readonly value: (value: number) => string;
}

export const MEMORY: readonly SeriesLook[] = [
  { label: 'in use', colour: '--line-1', scale: 'y', value: size },
  { label: 'free', colour: '--line-2', dash: [6, 4], scale: 'y', value: size },
  { label: 'saved', colour: '--line-3', dash: [2, 3], scale: 'y', value: size },
];
export const SCAN: readonly SeriesLook[] = [
  {
    label: 'pages a second',
    colour: '--line-1',
    scale: 'y',
    value: (rate) => `${compact(rate)}/s`,
  },
  {
    label: 'of a processor, a kernel’s',
    colour: '--line-2',
    dash: [6, 4],
    scale: 'share',
    value: percent,
  },
];

export interface ChartListener {
  /** A stretch was dragged over: it is the plot's select. */
  dragged(plot: UPlot): void;
  /** A double-click. */
  goesBack(): void;
}

export function chartOptions(
  target: HTMLElement,
  looks: readonly SeriesLook[],
  listener: ChartListener,
): UPlot.Options {
  const styles = getComputedStyle(document.documentElement);
  const colour = (name: string): string => styles.getPropertyValue(name).trim();
  const axis = {
    stroke: colour('--muted'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
    font: '11px system-ui, sans-serif',
  };
  const scales = [...new Set(looks.map(({ scale }) => scale))];
  return {
    width: Math.max(200, target.clientWidth),
    height: HEIGHT_PX,
    legend: {
      markers: {
        width: 2,
        dash: (_plot, i) => (looks[i - 1]?.dash === undefined ? 'solid' : 'dashed'),
      },
    },
    cursor: {
      drag: { x: true, y: false, setScale: false },
      bind: {
        dblclick: () => () => {
          listener.goesBack();
          return null;
        },
      },
    },
    hooks: { setSelect: [(plot) => listener.dragged(plot)] },
    scales: {
      y: { range: (_plot, _min, max) => [0, topOf(max, 0)] },
      share: { range: (_plot, _min, max) => [0, topOf(max, LEAST_SHARE)] },
    },
    axes: [
      { ...axis, size: 26, space: 70, values: times },
      ...scales.map((scale, i) => ({
        ...axis,
        scale,
        side: i === 0 ? (3 as const) : (1 as const),
        size: i === 0 ? AXIS_PX : AXIS_PX - 16,
        grid: i === 0 ? axis.grid : { show: false },
        ...(looks.every(({ value }) => value === size) ? { incrs: BYTE_STEPS } : {}),
        values: (_plot: UPlot, splits: number[]) =>
          splits.map((value) => looks.find((look) => look.scale === scale)?.value(value) ?? ''),
      })),
    ],
    series: [
      {
        label: 'at',
        value: (_plot, seconds: number | null) => (seconds === null ? '–' : clock(seconds * 1000)),
      },
      ...looks.map(({ label, colour: name, dash, scale, value }, i) => ({
        label,
        scale,
        stroke: colour(name),
        width: 2,
        ...(dash === undefined ? {} : { dash }),
        ...(i === 0 ? { fill: `${colour(name)}1c` } : {}),
        points: { show: false },
        value: (_plot: UPlot, number: number | null) => (number === null ? '–' : value(number)),
      })),
    ],
  };
}

/** Where an axis ends that has to have room for so much, and is never shorter than that. */
export function topOf(most: number | null, least: number): number {
  return Math.max((most ?? 0) * 1.08, least) || 1;
}

function times(plot: UPlot, splits: number[]): string[] {
  const { min = 0, max = 0 } = plot.scales.x ?? {};
  const isLong = max - min > HOUR_SECONDS;
  return splits.map((at) => clock(at * 1000).slice(0, isLong ? 5 : 8));
}

/** Steps of an axis of sizes: powers of two. */
const BYTE_STEPS = Array.from({ length: 41 }, (_, power) => 2 ** power);
