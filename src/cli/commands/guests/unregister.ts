/** `ksmd unregister`: a guest exits, and its memory is given back. */
import type { Run } from '../../verb.js';

export const run: Run<[string], object> = async ({ client }, [guest]) => {
  await client.removeGuest(guest);
  return undefined;
};
