/** `ksmd kill`: ends a workload. */
import type { Action } from '../../verb.js';
import { workloadTable } from './ps.js';

export const action: Action<[number], { readonly now?: true }> = async (
  { client, json, print, printJson },
  [id],
  { now },
) => {
  const ended = await client.kill(id, now ?? false);
  if (json) printJson(ended);
  else print(...workloadTable([ended]));
  return undefined;
};
