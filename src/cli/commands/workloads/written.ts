/** Waiting for a workload that writes its region once. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '../../../client/client.js';
import { KsmdError } from '../../../errors.js';
import { count } from '../../../wording/amounts.js';
import { Progress } from '../../terminal/progress.js';

/** How often the workload is asked how far it is. */
const LOOK_MS = 50;

/**
 * Resolves once the workload has written all its pages, and forgets it. KsmdError if it finds no
 * frame for one, or dies: what was stored stays.
 */
export async function written(
  client: Client,
  id: number,
  guest: string,
  pages: number,
  pageSize: number,
): Promise<void> {
  const progress = new Progress(guest, pages * pageSize);
  try {
    for (let seen = 0; ; ) {
      const workload = (await client.workloads()).find((each) => each.id === id);
      const stores = workload?.stores ?? 0;
      progress.add((stores - seen) * pageSize);
      seen = stores;
      if (workload?.state === 'running') await delay(LOOK_MS);
      else if (workload?.state === 'waiting' && workload.retries === 0) await delay(LOOK_MS);
      else {
        await client.kill(id);
        if (workload?.state === 'done') return;
        const why =
          workload?.state === 'waiting' ? 'no frame is free' : (workload?.reason ?? 'it was ended');
        throw new KsmdError(
          workload?.state === 'waiting' ? 'ENOMEM' : 'EINTR',
          `${why}: ${count(stores, 'page')} of ${count(pages, 'page')} were stored`,
        );
      }
    }
  } finally {
    progress.end();
  }
}
