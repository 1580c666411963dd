/**
 * `ksmd run launcher`: a service manager that has asked for all its memory to be mergeable, and
 * starts services: each is forked, becomes a program of its own, and boots. Each is a guest of its
 * own, named after its parent. The regions are not advised: what merges does so for the launcher's
 * prctl, which fork and exec hand on.
 */
import type { Client } from '../../../client/client.js';
import { isKsmdError } from '../../../errors.js';
import type { Session } from '../../verb.js';
import { forkChildren } from './forked-children.js';

const SERVICE = 'boot';
const DEFAULT_PAGES = 4096;

export interface Launcher {
  readonly guest: string;
  /** What a service's region is called. */
  readonly region?: string;
  /** Of a service. */
  readonly pages?: number;
  readonly huge?: boolean;
  readonly seed?: number;
  readonly rate?: number;
}

/** All services boot when it resolves. If it fails on the way, none is left. */
export async function runLauncher(
  { client, json, print, printJson }: Session,
  { guest, region = SERVICE, pages = DEFAULT_PAGES, huge = false, seed = 1, rate }: Launcher,
  services: number,
): Promise<void> {
  await makeGuest(client, guest);
  await client.prctl(guest, true);
  const started = await forkChildren(client, guest, services, async (service, number) => {
    await client.exec(service);
    await client.map(service, region, { pages, huge, mergeable: false });
    return client.run({
      workload: SERVICE,
      guest: service,
      region,
      seed: seed + number,
      ...(rate === undefined ? {} : { rate }),
    });
  });
  if (json) printJson(started);
  else {
    print(`${guest}: all that it and its services map is mergeable`);
    for (const { guest: service, id } of started)
      print(`${service}: forked, became a service, boots as workload ${id}`);
  }
}

async function makeGuest(client: Client, guest: string): Promise<void> {
  try {
    await client.createGuest(guest);
  } catch (error) {
    if (!isKsmdError(error, 'EEXIST')) throw error;
  }
}
