/**
 * `ksmd ksmpages`: a new guest that runs the program the kernel's KSM was introduced with, until it
 * has written its pages.
 */
import { KsmdError } from '../../../errors.js';
import { hex } from '../../../hex.js';
import { count, size as inWords } from '../../../wording/amounts.js';
import type { Action } from '../../verb.js';
import { withNewGuest } from '../guests/with-new-guest.js';
import { written } from '../workloads/written.js';

interface KsmPagesOptions {
  readonly size: number;
  readonly best?: true;
  readonly seed: number;
}

const REGION = 'memory';

export const action: Action<[string], KsmPagesOptions> = async (
  { client, json, print, printJson },
  [guest],
  { size, best, seed },
) => {
  const { pageSize } = await client.status();
  if (size === 0 || size % pageSize !== 0)
    throw new KsmdError('EINVAL', `${size} bytes are no whole number of pages of ${pageSize}`);
  const pages = size / pageSize;
  const { id, address } = await withNewGuest(client, guest, async () => {
    const region = await client.map(guest, REGION, { pages });
    const started = await client.run({
      workload: 'ksmpages',
      guest,
      region: REGION,
      best: best ?? false,
      seed,
    });
    return { ...region, ...started };
  });
  await written(client, id, guest, pages, pageSize);
  if (json) printJson({ guest, address, pages });
  else print(`${guest}: ${count(pages, 'page')} (${inWords(size)}) written at ${hex(address)}`);
  return undefined;
};
