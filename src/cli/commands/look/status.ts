/** `ksmd status`: what KSM saves and costs, what would merge besides, and the rest. */
import type { Client } from '../../../client/client.js';
import type { StatusLook } from '../../../wording/verdict.js';
import { DEFAULT_INTERVAL_SECONDS, samples } from '../../procps/samples.js';
import { isScreen } from '../../terminal/live-screen.js';
import { watch } from '../../terminal/watch.js';
import type { Action } from '../../verb.js';
import { statusLines } from './status-screen.js';

/** Of a line where nobody says how wide the screen is. */
const COLUMNS = 80;

export const action: Action<[], { readonly watch?: true | number }> = async (
  { client, json, print, printJson },
  _values,
  { watch: interval },
) => {
  const { stdin, stdout } = process;
  const seconds = typeof interval === 'number' ? interval : DEFAULT_INTERVAL_SECONDS;
  const looks = (over?: AbortSignal): AsyncGenerator<StatusLook, void, undefined> =>
    samples(() => look(client), seconds * 1000, over);
  if (interval !== undefined && isScreen(stdout) && !json)
    return watch({ looks, linesOf: statusLines, giveUp: () => client.close() }, stdout, stdin);
  for await (const seen of looks()) {
    if (json) printJson(inJson(seen));
    else print(...statusLines(seen, stdout.columns ?? COLUMNS));
    if (interval === undefined) break;
    if (!json) print('');
  }
  return undefined;
};

async function look(client: Client): Promise<StatusLook> {
  const status = await client.status();
  const report = await client.report();
  return { status, report, unmerged: await client.unmerged(), guests: await client.guests() };
}

function inJson({ status, report, unmerged }: StatusLook): object {
  return { ...status, report, unmerged };
}
