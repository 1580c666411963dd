/**
 * One chart: curves over the time predicted, drawn by uPlot, on a screen or for paper. What is
 * pointed at in one is pointed at in all, and so is a stretch that is looked at closer, and a
 * curve that is hidden.
 *
 * uPlot is handed in: a page of its own has it bundled, the dashboard as a script beside others.
 */
import type UPlot from 'uplot';
import { elapsed, TIME_STEPS } from './elapsed.js';

const HEIGHT_PX = 220;
/** On paper, where widths of the screen say nothing, two stand beside each other. */
const PAPER_WIDTH_PX = 310;
const PAPER_HEIGHT_PX = 170;
/** For paper all is drawn so much larger, and then made smaller: sharp, where that is known. */
const PAPER_SCALE = CSS.supports('zoom', '0.5') ? 3 : 1;
const AXIS_PX = 68;
/** For half of what stands below the last line. */
const RIGHT_PX = 24;
const SYNCHRONOUS = 'prediction';
type Drawn = number | null | undefined;
const isEqual = (one: string | null, other: string | null): boolean => one === other;

export interface Line {
  readonly label: string;
  /** A property of the page's styles. */
  readonly colour: string;
  readonly dash?: readonly number[];
  readonly seconds: readonly number[];
  readonly values: readonly (number | null)[];
  /** What the legend says, where that is not what is drawn. */
  readonly said?: readonly number[];
  readonly isFilled?: true;
}

export interface ChartLook {
  readonly lines: readonly Line[];
  readonly says: (value: number) => string;
  /** Of the axis of values. Default: as they come, in tens. */
  readonly steps?: readonly number[];
  /** The axis goes up to this where there is nothing but zeroes. */
  readonly topOfNothing: number;
}

export class Chart {
  private plot: UPlot | undefined;
  private isPrinted = false;

  constructor(
    private readonly target: HTMLElement,
    /** What it is a picture of, for who does not see it. */
    private readonly what: string,
    private look: ChartLook,
    private readonly uPlot: typeof UPlot,
  ) {
    new ResizeObserver(() => this.resize()).observe(target);
  }

  /** Others in their place. */
  show(look: ChartLook): void {
    this.look = look;
    this.draw(this.isPrinted);
  }

  /** Anew, in the colours of now. What was hidden stays hidden. */
  draw(isPrinted: boolean): void {
    this.isPrinted = isPrinted;
    const before = this.plot;
    const {
      look: { lines },
      uPlot,
    } = this;
    const hidden = new Set(before?.series.flatMap(({ show, label }) => (show ? [] : [label])));
    const data = uPlot.join(lines.map(({ seconds, values }) => [[...seconds], [...values]]));
    before?.destroy();
    const plot = new uPlot(this.options(hidden), data, this.target);
    const picture = plot.root.querySelector('.u-wrap');
    picture?.setAttribute('role', 'img');
    picture?.setAttribute('aria-label', this.what);
    for (const name of plot.root.querySelectorAll('.u-legend th'))
      name.setAttribute('scope', 'row');
    this.plot = plot;
    this.sayLast();
  }

  /** Others are not told of it any more, nor it of them. */
  remove(): void {
    this.plot?.destroy();
    this.plot = undefined;
  }

  private options(hidden: ReadonlySet<unknown>): UPlot.Options {
    const { look, isPrinted } = this;
    const { lines, says } = look;
    const scale = isPrinted ? PAPER_SCALE : 1;
    const styles = getComputedStyle(document.documentElement);
    const colour = (name: string): string => styles.getPropertyValue(name).trim();
    const axis = {
      stroke: colour('--muted'),
      grid: { stroke: colour('--line'), width: scale },
      ticks: { show: false },
      gap: 5 * scale,
      font: `${11 * scale}px system-ui, sans-serif`,
    };
    return {
      width: this.widthPx * scale,
      height: (isPrinted ? PAPER_HEIGHT_PX : HEIGHT_PX) * scale,
      padding: [8 * scale, RIGHT_PX * scale, 0, 0],
      legend: {
        markers: {
          width: 2,
          dash: (_plot, at) => (lines[at - 1]?.dash === undefined ? 'solid' : 'dashed'),
        },
      },
      focus: { alpha: 0.25 },
      cursor: {
        focus: { prox: lines.some(({ isFilled }) => isFilled) ? -1 : 24 },
        sync: { key: SYNCHRONOUS, setSeries: true, match: [isEqual, isEqual, sameLabel] },
      },
      scales: {
        x: { time: false },
        y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.08 : look.topOfNothing] },
      },
      axes: [
        {
          ...axis,
          size: 28 * scale,
          space: 80 * scale,
          incrs: TIME_STEPS,
          values: (_plot, splits) => splits.map(elapsed),
        },
        {
          ...axis,
          size: AXIS_PX * scale,
          space: 34 * scale,
          ...(look.steps === undefined ? {} : { incrs: [...look.steps] }),
          values: (_plot, splits) => splits.map(says),
        },
      ],
      series: [
        { label: 'after', value: (_plot, at: number | null) => (at === null ? '–' : elapsed(at)) },
        ...lines.map((line) => ({
          label: line.label,
          show: !hidden.has(line.label),
          stroke: colour(line.colour),
          width: 2 * scale,
          ...(line.dash === undefined ? {} : { dash: line.dash.map((px) => px * scale) }),
          ...(line.isFilled ? { fill: colour(line.colour) } : {}),
          points: { show: false },
          // Undefined at a time that only other lines have a value at.
          value: (_plot: UPlot, drawn: Drawn, _series: number, at: number | null) => {
            const value = at === null ? drawn : (line.said?.[at] ?? drawn);
            return value === null || value === undefined ? '–' : says(value);
          },
        })),
      ],
      hooks: { setCursor: [() => this.sayLast()] },
    };
  }

  /** With no pointer on it, the legend says what is so in the end. */
  private sayLast(): void {
    const { plot } = this;
    if (plot === undefined || (plot.cursor.left ?? -1) >= 0) return;
    plot.setLegend({ idx: plot.data[0].length - 1 });
  }

  private resize(): void {
    const { plot, widthPx } = this;
    if (plot === undefined || this.isPrinted || widthPx === plot.width) return;
    plot.setSize({ width: widthPx, height: HEIGHT_PX });
  }

  private get widthPx(): number {
    return this.isPrinted ? PAPER_WIDTH_PX : Math.max(200, this.target.clientWidth);
  }
}

/** Where a chart has the curve that another one has there; -1: nowhere. None is none in all. */
function sameLabel(plot: UPlot, other: UPlot, at: number): number {
  const label = other.series[at]?.label;
  return label === undefined ? at : plot.series.findIndex((series) => series.label === label);
}
