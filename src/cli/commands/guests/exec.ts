/** `ksmd exec`: a guest becomes another program. */
import type { Action } from '../../verb.js';

export const action: Action<[string], object> = async (
  { client, json, print, printJson },
  [name],
) => {
  const guest = await client.exec(name);
  if (json) printJson(guest);
  else {
    const mergeable = guest.mergesAny ? ', and what it maps is mergeable' : '';
    print(`${name}: another program, without memory${mergeable}`);
  }
  return undefined;
};
