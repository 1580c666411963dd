/** `ksmd check`: recounts a running daemon from frames and page tables. */
import type { Action } from '../../verb.js';

export const action: Action<[], object> = async ({ client, json, print, printJson }) => {
  const disagreements = await client.check();
  if (json) printJson({ disagreements });
  else if (disagreements.length === 0)
    print('all agrees: frames, page tables, lists, trees and counters');
  else print(...disagreements);
  return disagreements.length === 0 ? 0 : 1;
};
