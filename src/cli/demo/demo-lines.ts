/** The demo where there is no terminal: a line every half second, and how it ended. */
import { duration, figure, size as inWords } from '../../wording/amounts.js';
import type { Audience, Scene } from './demo-play.js';
import { closing } from './demo-screen.js';

const EVERY_MS = 500;
const BAR_WIDTH = 40;
/** Counters in each line, and how wide its columns are. */
const SHOWN = ['pages_scanned', 'pages_shared', 'pages_sharing'] as const;
const WIDTHS = [7, 9, 13, 12, 13];

export class DemoLines implements Audience {
  readonly everyMs = EVERY_MS;
  private before: Scene['phase'] | undefined;

  constructor(private readonly print: (...lines: string[]) => void) {}

  see(scene: Scene): void {
    const isNew = scene.phase !== this.before;
    this.before = scene.phase;
    if (scene.phase === 'writing' && isNew) this.print(...opening(scene), '');
    if (scene.phase === 'merging')
      this.print(...(isNew ? [row(['time', 'free', ...SHOWN])] : []), mergingLine(scene));
    if (scene.phase === 'done') this.print('', ...closing(scene));
  }
}

function opening({ status: { memory, pid, pageSize }, pages }: Scene): string[] {
  const bytes = (pages[0]?.length ?? 0) * pageSize;
  return [
    `A daemon (process ${pid}) simulates a machine with ${inWords(memory.totalBytes)} of memory.`,
    `Two guests write ${inWords(bytes)} each: every page differs from the next in its last ` +
      'eight bytes only, and both guests hold the same pages.',
  ];
}

function mergingLine({ phaseMs, status: { memory, counters } }: Scene): string {
  const free = '#'
    .repeat(Math.round((memory.freeBytes / memory.totalBytes) * BAR_WIDTH))
    .padEnd(BAR_WIDTH, '.');
  const cells = SHOWN.map((name) => figure(counters[name] ?? 0));
  return `${row([duration(phaseMs), inWords(memory.freeBytes), ...cells])}  [${free}]`;
}

function row(cells: readonly string[]): string {
  return cells.map((cell, column) => cell.padStart(WIDTHS[column] ?? 0)).join('  ');
}
