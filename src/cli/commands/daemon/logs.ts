/** `ksmd logs`: the daemon's log, through its socket, for people or as it is. */
import type { LogsQuery } from '../../../protocol/routes/streams.js';
import { type Span, type Style, type StyledLine, styledLine } from '../../terminal/styled.js';
import type { Action } from '../../verb.js';

interface LogsOptions {
  readonly follow?: true;
  readonly lines: number;
  readonly level?: LogsQuery['level'];
  readonly guest?: string;
}

export const action: Action<[], LogsOptions> = async (
  { client, json, print, printStyled },
  _values,
  { follow, lines, level, guest },
) => {
  for await (const line of client.logs({ lines, level, guest, follow })) {
    if (json) print(line);
    else printStyled(lineText(line));
  }
  return undefined;
};

const LEVEL_STYLES: Readonly<Record<string, Style>> = {
  trace: 'gray',
  debug: 'gray',
  warn: 'yellow',
  error: 'red',
  fatal: ['bold', 'red'],
};

/** Time, level, message, then the other fields as they are. */
function lineText(line: string): StyledLine {
  const { time, level, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const severity = String(level);
  const style = LEVEL_STYLES[severity];
  return styledLine([
    { text: String(time), style: 'gray' },
    { text: ' ' },
    { text: severity.padEnd(5), ...(style === undefined ? {} : { style }) },
    { text: ` ${msg}` },
    ...Object.entries(fields).flatMap(([name, value]): Span[] => [
      { text: ' ' },
      { text: `${name}=`, style: 'gray' },
      { text: inOneWord(value) },
    ]),
  ]);
}

/** Text with blanks or line ends in it comes in quotes, on one line. */
function inOneWord(value: unknown): string {
  return typeof value === 'object' || (typeof value === 'string' && !/^\S+$/.test(value))
    ? JSON.stringify(value)
    : String(value);
}
