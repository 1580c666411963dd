/** `ksmd logs`: the daemon's log, through its socket. */
import { Option } from 'commander';
import { parseCount } from './values.js';
import { verb } from './verb.js';

export const logs = verb<[], { readonly follow?: true; readonly lines: number }>({
  name: 'logs',
  summary: "the last lines of the daemon's log, and the next ones",
  options: [new Option('--follow', 'go on with new lines'), new Option('--lines <n>', 'how many of the last').argParser(parseCount).default(20)],
  examples: ['ksmd logs', 'ksmd logs --follow --json'],
  json: true,
  run: async ({ client, json, print }, _values, { follow, lines }) => {
    for await (const line of client.logs({ lines, follow })) print(json ? line : inWords(line));
    return undefined;
  },
});

/** Time, level, message, then the other fields as they are. */
function inWords(line: string): string {
  const { time, level, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const rest = Object.entries(fields).map(([name, value]) => `${name}=${typeof value === 'object' ? JSON.stringify(value) : value}`);
  return [time, String(level).padEnd(5), msg, ...rest].join(' ');
}
