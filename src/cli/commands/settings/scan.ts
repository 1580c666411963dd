/** `ksmd scan`: batches, one after another, while the scanner does not run by itself. */
import type { Counters } from '../../../protocol/routes/ksm.js';
import { count } from '../../../wording/amounts.js';
import { pairs } from '../../terminal/tables.js';
import type { Action } from '../../verb.js';

export const action: Action<[], { readonly pages?: number; readonly times: number }> = async (
  { client, json, print, printJson },
  _values,
  { pages, times },
) => {
  const batch = pages ?? Number((await client.ksm()).pages_to_scan);
  let visited = 0;
  for (let left = times; left > 0; left--) {
    const { visitedPages, counters } = await client.scan(batch);
    visited += visitedPages;
    if (left > 1) continue;
    if (json) printJson({ visitedPages: visited, counters });
    else print(`${count(visited, 'page')} visited`, ...pairs(inPairs(counters)));
  }
  return undefined;
};

function inPairs(counters: Counters): [string, string][] {
  return Object.entries(counters).map(([name, value]) => [name, String(value)]);
}
