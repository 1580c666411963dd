/** `ksmd prctl`: whether all memory of a guest is mergeable. */
import type { Action } from '../../verb.js';

interface PrctlOptions {
  readonly merge: 'on' | 'off';
}

export const action: Action<[string], PrctlOptions> = async (
  { client, json, print, printJson },
  [name],
  { merge },
) => {
  const guest = await client.prctl(name, merge === 'on');
  if (json) printJson(guest);
  else if (guest.mergesAny) print(`${name}: all that it has and will map is mergeable`);
  else print(`${name}: nothing of it is mergeable until it is advised`);
  return undefined;
};
