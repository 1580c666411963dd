/**
 * Who shares with whom, as a square: a row and a column a guest, the more two have in common the
 * stronger the colour. Pointed at, or gone to by keys, a cell is told in words.
 */
import { percent, size } from '../../wording/amounts.js';
import { made, say } from '../elements.js';
import { Amounts, bytesOfShade } from './amounts.js';
import { HeatCanvas } from './heat-canvas.js';
import type { HeatMapData } from './heat-map-data.js';

const LEGEND_SHADES = [0, 0.25, 0.5, 0.75, 1];
const LEAP = 10;
/** All of it is to be seen at once, on a low screen as well. */
const OF_HEIGHT = 0.85;
const LEAST_PX = 420;
const EMPTY: HeatMapData = { names: [], bytes: [], withOthersBytes: [], pairs: [], groups: [] };

interface Cell {
  readonly row: number;
  readonly column: number;
}

export class HeatMap {
  private data = EMPTY;
  private amounts = new Amounts(0, []);
  private cell: Cell | undefined;
  private readonly place = made('div');
  private readonly map = made('div', '', 'heat-square');
  private readonly canvas = made('canvas');
  private readonly row = made('div', '', 'heat-mark');
  private readonly column = made('div', '', 'heat-mark');
  private readonly said = made('p', '', 'heat-said');
  private readonly spoken = made('p', '', 'spoken');
  private readonly ticks = made('ol', '', 'heat-ticks');
  private readonly drawn: HeatCanvas;

  constructor(target: HTMLElement) {
    const { map, canvas } = this;
    const help = made(
      'p',
      'Point at a square, or give the map the focus: the arrow keys go guest by guest, with ' +
        'Shift ten at a time, Home and End along a row, Escape lets go. Those that are alike ' +
        'stand together. Boxes are groups, of which each two have in common half of what the ' +
        'larger one has, or more.',
      'hint',
    );
    help.id = `${target.id}-help`;
    map.tabIndex = 0;
    map.setAttribute('role', 'application');
    map.setAttribute('aria-label', 'Map of what each two guests have in common');
    map.setAttribute('aria-describedby', help.id);
    canvas.setAttribute('aria-hidden', 'true');
    this.spoken.setAttribute('role', 'status');
    map.append(canvas, this.row, this.column);
    const beside = made('div');
    beside.append(this.said, this.legend(), help, this.spoken);
    this.place.append(map);
    target.classList.add('heat-map');
    target.append(this.place, beside);
    this.drawn = new HeatCanvas(canvas);
    new ResizeObserver(() => this.redraw()).observe(this.place);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.redraw());
    matchMedia('print').addEventListener('change', () => this.redraw());
    for (const event of ['pointermove', 'pointerdown'] as const)
      map.addEventListener(event, ({ clientX, clientY }) => this.point(this.at(clientX, clientY)));
    map.addEventListener('keydown', (keyed) => this.onKey(keyed));
  }

  show(data: HeatMapData): void {
    this.data = data;
    this.amounts = new Amounts(data.names.length, data.pairs);
    const { most } = this.amounts;
    this.ticks.replaceChildren(
      ...LEGEND_SHADES.map((shade) =>
        made('li', shade === 0 ? '> 0' : size(bytesOfShade(shade, most))),
      ),
    );
    this.point(undefined);
    this.redraw();
  }

  private legend(): HTMLElement {
    const legend = made('div', '', 'heat-legend');
    legend.append(
      made('p', 'In common, by colour, which goes with the square root of the amount:', 'hint'),
      made('div', '', 'heat-scale'),
      this.ticks,
      key('nothing', 'none'),
      key('a guest itself', 'self'),
    );
    return legend;
  }

  private redraw(): void {
    const { data, amounts, place } = this;
    const widthPx = Math.min(place.clientWidth, Math.max(LEAST_PX, innerHeight * OF_HEIGHT));
    if (data.names.length === 0 || widthPx === 0) return;
    this.drawn.draw(data, amounts, widthPx);
    this.mark();
  }

  private at(clientX: number, clientY: number): Cell | undefined {
    const box = this.canvas.getBoundingClientRect();
    const { left, top, cell } = this.drawn.square;
    const column = Math.floor((clientX - box.left - left) / cell);
    const row = Math.floor((clientY - box.top - top) / cell);
    const { guests } = this.amounts;
    const isWithin = (at: number): boolean => at >= 0 && at < guests;
    return isWithin(row) && isWithin(column) ? { row, column } : undefined;
  }

  private onKey(keyed: KeyboardEvent): void {
    if (keyed.ctrlKey || keyed.metaKey || keyed.altKey) return;
    const next = this.moved(keyed.key, keyed.shiftKey ? LEAP : 1);
    if (next === 'none') return;
    keyed.preventDefault();
    this.point(next);
    say(this.spoken, this.words());
  }

  /** 'none' for a key that moves nothing. */
  private moved(key: string, step: number): Cell | undefined | 'none' {
    const last = this.amounts.guests - 1;
    const { row, column } = this.cell ?? { row: 0, column: Math.min(1, last) };
    const within = (at: number): number => Math.max(0, Math.min(last, at));
    switch (key) {
      case 'ArrowLeft':
        return { row, column: within(column - step) };
      case 'ArrowRight':
        return { row, column: within(this.cell === undefined ? column : column + step) };
      case 'ArrowUp':
        return { row: within(row - step), column };
      case 'ArrowDown':
        return { row: within(row + step), column };
      case 'Home':
        return { row, column: 0 };
      case 'End':
        return { row, column: last };
      case 'Escape':
        return undefined;
      default:
        return 'none';
    }
  }

  private point(cell: Cell | undefined): void {
    this.cell = cell;
    say(this.said, this.words());
    this.mark();
  }

  /** The row and the column that are pointed at. */
  private mark(): void {
    const { cell: pointed, row, column } = this;
    row.hidden = pointed === undefined;
    column.hidden = pointed === undefined;
    if (pointed === undefined) return;
    const { left, top, cell } = this.drawn.square;
    const side = left + cell * this.amounts.guests;
    lay(row, 0, top + pointed.row * cell, side, cell);
    lay(column, left + pointed.column * cell, 0, cell, side);
  }

  private words(): string {
    const { cell, data, amounts } = this;
    if (cell === undefined) return '\u00a0';
    const { row, column } = cell;
    const nameOf = (at: number): string => data.names[at] ?? '';
    const bytesOf = (at: number): number => data.bytes[at] ?? 0;
    if (row === column)
      return (
        `${nameOf(row)}: ${size(bytesOf(row))} present, ` +
        `contents of ${size(data.withOthersBytes[row] ?? 0)} that others have too`
      );
    const both = amounts.of(row, column);
    const shareOf = (at: number): string => percent(both / Math.max(1, bytesOf(at)));
    return (
      `${nameOf(row)} and ${nameOf(column)}: ${size(both)} in common, ` +
      `${shareOf(row)} of the first, ${shareOf(column)} of the second`
    );
  }
}

function key(text: string, of: 'none' | 'self'): HTMLElement {
  const shown = made('span', text, 'heat-key');
  shown.dataset.of = of;
  return shown;
}

function lay(mark: HTMLElement, left: number, top: number, width: number, height: number): void {
  mark.style.left = `${left}px`;
  mark.style.top = `${top}px`;
  mark.style.width = `${width}px`;
  mark.style.height = `${height}px`;
}
