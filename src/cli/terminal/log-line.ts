/**
 * A line of the daemon's log as people read it: the time by the clock of this machine, what
 * happened to whom, and the rest of what is told of it, its numbers with units. JSON has all of it.
 */
import { printable } from '../../printable.js';
import { duration, figure, size } from '../../wording/amounts.js';
import { type Span, type Style, type StyledLine, styledLine } from './styled.js';

const LEVEL_STYLES: Readonly<Record<string, Style>> = {
  trace: 'gray',
  debug: 'gray',
  warn: 'yellow',
  error: 'red',
  fatal: ['bold', 'red'],
};
/** Beyond the first of them they are counted. */
const MOST_FIELDS = 8;
const INDENT = '    ';
/** 'a guest is registered', of guest web: 'guest web is registered'. */
const WHO = /^a (guest|region|workload)\b/;

type Fields = Readonly<Record<string, unknown>>;

/**
 * `now`: of another day the day is told too. What does not fit so many columns goes on below,
 * indented, and begins with a word or a field.
 */
export function logLines(
  json: string,
  now: Date,
  columns = Number.POSITIVE_INFINITY,
): StyledLine[] {
  const { time, level, msg, ...fields } = JSON.parse(json) as Fields;
  const severity = String(level);
  const style = LEVEL_STYLES[severity];
  const { text, rest } = named(String(msg), fields);
  const head = [
    { text: clock(new Date(String(time)), now), style: 'gray' as const },
    ...(severity === 'info' ? [] : [{ text: ' ' }, { text: severity, ...styledBy(style) }]),
  ];
  const words = text.split(' ').map((word) => ({ gap: ' ', spans: [{ text: word }] }));
  return laidOut([{ gap: '', spans: head }, ...words, ...told(rest)], columns);
}

/** What is never broken, and what stands between it and the one before. */
interface Piece {
  readonly gap: string;
  readonly spans: readonly Span[];
}

function laidOut(pieces: readonly Piece[], columns: number): StyledLine[] {
  const lines: Span[][] = [[]];
  let width = 0;
  for (const { gap, spans } of pieces) {
    const line = lines.at(-1) ?? [];
    const wide = widthOf(spans);
    // A comma behind it has to fit too.
    const isLast = spans === pieces.at(-1)?.spans;
    if (line.length === 0 || width + gap.length + wide + (isLast ? 0 : 1) <= columns) {
      line.push({ text: gap }, ...spans);
      width += gap.length + wide;
    } else {
      line.push({ text: gap.trimEnd() });
      lines.push([{ text: INDENT }, ...spans]);
      width = INDENT.length + wide;
    }
  }
  return lines.map((spans) => styledLine(spans));
}

function widthOf(spans: readonly Span[]): number {
  return spans.reduce((sum, { text }) => sum + printable(text).length, 0);
}

function styledBy(style: Style | undefined): { style?: Style } {
  return style === undefined ? {} : { style };
}

function clock(time: Date, now: Date): string {
  const [weekday, month, day] = time.toDateString().split(' ');
  const date = time.toDateString() === now.toDateString() ? '' : `${weekday} ${month} ${day} `;
  return `${date}${time.toTimeString().slice(0, 8)}`;
}

function named(msg: string, fields: Fields): { text: string; rest: Fields } {
  const who = WHO.exec(msg)?.[1];
  if (who === undefined || fields[who] === undefined) return { text: msg, rest: fields };
  const { [who]: name, ...rest } = fields;
  return { text: msg.replace(WHO, `${who} ${name}`), rest };
}

function told(fields: Fields): Piece[] {
  const entries = Object.entries(fields);
  const shown = entries.slice(0, MOST_FIELDS);
  const left = entries.length - shown.length;
  const more = `and ${left} more (--json)`;
  return [
    ...shown.map(([name, value], at): Piece => {
      const { label, text } = inWords(name, value);
      const spans: Span[] = [{ text: `${label} `, style: 'gray' }, { text }];
      return { gap: at === 0 ? '  ' : ', ', spans };
    }),
    ...(left === 0 ? [] : [{ gap: ', ', spans: [{ text: more, style: 'gray' as const }] }]),
  ];
}

function inWords(name: string, value: unknown): { label: string; text: string } {
  if (typeof value !== 'number') return { label: name, text: inOneWord(value) };
  if (name === 'pageSize') return { label: 'pages of', text: size(value) };
  const [, what = '', unit] = /^(.+)(Bytes|Ms)$/.exec(name) ?? [];
  if (unit !== undefined) return { label: what, text: (unit === 'Ms' ? duration : size)(value) };
  // Numbers of things that are looked up, not counted.
  const isName = name === 'pid' || name === 'id';
  return { label: name, text: isName ? String(value) : figure(value) };
}

/** Text with blanks or line ends in it comes in quotes, on one line. */
function inOneWord(value: unknown): string {
  return typeof value === 'object' || (typeof value === 'string' && !/^\S+$/.test(value))
    ? JSON.stringify(value)
    : String(value);
}
