/** A guest that cannot be made whole is not left behind. */
import type { Client } from '../../../client/client.js';
import { beginGuest, endGuest } from './unfinished.js';

/** Makes the guest, its memory on a NUMA node, and fills it; if that fails it goes again. */
export async function withNewGuest<Result>(
  client: Client,
  guest: string,
  fill: () => Promise<Result>,
  node?: number,
): Promise<Result> {
  await client.createGuest(guest, node);
  beginGuest(client, guest);
  try {
    return await fill();
  } catch (error) {
    // A daemon that is gone has taken the guest along: what went wrong first is what counts.
    await client.removeGuest(guest).catch(() => {});
    throw error;
  } finally {
    endGuest(guest);
  }
}
