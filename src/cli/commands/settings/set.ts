/** `ksmd set`: writes tunables, all of those named or none. */
import { pairs } from '../../terminal/wording.js';
import type { Action } from '../../verb.js';

export const action: Action<[ReadonlyMap<string, string>], object> = async (
  { client, json, print, printJson },
  [assignments],
) => {
  const files = await client.setKsm(Object.fromEntries(assignments));
  const written = [...assignments.keys()].map((name) => [name, files[name] ?? ''] as const);
  if (json) printJson(Object.fromEntries(written));
  else print(...pairs(written.map(([name, value]) => [name, String(value)])));
  return undefined;
};
