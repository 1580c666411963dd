/** `ksmd logs`: the daemon's log, through its socket, for people or as it is. */
import type { LogsQuery } from '../../../protocol/routes/streams.js';
import { type Style, styled } from '../../terminal/styled.js';
import type { Action } from '../../verb.js';

interface LogsOptions {
  readonly follow?: true;
  readonly lines: number;
  readonly level?: LogsQuery['level'];
  readonly guest?: string;
}

export const action: Action<[], LogsOptions> = async (
  { client, json, print },
  _values,
  { follow, lines, level, guest },
) => {
  for await (const line of client.logs({ lines, level, guest, follow }))
    print(json ? line : inWords(line));
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
function inWords(line: string): string {
  const { time, level, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const rest = Object.entries(fields).map(
    ([name, value]) => `${styled('gray', `${name}=`)}${inOneWord(value)}`,
  );
  const severity = String(level);
  const style = LEVEL_STYLES[severity];
  return [
    styled('gray', String(time)),
    style === undefined ? severity.padEnd(5) : styled(style, severity.padEnd(5)),
    inOneLine(String(msg)),
    ...rest,
  ].join(' ');
}

/** What would end the line or command the terminal is shown as it would be written. */
function inOneLine(text: string): string {
  return text.replace(/\p{Cc}/gu, (control) => JSON.stringify(control).slice(1, -1));
}

/** Text with blanks or line ends in it comes in quotes, on one line. */
function inOneWord(value: unknown): string {
  return typeof value === 'object' || (typeof value === 'string' && !/^\S+$/.test(value))
    ? JSON.stringify(value)
    : String(value);
}
