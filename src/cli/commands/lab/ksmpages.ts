/**
 * `ksmd ksmpages`: a new guest that runs the program the kernel's KSM was introduced with, until it
 * has written its pages.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '../../../client/client.js';
import { KsmdError } from '../../../errors.js';
import { hex } from '../../../hex.js';
import { Progress } from '../../terminal/progress.js';
import { count, size as inWords } from '../../terminal/wording.js';
import type { Action } from '../../verb.js';
import { withNewGuest } from '../guests/with-new-guest.js';

interface KsmPagesOptions {
  readonly size: number;
  readonly best?: true;
  readonly seed: number;
}

const REGION = 'memory';
/** How often the workload is asked how far it is. */
const LOOK_MS = 50;

export const action: Action<[string], KsmPagesOptions> = async (
  { client, print },
  [guest],
  { size, best, seed },
) => {
  const { pageSize } = await client.status();
  if (size === 0 || size % pageSize !== 0)
    throw new KsmdError('EINVAL', `${size} bytes are no whole number of pages of ${pageSize}`);
  const pages = size / pageSize;
  const region = await withNewGuest(client, guest, () => client.map(guest, REGION, { pages }));
  const { id } = await client.run({
    workload: 'ksmpages',
    guest,
    region: REGION,
    best: best ?? false,
    seed,
  });
  await written(client, id, guest, pages, pageSize);
  print(`${guest}: ${count(pages, 'page')} (${inWords(size)}) written at ${hex(region.address)}`);
  return undefined;
};

/**
 * Resolves once the workload has written all its pages, and forgets it. KsmdError if it finds no
 * frame for one, or dies: what was stored stays.
 */
async function written(
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
