/**
 * Memory, and the scanner's work and what it costs, over the time that the daemon keeps: a day.
 * Drawn once a second.
 *
 * Both charts show the same time: the last minutes, hours or the day, or a stretch that somebody
 * has dragged over. What is drawn of that is as high as the chart.
 */
import type UPlot from 'uplot';
import type { Sample } from '../protocol/history.js';
import { KeptSamples } from '../protocol/kept-samples.js';
import { type Mark, MarkLines, MarkList, marksOf, shownMarks } from './chart-marks.js';
import { chartOptions, HEIGHT_PX, MEMORY, SCAN, type SeriesLook } from './chart-options.js';
import { element } from './elements.js';
import { ratesBetween } from './figures.js';

/** A script of its own in the page. */
declare const uPlot: typeof UPlot;

const MIN_SECONDS = 60;
/** What is dragged over by mistake is no stretch. CSS pixels. */
const LEAST_DRAG_PX = 4;

type Window = readonly [from: number, to: number];

interface Chart {
  readonly plot: UPlot;
  readonly lines: MarkLines;
  readonly data: () => UPlot.AlignedData;
}

export class Charts {
  private kept = new KeptSamples();
  private samples: readonly Sample[] = [];
  /** Seconds since 1970 of the daemon's start. */
  private originSeconds = 0;
  private plots: readonly Chart[] = [];
  private spanSeconds = 600;
  /** What was dragged over. */
  private zoomed: Window | undefined;
  private readonly markList = new MarkList();
  private readonly back = element('zoom-back', HTMLButtonElement);
  private readonly spans = [
    ...element('spans', HTMLFieldSetElement).querySelectorAll('button[data-seconds]'),
  ].filter((button) => button instanceof HTMLButtonElement);

  constructor() {
    new ResizeObserver(() => this.resize()).observe(element('memory-chart', HTMLDivElement));
    this.back.addEventListener('click', () => this.zoom(undefined));
    for (const button of this.spans)
      button.addEventListener('click', () => {
        this.spanSeconds = Number(button.dataset.seconds);
        this.zoom(undefined);
      });
  }

  /** The last samples, oldest first. */
  last(most: number): readonly Sample[] {
    return this.samples.slice(-most);
  }

  /** What the daemon kept. */
  begin(samples: readonly Sample[]): void {
    this.kept = new KeptSamples(samples);
    this.samples = this.kept.all;
    this.originSeconds = (Date.now() - (samples.at(-1)?.atMs ?? 0)) / 1000;
    if (!this.isInReach(this.zoomed)) this.zoomed = undefined;
    this.update();
  }

  add(sample: Sample): void {
    this.kept.add(sample);
    this.samples = this.kept.all;
    this.update();
  }

  /** Draws all anew, in the colours of now. Curves that were hidden stay so. */
  redraw(): void {
    const before = this.plots;
    for (const { plot } of before) plot.destroy();
    this.plots = [];
    this.update();
    for (const [at, { plot }] of this.plots.entries())
      for (const [curve, { show }] of (before[at]?.plot.series ?? []).entries())
        if (show === false) plot.setSeries(curve, { show });
  }

  /** A stretch of time, for all charts; undefined: what is going on. */
  private zoom(window: Window | undefined): void {
    this.zoomed = window;
    this.update();
  }

  private update(): void {
    if (this.plots.length === 0 && this.samples.length > 0)
      this.plots = [
        this.chart('memory-chart', MEMORY, () => this.memory()),
        this.chart('scan-chart', SCAN, () => this.scan()),
      ];
    const window = this.zoomed ?? this.going;
    const marks = marksOf(this.samples, (sample) => this.secondsOf(sample));
    let shown: readonly Mark[] = [];
    for (const { plot, lines, data } of this.plots) {
      plot.batch(() => {
        plot.setData(data(), false);
        plot.setScale('x', { min: window[0], max: window[1] });
      });
      shown = shownMarks(marks, window, plot.over.clientWidth);
      lines.show(plot, shown);
      // With no pointer on it, the legend says what is at its end.
      if ((plot.cursor.left ?? -1) < 0) this.sayLast(plot, window);
    }
    this.markList.show(shown);
    this.back.disabled = this.zoomed === undefined;
    for (const button of this.spans)
      button.ariaPressed = String(
        this.zoomed === undefined && Number(button.dataset.seconds) === this.spanSeconds,
      );
  }

  /** A daemon that has come since has no samples of it. */
  private isInReach(window: Window | undefined): boolean {
    const [first, last] = [this.samples[0], this.samples.at(-1)];
    if (window === undefined || first === undefined || last === undefined) return false;
    return window[1] > this.secondsOf(first) && window[0] < this.secondsOf(last);
  }

  /** What is going on: up to now, no further back than there are samples. */
  private get going(): Window {
    const [first, last] = [this.samples[0], this.samples.at(-1)];
    if (first === undefined || last === undefined) return [0, MIN_SECONDS];
    const to = this.secondsOf(last);
    const from = Math.max(this.secondsOf(first), to - this.spanSeconds);
    return [Math.min(from, to - MIN_SECONDS), to];
  }

  private sayLast(plot: UPlot, [, to]: Window): void {
    const idx = this.samples.findLastIndex((sample) => this.secondsOf(sample) <= to);
    plot.setLegend({ idx: Math.max(0, idx) });
  }

  private resize(): void {
    for (const { plot } of this.plots) {
      const width = plot.root.parentElement?.clientWidth ?? 0;
      if (width > 0 && width !== plot.width) plot.setSize({ width, height: HEIGHT_PX });
    }
    this.update();
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
    return this.samples.map((sample) => this.secondsOf(sample));
  }

  private secondsOf({ atMs }: Sample): number {
    return this.originSeconds + atMs / 1000;
  }

  private chart(id: string, looks: readonly SeriesLook[], data: Chart['data']): Chart {
    const target = element(id, HTMLDivElement);
    const options = chartOptions(target, looks, {
      dragged: (plot) => this.dragged(plot),
      goesBack: () => this.zoom(undefined),
    });
    return { plot: new uPlot(options, [[]], target), lines: new MarkLines(), data };
  }

  private dragged(plot: UPlot): void {
    const { left, width } = plot.select;
    if (width === 0) return;
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    if (width >= LEAST_DRAG_PX)
      this.zoom([plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x')]);
  }
}
