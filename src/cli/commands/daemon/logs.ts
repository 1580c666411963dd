/** `ksmd logs`: the daemon's log, through its socket, for people or as it is. */
import type { LogsQuery } from '../../../protocol/routes/streams.js';
import { logLines } from '../../terminal/log-line.js';
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
    else for (const each of logLines(line, new Date(), process.stdout.columns)) printStyled(each);
  }
  return undefined;
};
