/** `ksmd set`: writes tunables, all of those named or none. */
import { Argument } from 'commander';
import { pairs } from '../../terminal/wording.js';
import { parseAssignment } from '../../values.js';
import { verb } from '../../verb.js';

export const set = verb<[ReadonlyMap<string, string>], object>({
  name: 'set',
  summary: 'write tunables, all of them or none',
  arguments: [new Argument('<name=value...>').argParser(parseAssignment)],
  examples: ['ksmd set run=0', 'ksmd set pages_to_scan=1000 sleep_millisecs=20'],
  json: true,
  run: async ({ client, json, print, printJson }, [assignments]) => {
    const files = await client.setKsm(Object.fromEntries(assignments));
    const written = [...assignments.keys()].map((name) => [name, files[name] ?? ''] as const);
    if (json) printJson(Object.fromEntries(written));
    else print(pairs(written.map(([name, value]) => [name, String(value)])));
    return undefined;
  },
});
