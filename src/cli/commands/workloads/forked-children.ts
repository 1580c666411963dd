/** The children of a workload of several guests: each is forked of its parent and set to work. */
import type { Client } from '../../../client/client.js';
import type { Workload } from '../../../protocol/routes/workloads.js';

/**
 * Forks `count` children of the guest, GUEST-1 and so on, and has `begin` set each to work, with
 * its number. If that fails for one, no child is left.
 */
export async function forkChildren(
  client: Client,
  guest: string,
  count: number,
  begin: (child: string, number: number) => Promise<Workload>,
): Promise<Workload[]> {
  const started: Workload[] = [];
  const made: string[] = [];
  try {
    for (let number = 1; number <= count; number++) {
      const child = `${guest}-${number}`;
      await client.fork(guest, child);
      made.push(child);
      started.push(await begin(child, number));
    }
    return started;
  } catch (error) {
    for (const child of made) await client.removeGuest(child).catch(() => {});
    throw error;
  }
}
