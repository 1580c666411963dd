/** `ksmd kill`: ends a workload. */
import { Argument, Option } from 'commander';
import { parsePositive } from '../../values.js';
import { verb } from '../../verb.js';
import { workloadTable } from './ps.js';

export const kill = verb<[number], { readonly now?: true }>({
  name: 'kill',
  summary: 'end a workload',
  arguments: [new Argument('<id>', "its number, as 'ksmd ps' shows it").argParser(parsePositive)],
  options: [new Option('--now', 'kill its thread wherever it is, instead of asking it to end')],
  examples: ['ksmd kill 1'],
  json: true,
  hints: { ENOENT: "'ksmd ps' shows what runs" },
  run: async ({ client, json, print, printJson }, [id], { now }) => {
    const ended = await client.kill(id, now ?? false);
    if (json) printJson(ended);
    else print(workloadTable([ended]));
    return undefined;
  },
});
