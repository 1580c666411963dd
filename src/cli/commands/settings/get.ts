/** `ksmd get`: counters and tunables, as /sys/kernel/mm/ksm shows them. */
import { KsmdError } from '../../../errors.js';
import { pairs } from '../../terminal/wording.js';
import type { Action } from '../../verb.js';

export const action: Action<[string[]], object> = async (
  { client, json, print, printJson },
  [names],
) => {
  const files = await client.ksm();
  for (const name of names) {
    if (!Object.hasOwn(files, name))
      throw new KsmdError('ENOENT', `no counter or tunable '${name}' ('ksmd get' lists them)`);
  }
  const wanted =
    names.length === 0
      ? Object.entries(files)
      : names.map((name) => [name, files[name] ?? ''] as const);
  if (json) printJson(Object.fromEntries(wanted));
  else print(...pairs(wanted.map(([name, value]) => [name, String(value)])));
  return undefined;
};
