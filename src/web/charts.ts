/** Memory, and the scanner's work and what it costs, over the last minutes. Drawn once a second. */
import type UPlot from 'uplot';
import type { Sample } from '../protocol/history.js';
import { element } from './elements.js';
import { ratesBetween } from './figures.js';
import { bytes, clock, compact, percent } from './wording.js';

/** A script of its own in the page. */
declare const uPlot: typeof UPlot;

const MAX_SAMPLES = 600;
const MIN_SECONDS = 60;
const HEIGHT_PX = 190;
const AXIS_PX = 64;

interface SeriesLook {
  readonly label: string;
  readonly colour: string;
  readonly dash?: number[];
  readonly scale: string;
  readonly value: (value: number) => string;
}

const MEMORY: readonly SeriesLook[] = [
  { label: 'in use', colour: '--line-1', scale: 'y', value: bytes },
  { label: 'free', colour: '--line-2', dash: [6, 4], scale: 'y', value: bytes },
  { label: 'saved', colour: '--line-3', dash: [2, 3], scale: 'y', value: bytes },
];
const SCAN: readonly SeriesLook[] = [
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

export class Charts {
  private samples: Sample[] = [];
  /** Seconds since 1970 of the daemon's start. */
  private originSeconds = 0;
  private plots: readonly { readonly plot: UPlot; readonly data: () => UPlot.AlignedData }[] = [];

  constructor() {
    new ResizeObserver(() => this.resize()).observe(element('memory-chart', HTMLDivElement));
  }

  get kept(): readonly Sample[] {
    return this.samples;
  }

  /** What the daemon kept. */
  begin(samples: readonly Sample[]): void {
    this.samples = [...samples];
    this.originSeconds = (Date.now() - (samples.at(-1)?.atMs ?? 0)) / 1000;
    this.redraw();
  }

  add(sample: Sample): void {
    this.samples.push(sample);
    if (this.samples.length > MAX_SAMPLES) this.samples.shift();
    this.update();
  }

  /** Draws all anew, in the colours of now. */
  redraw(): void {
    for (const { plot } of this.plots) plot.destroy();
    this.plots = [];
    if (this.samples.length === 0) return;
    this.plots = [
      { plot: this.plot('memory-chart', MEMORY), data: () => this.memory() },
      { plot: this.plot('scan-chart', SCAN), data: () => this.scan() },
    ];
    this.update();
  }

  private update(): void {
    for (const { plot, data } of this.plots) {
      plot.setData(data());
      // With no pointer on it, the legend says what is now.
      if ((plot.cursor.left ?? -1) < 0) plot.setLegend({ idx: this.samples.length - 1 });
    }
  }

  private resize(): void {
    for (const { plot } of this.plots) {
      const width = plot.root.parentElement?.clientWidth ?? 0;
      if (width > 0 && width !== plot.width) plot.setSize({ width, height: HEIGHT_PX });
    }
  }

  private memory(): UPlot.AlignedData {
    const { samples } = this;
    return [
      this.seconds(),
      samples.map(({ usedBytes }) => usedBytes),
      samples.map(({ freeBytes }) => freeBytes),
      samples.map(({ savedBytes }) => savedBytes),
    ];
  }

  private scan(): UPlot.AlignedData {
    const rates = this.samples.map((sample, i) =>
      ratesBetween(this.samples[Math.max(0, i - 1)], sample),
    );
    return [
      this.seconds(),
      rates.map(({ pagesPerSecond }) => pagesPerSecond),
      rates.map(({ kernelCpuShare }) => kernelCpuShare),
    ];
  }

  private seconds(): number[] {
    return this.samples.map(({ atMs }) => this.originSeconds + atMs / 1000);
  }

  private plot(id: string, looks: readonly SeriesLook[]): UPlot {
    const styles = getComputedStyle(document.documentElement);
    const colour = (name: string): string => styles.getPropertyValue(name).trim();
    const target = element(id, HTMLDivElement);
    const axis = {
      stroke: colour('--muted'),
      grid: { stroke: colour('--line'), width: 1 },
      ticks: { show: false },
      font: '11px system-ui, sans-serif',
    };
    const scales = [...new Set(looks.map(({ scale }) => scale))];
    return new uPlot(
      {
        width: Math.max(200, target.clientWidth),
        height: HEIGHT_PX,
        legend: {
          markers: {
            width: 2,
            dash: (_plot, i) => (looks[i - 1]?.dash === undefined ? 'solid' : 'dashed'),
          },
        },
        cursor: { drag: { x: false, y: false } },
        scales: {
          x: {
            range: (_plot, _min, max) => [
              Math.min(max - MIN_SECONDS, this.seconds()[0] ?? max),
              max,
            ],
          },
          y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.08 : 1] },
          share: { range: () => [0, 1.08] },
        },
        axes: [
          {
            ...axis,
            size: 26,
            space: 70,
            values: (_plot, splits) => splits.map((at) => clock(at * 1000)),
          },
          ...scales.map((scale, i) => ({
            ...axis,
            scale,
            side: i === 0 ? (3 as const) : (1 as const),
            size: i === 0 ? AXIS_PX : AXIS_PX - 16,
            grid: i === 0 ? axis.grid : { show: false },
            ...(looks.every(({ value }) => value === bytes) ? { incrs: BYTE_STEPS } : {}),
            values: (_plot: UPlot, splits: number[]) =>
              splits.map((value) => looks.find((look) => look.scale === scale)?.value(value) ?? ''),
          })),
        ],
        series: [
          {
            label: 'at',
            value: (_plot, seconds: number | null) =>
              seconds === null ? '–' : clock(seconds * 1000),
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
      },
      [[]],
      target,
    );
  }
}

/** Steps of an axis of sizes: powers of two. */
const BYTE_STEPS = Array.from({ length: 41 }, (_, power) => 2 ** power);
