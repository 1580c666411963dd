/** `ksmd set`: writes tunables, all of those named or none. */
import { pairs } from '../../terminal/tables.js';
import type { Action } from '../../verb.js';
import { isKhugepaged, khugepagedFiles } from './khugepaged-files.js';

export const action: Action<[ReadonlyMap<string, string>], object> = async (
  { client, json, print, printJson },
  [assignments],
) => {
  const names = [...assignments.keys()];
  const files = {
    ...(await client.setKsm(Object.fromEntries(assignments))),
    ...(names.some(isKhugepaged) ? await khugepagedFiles(client) : {}),
  };
  const written = names.map((name) => [name, files[name] ?? ''] as const);
  if (json) printJson(Object.fromEntries(written));
  else print(...pairs(written.map(([name, value]) => [name, String(value)])));
  return undefined;
};
