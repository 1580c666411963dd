/** `ksmd unregister`: a guest exits, and its memory is given back. */
import type { Action } from '../../verb.js';

export const action: Action<[string], object> = async ({ client }, [guest]) => {
  await client.removeGuest(guest);
  return undefined;
};
