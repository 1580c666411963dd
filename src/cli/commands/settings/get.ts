/** `ksmd get`: counters and tunables, as /sys/kernel/mm/ksm shows them, and khugepaged's. */
import { KsmdError } from '../../../errors.js';
import { didYouMean } from '../../../similar.js';
import { pairs } from '../../terminal/tables.js';
import type { Action } from '../../verb.js';
import { isKhugepaged, khugepagedFiles } from './khugepaged-files.js';

export const action: Action<[string[]], object> = async (
  { client, json, print, printJson },
  [names],
) => {
  const isAll = names.length === 0;
  const files = {
    ...(isAll || !names.every(isKhugepaged) ? await client.ksm() : {}),
    ...(isAll || names.some(isKhugepaged) ? await khugepagedFiles(client) : {}),
  };
  for (const name of names) {
    if (!Object.hasOwn(files, name))
      throw new KsmdError(
        'ENOENT',
        `no counter or tunable '${name}': 'ksmd get' lists them` +
          didYouMean(name, Object.keys(files)),
      );
  }
  const wanted = isAll
    ? Object.entries(files)
    : names.map((name) => [name, files[name] ?? ''] as const);
  if (json) printJson(Object.fromEntries(wanted));
  else print(...pairs(wanted.map(([name, value]) => [name, String(value)])));
  return undefined;
};
