/** What predictions come to beside the kernel, as lines for a terminal and as Markdown. */
import { type Held, TIME_PARTS } from './curves.js';

/** One setting of one group. */
export interface HeldTrial {
  readonly name: string;
  readonly held: readonly Held[];
}

/** Rows of the Markdown table: what stands together in one, and how it is written. */
const ROWS: readonly (readonly [string, readonly string[], (value: number) => string])[] = [
  ['pages_shared in the end', ['pages_shared at the end'], inWhole],
  ['pages_sharing', ['pages_sharing at the end'], inWhole],
  ['frames freed', ['frames freed at the end'], inWhole],
  ['huge pages left', ['huge pages left'], inWhole],
  [
    'seconds to 10, 50, 90 % of that',
    TIME_PARTS.map((part) => `seconds to ${part * 100} % of it`),
    (value) => value.toFixed(1),
  ],
  [
    'processor time until then, in seconds',
    ['processor seconds until then'],
    (value) => value.toFixed(2),
  ],
  [
    'at rest, of a processor',
    ['of a processor, at rest'],
    (value) => `${(value * 100).toFixed(1)} %`,
  ],
];

/** A line a figure: what was predicted and what each run came to, how far they are apart. */
export function linesOf(held: readonly Held[]): string[] {
  const written = (number: number): string =>
    number >= 1000 ? inWhole(number) : number.toFixed(2);
  return held.map(
    ({ name, predicted, kernel, spread, off, isRight }) =>
      `  ${name.padEnd(30)} predicted ${written(predicted).padStart(9)}   kernel ` +
      `${kernel.map((each) => written(each).padStart(9)).join(' ')}   spread ` +
      `${inPercent(spread).padStart(4)} %   off by ${inPercent(off)} %` +
      `${isRight ? '' : '  TOO FAR'}`,
  );
}

/** As docs/accuracy.md has it. */
export function markdownTable(trials: readonly HeldTrial[]): string {
  const runs = trials[0]?.held[0]?.kernel.length ?? 0;
  return [
    `| | predicted | kernel, ${runs} runs | spread | off |`,
    '|---|---|---|---|---|',
    ...trials.flatMap(({ name, held }) => [
      `| **${name}** | | | | |`,
      ...ROWS.map(([title, names, written]) => {
        const figures = names.flatMap((each) => held.filter((figure) => figure.name === each));
        const cells = [
          figures.map(({ predicted }) => written(predicted)).join(', '),
          figures.map(({ kernel }) => rangeOf(kernel, written)).join(', '),
          `${figures.map(({ spread }) => inPercent(spread)).join(', ')} %`,
          `${figures.map(({ off, isRight }) => bold(inPercent(off), !isRight)).join(', ')} %`,
        ];
        return `| ${title} | ${cells.join(' | ')} |`;
      }),
    ]),
    '',
  ].join('\n');
}

function rangeOf(values: readonly number[], written: (value: number) => string): string {
  const low = written(Math.min(...values));
  const high = written(Math.max(...values));
  return low === high ? low : `${low} – ${high}`;
}

function bold(text: string, isBold: boolean): string {
  return isBold ? `**${text}**` : text;
}

function inPercent(share: number): string {
  const percent = share * 100;
  return percent < 10 ? percent.toFixed(1) : Math.round(percent).toLocaleString('en');
}

function inWhole(value: number): string {
  return Math.round(value).toLocaleString('en');
}
