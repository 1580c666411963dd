/**
 * The demo on a terminal: each guest as a strip of pages that change colour as they merge, what
 * memory that takes, and a sentence on what goes on.
 *
 * Lines only, for whoever draws them; every line fits. Stages differ in their signs as well as in
 * their colours.
 */

import { count, duration, figure, percent, size } from '../../wording/amounts.js';
import { bar } from '../terminal/bar.js';
import { wrapped } from '../terminal/rows.js';
import { type Span, type Style, type StyledLine, styledLine } from '../terminal/styled.js';
import { GUESTS, type Scene, STAGES, type Stage } from './demo-play.js';

const LOOKS: Readonly<Record<Stage, { readonly sign: string; readonly style: Style }>> = {
  untouched: { sign: '·', style: 'gray' },
  written: { sign: '░', style: 'yellow' },
  noted: { sign: '▒', style: 'blue' },
  'in the tree': { sign: '▓', style: 'magenta' },
  merged: { sign: '█', style: 'green' },
};

const LABEL = Math.max(...GUESTS.map((guest) => guest.length)) + 2;
const MOST_STRIP_LINES = 4;
const LEGEND_GAP = '   ';
const MOST_COLUMNS = 100;
const BLANK = styledLine([]);

const STARTING = 'A daemon starts: it simulates a machine, and its memory.';
const NEXT: readonly (readonly [string, string])[] = [
  ['estimate --qemu', 'what merging would save on this host'],
  ['start --http 127.0.0.1:7070', 'a map of all pages, in a browser'],
  ['register web --pid PID', 'a live process, as a guest of that'],
  ['--help', 'all there is'],
];

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** While the demo runs. Before the first scene the daemon is still starting. */
export function liveLines(scene: Scene | undefined, elapsedMs: number, room: Size): StyledLine[] {
  const columns = widthOf(room);
  const title = headed('ksmd demo', `q quits  ${duration(elapsedMs)}`, columns);
  if (scene === undefined) return [title, BLANK, ...texts(STARTING, columns)];
  const sentence = texts(sentenceOf(scene), columns);
  // As many lines as the longest: what is below stays where it is.
  const height = Math.max(...allSentences(scene).map((each) => wrapped(each, columns).length));
  const padding = Array.from({ length: height - sentence.length }, () => BLANK);
  const body = [...memory(scene, columns), progress(scene)];
  const key = [...legend(columns), BLANK];
  const picture = (lines: number, { told, keyed, gap }: Layout): StyledLine[] => [
    title,
    ...gap,
    ...told,
    ...(told.length === 0 ? [] : gap),
    ...strips(scene, columns, lines),
    ...gap,
    ...keyed,
    ...body,
  ];
  // What a low screen does without, one after another: what is saved is the last to go.
  const layouts: readonly Layout[] = [
    { told: [...sentence, ...padding], keyed: key, gap: [BLANK] },
    { told: sentence, keyed: key, gap: [BLANK] },
    { told: sentence, keyed: [], gap: [BLANK] },
    { told: sentence, keyed: [], gap: [] },
    { told: [], keyed: [], gap: [] },
  ];
  const pictures = layouts.map((layout) => picture(1, layout));
  const fits = pictures.findIndex(({ length }) => length <= room.rows);
  const layout = layouts[fits];
  const lowest = pictures[fits];
  if (layout === undefined || lowest === undefined) return pictures.at(-1) ?? [];
  const more = Math.floor((room.rows - lowest.length) / GUESTS.length);
  return picture(Math.min(MOST_STRIP_LINES, 1 + more), layout);
}

interface Layout {
  readonly told: readonly StyledLine[];
  readonly keyed: readonly StyledLine[];
  readonly gap: readonly StyledLine[];
}

/** What stays: how it ended, and what to try next. `program`: how it is run. */
export function lastLines(
  scene: Scene,
  elapsedMs: number,
  { columns }: Size,
  program = 'ksmd',
): StyledLine[] {
  const width = widthOf({ columns });
  const commands = NEXT.map(([args, what]) => [`${program} ${args}`, what] as const);
  const widest = Math.max(...commands.map(([command]) => command.length)) + 2;
  const isWide = commands.every(([, what]) => widest + what.length <= width - 2);
  const next = commands.flatMap(([command, what]): StyledLine[] =>
    isWide
      ? [styledLine([{ text: `  ${command}`.padEnd(widest + 2), style: 'bold' }, { text: what }])]
      : [
          // Not cut: a terminal that is narrower breaks it, and it can be copied.
          styledLine([{ text: `  ${command}`, style: 'bold' }]),
          styledLine([{ text: `    ${what}` }], width),
        ],
  );
  return [
    headed('ksmd demo', duration(elapsedMs), width),
    BLANK,
    ...strips(scene, width, 1),
    BLANK,
    ...memory(scene, width),
    BLANK,
    ...closing(scene).flatMap((sentence) => texts(sentence, width)),
    BLANK,
    styledLine([{ text: 'To try next:' }], width),
    ...next,
  ];
}

/** How it ended, in sentences. */
export function closing({ status, merged = status }: Scene): string[] {
  const { saved } = status;
  const { scanner, counters } = merged;
  const underWay = scanner.fullScanShare === undefined ? 0 : 1;
  return [
    'Both guests were read back whole: every byte is as it was written.',
    `Saved: ${count(saved.pages, 'page')}, ${size(saved.bytes)} ` +
      `(${size(saved.netBytes)} net of bookkeeping), ${percent(saved.share)} of what they hold.`,
    `All had merged in full scan ${figure((counters.full_scans ?? 0) + underWay)}, after ` +
      `${duration(scanner.cpuMs)} of processor time.`,
  ];
}

function widthOf({ columns }: Pick<Size, 'columns'>): number {
  return Math.min(columns, MOST_COLUMNS);
}

function allSentences({ status, pages }: Scene): string[] {
  const bytes = size((pages[0]?.length ?? 0) * status.pageSize);
  const [first, second] = GUESTS;
  return [
    `Two guests write ${bytes} each, the same pages in both: every page differs from the next in ` +
      'its last eight bytes only.',
    'The first full scan takes note of what is in each page. One that changes until the scanner ' +
      'comes by again is not worth merging.',
    'The second full scan puts pages that stayed as they were into a tree, in the order of what ' +
      'they hold.',
    `Pages of ${second} are found in the tree, equal to those of ${first}: two become one, ` +
      'write-protected, and the other frame is free again.',
    'Both guests are read back, byte by byte: none may notice that it shares.',
  ];
}

function sentenceOf(scene: Scene): string {
  const { phase, pages } = scene;
  const [writing = '', noting = '', sorting = '', merging = '', reading = ''] = allSentences(scene);
  if (phase === 'writing') return writing;
  if (phase !== 'merging') return reading;
  const isAny = (stage: Stage): boolean =>
    pages.some((each) => each.includes(STAGES.indexOf(stage)));
  if (isAny('merged')) return merging;
  return isAny('written') ? noting : sorting;
}

function strips({ pages }: Scene, columns: number, lines: number): StyledLine[] {
  const room = columns - LABEL;
  const cells = Math.min(pages[0]?.length ?? 0, room * lines);
  return GUESTS.flatMap((guest, at) => strip(guest, pages[at] ?? new Uint8Array(), cells, room));
}

function memory({ status }: Scene, columns: number): StyledLine[] {
  const { usedBytes, totalBytes } = status.memory;
  const used = `memory  ${size(usedBytes)} of ${size(totalBytes)} used`;
  const parts = [{ share: usedBytes / totalBytes, sign: '|', style: 'cyan' as const }];
  return [styledLine(bar(parts, columns)), styledLine([{ text: used }], columns)];
}

/** How far the guests are with it, or what they save. */
function progress({ phase, doneBytes, pages, status }: Scene): StyledLine {
  const { saved, pageSize } = status;
  const all = size(GUESTS.length * (pages[0]?.length ?? 0) * pageSize);
  const texts: Readonly<Record<Scene['phase'], string>> = {
    writing: `written ${size(doneBytes)} of ${all}`,
    merging: `saved   ${size(saved.bytes)}, ${percent(saved.share)}`,
    reading: `read    ${size(doneBytes)} of ${all}`,
    done: `read    ${all} of ${all}`,
  };
  return styledLine([{ text: texts[phase] }]);
}

/** A sign for so many pages: the stage that most of them have come to. */
function strip(guest: string, pages: Uint8Array, cells: number, room: number): StyledLine[] {
  const stages = Array.from({ length: cells }, (_, cell) =>
    commonest(
      pages.subarray(
        Math.floor((cell * pages.length) / cells),
        Math.floor(((cell + 1) * pages.length) / cells),
      ),
    ),
  );
  const lines: StyledLine[] = [];
  for (let from = 0; from < cells; from += room) {
    const label = { text: (from === 0 ? guest : '').padEnd(LABEL) };
    lines.push(styledLine([label, ...runs(stages.slice(from, from + room))]));
  }
  return lines;
}

/** Of equally many the later one: something has come to be. */
function commonest(pages: Uint8Array): Stage {
  const counted = new Uint32Array(STAGES.length);
  for (const stage of pages) counted[stage] = (counted[stage] ?? 0) + 1;
  return STAGES[counted.lastIndexOf(Math.max(...counted))] ?? 'untouched';
}

/** Neighbours of one stage in one span. */
function runs(stages: readonly Stage[]): Span[] {
  const spans: { text: string; style: Style }[] = [];
  stages.forEach((stage, at) => {
    const { sign, style } = LOOKS[stage];
    const last = spans.at(-1);
    if (last !== undefined && stage === stages[at - 1]) last.text += sign;
    else spans.push({ text: sign, style });
  });
  return spans;
}

/** What the signs mean, on as many lines as it takes. */
function legend(columns: number): StyledLine[] {
  const lines: Span[][] = [];
  let left = 0;
  for (const stage of STAGES) {
    const { sign, style } = LOOKS[stage];
    const text = ` ${stage}`;
    const width = LEGEND_GAP.length + 1 + text.length;
    if (left >= width) {
      lines.at(-1)?.push({ text: LEGEND_GAP }, { text: sign, style }, { text });
      left -= width;
    } else {
      lines.push([{ text: sign, style }, { text }]);
      left = columns - 1 - text.length;
    }
  }
  return lines.map((spans) => styledLine(spans, columns));
}

function headed(left: string, right: string, columns: number): StyledLine {
  const gap = Math.max(1, columns - left.length - right.length);
  return styledLine(
    [{ text: left, style: 'bold' }, { text: ' '.repeat(gap) }, { text: right, style: 'gray' }],
    columns,
  );
}

function texts(text: string, columns: number): StyledLine[] {
  return wrapped(text, columns).map((line) => styledLine([{ text: line }], columns));
}
