/** `ksmd check`: recounts a running daemon from frames and page tables. */
import { count } from '../../terminal/wording.js';
import { verb } from '../../verb.js';

export const check = verb({
  name: 'check',
  summary: 'recount everything from frames and page tables, and say what does not agree',
  examples: ['ksmd check'],
  json: true,
  exitStatuses: { 1: 'something does not agree, or failed' },
  run: async ({ client, json, print, printJson }) => {
    const disagreements = await client.check();
    if (json) printJson({ disagreements });
    else if (disagreements.length === 0)
      print('all agrees: frames, page tables, lists, trees and counters');
    else print([...disagreements, count(disagreements.length, 'disagreement')].join('\n'));
    return disagreements.length === 0 ? 0 : 1;
  },
});
