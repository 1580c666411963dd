/** `ksmd set`: writes tunables, all of those named or none. */
import { pairs } from '../../terminal/wording.js';
import type { Run } from '../../verb.js';

export const run: Run<[ReadonlyMap<string, string>], object> = async (
  { client, json, print, printJson },
  [assignments],
) => {
  const files = await client.setKsm(Object.fromEntries(assignments));
  const written = [...assignments.keys()].map((name) => [name, files[name] ?? ''] as const);
  if (json) printJson(Object.fromEntries(written));
  else print(pairs(written.map(([name, value]) => [name, String(value)])));
  return undefined;
};
