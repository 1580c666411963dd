/**
 * Draws the square of a heat map, and the names along two of its sides: each n-th where there is no
 * room for all.
 */
import type { Amounts } from './amounts.js';
import type { HeatMapData } from './heat-map-data.js';

const NAME_PX = 13;
const FONT_PX = 11;
const GAP_PX = 6;
/** Of the width that there is, names take so much at most. */
const NAMES_SHARE = 0.24;
const MOST_NAME_PX = 150;
const LARGEST_CELL_PX = 46;
/** Cells that are larger have a line between them. */
const LINED_PX = 10;
const SHADES = 256;
const STOPS = ['--heat-0', '--heat-1', '--heat-2', '--heat-3', '--heat-4'];

/** Where the square is on the canvas, and how large a cell. */
export interface Square {
  readonly left: number;
  readonly top: number;
  readonly cell: number;
}

export class HeatCanvas {
  square: Square = { left: 0, top: 0, cell: 1 };
  private readonly context: CanvasRenderingContext2D;

  constructor(private readonly canvas: HTMLCanvasElement) {
    const context = canvas.getContext('2d');
    if (context === null) throw new Error('this browser draws no pictures');
    this.context = context;
  }

  /** Anew, in the colours of now and for the width that there is. */
  draw(data: HeatMapData, amounts: Amounts, widthPx: number): void {
    const { context, canvas } = this;
    const scale = window.devicePixelRatio;
    const guests = amounts.guests;
    context.font = fontOf(FONT_PX);
    const longest = Math.max(0, ...data.names.map((name) => context.measureText(name).width));
    const names = Math.ceil(Math.min(longest, MOST_NAME_PX, widthPx * NAMES_SHARE)) + GAP_PX;
    const cell = Math.min(LARGEST_CELL_PX, (widthPx - names - 1) / Math.max(1, guests));
    this.square = { left: names, top: names, cell };
    const side = names + cell * guests + 1;
    canvas.width = Math.round(side * scale);
    canvas.height = Math.round(side * scale);
    canvas.style.width = `${side}px`;
    canvas.style.height = `${side}px`;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    const styles = getComputedStyle(canvas);
    const colour = (name: string): string => styles.getPropertyValue(name).trim();
    context.imageSmoothingEnabled = cell * scale < 1;
    context.drawImage(this.pixels(amounts, colour), names, names, cell * guests, cell * guests);
    if (cell >= LINED_PX) this.drawLines(guests, colour('--surface'));
    this.drawGroups(data.groups, colour('--ink'));
    this.drawNames(data.names, names - GAP_PX, colour('--muted'));
  }

  /** A pixel for each two guests. */
  private pixels(amounts: Amounts, colour: (name: string) => string): HTMLCanvasElement {
    const { guests } = amounts;
    const drawn = document.createElement('canvas');
    drawn.width = Math.max(1, guests);
    drawn.height = Math.max(1, guests);
    const context = drawn.getContext('2d');
    if (context === null) throw new Error('this browser draws no pictures');
    const image = context.createImageData(drawn.width, drawn.height);
    const shades = shadesBetween(STOPS.map(colour));
    const nothing = rgbOf(colour('--heat-none'));
    const itself = rgbOf(colour('--heat-self'));
    for (let a = 0; a < guests; a++)
      for (let b = 0; b < guests; b++) {
        const bytes = amounts.of(a, b);
        const shade = shades[Math.round(amounts.shade(bytes) * (SHADES - 1))] ?? nothing;
        const [red, green, blue] = a === b ? itself : bytes === 0 ? nothing : shade;
        const at = (a * guests + b) * 4;
        image.data[at] = red;
        image.data[at + 1] = green;
        image.data[at + 2] = blue;
        image.data[at + 3] = 255;
      }
    context.putImageData(image, 0, 0);
    return drawn;
  }

  private drawLines(guests: number, colour: string): void {
    const { context, square } = this;
    const { left, top, cell } = square;
    context.strokeStyle = colour;
    context.lineWidth = 1;
    context.beginPath();
    for (let at = 1; at < guests; at++) {
      context.moveTo(left + at * cell, top);
      context.lineTo(left + at * cell, top + guests * cell);
      context.moveTo(left, top + at * cell);
      context.lineTo(left + guests * cell, top + at * cell);
    }
    context.stroke();
  }

  private drawGroups(groups: HeatMapData['groups'], colour: string): void {
    const { context, square } = this;
    const { left, top, cell } = square;
    context.strokeStyle = colour;
    context.lineWidth = 1.5;
    for (const group of groups) {
      const first = Math.min(...group) * cell;
      const side = group.length * cell;
      context.strokeRect(left + first, top + first, side, side);
    }
  }

  private drawNames(names: readonly string[], roomPx: number, colour: string): void {
    const { context, square } = this;
    const { left, top, cell } = square;
    context.fillStyle = colour;
    context.font = fontOf(FONT_PX);
    context.textBaseline = 'middle';
    context.textAlign = 'right';
    const step = Math.ceil(NAME_PX / cell);
    const [head, tail] = alike(names);
    for (let at = 0; at < names.length; at += step) {
      const name = this.shortened(names[at] ?? '', head, tail, roomPx);
      const middle = (at + 0.5) * cell;
      context.fillText(name, left - GAP_PX, top + middle);
      context.save();
      context.translate(left + middle, top - GAP_PX);
      context.rotate(Math.PI / 2);
      context.fillText(name, 0, 0);
      context.restore();
    }
  }

  /** Where there is no room for all of it, without so many signs that all begin and end with. */
  private shortened(name: string, head: number, tail: number, roomPx: number): string {
    const fits = (text: string): boolean => this.context.measureText(text).width <= roomPx;
    if (fits(name)) return name;
    const own = name.slice(head, name.length - tail);
    const whole = `${head > 0 ? '…' : ''}${own}${tail > 0 ? '…' : ''}`;
    let kept = whole;
    for (let length = own.length; length > 0 && !fits(kept); length--)
      kept = `…${own.slice(own.length - length)}`;
    return kept;
  }
}

/** How many signs all names begin with, and end with. */
function alike(names: readonly string[]): [head: number, tail: number] {
  const [first = '', ...others] = names;
  const shortest = Math.min(...names.map(({ length }) => length));
  let head = 0;
  while (head < shortest && others.every((name) => name[head] === first[head])) head++;
  let tail = 0;
  while (
    tail < shortest - head &&
    others.every((name) => name.at(-1 - tail) === first.at(-1 - tail))
  )
    tail++;
  return [head, tail];
}

function fontOf(px: number): string {
  return `${px}px system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif`;
}

type Rgb = readonly [red: number, green: number, blue: number];

/** Of `#rrggbb`. */
function rgbOf(colour: string): Rgb {
  const value = Number.parseInt(colour.slice(1), 16);
  return [value >> 16, (value >> 8) & 0xff, value & 0xff];
}

function shadesBetween(colours: readonly string[]): Rgb[] {
  const stops = colours.map(rgbOf);
  return Array.from({ length: SHADES }, (_, at) => {
    const place = (at / (SHADES - 1)) * (stops.length - 1);
    const from = stops[Math.floor(place)] ?? [0, 0, 0];
    const to = stops[Math.ceil(place)] ?? from;
    const part = place - Math.floor(place);
    const between = (one: number, other: number): number => Math.round(one + (other - one) * part);
    return [between(from[0], to[0]), between(from[1], to[1]), between(from[2], to[2])];
  });
}
