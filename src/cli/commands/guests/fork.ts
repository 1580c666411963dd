/** `ksmd fork`: a guest forks. */
import { count, size } from '../../../wording/amounts.js';
import type { Action } from '../../verb.js';

export const action: Action<[string, string], object> = async (
  { client, json, print, printJson },
  [guest, name],
) => {
  const child = await client.fork(guest, name);
  if (json) {
    printJson(child);
    return undefined;
  }
  const { pageSize } = await client.status();
  const { presentPages } = child;
  print(
    `${name}: ${count(presentPages, 'page')} (${size(presentPages * pageSize)}) ` +
      `shared with ${guest}`,
  );
  return undefined;
};
