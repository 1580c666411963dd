/** PR_SET_MEMORY_MERGE of a guest that is made like a process. */
import type { Client } from '../../../client/client.js';
import { isKsmdError } from '../../../errors.js';

/** As the process has it; a kernel that does not know it goes without. Lines for people. */
export async function setMergesAny(
  client: Client,
  guest: string,
  merges: boolean,
): Promise<string[]> {
  try {
    await client.prctl(guest, merges);
  } catch (error) {
    if (!isKsmdError(error, 'EINVAL')) throw error;
    return [`  left out: that all it maps is mergeable (${error.message})`];
  }
  // Off, nothing is advised any more: what is registered counts all the same.
  if (!merges)
    for (const { name: region } of (await client.guest(guest)).regions)
      await client.madvise(guest, 'mergeable', { region });
  return [];
}
