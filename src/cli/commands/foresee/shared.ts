/** `ksmd shared`: who shares with whom, of the daemon, or of recordings, processes and images. */
import { InvalidArgumentError } from 'commander';
import type { Client } from '../../../client/client.js';
import { KsmdError } from '../../../errors.js';
import { type Shared, shared, sharingGuests } from '../../../estimate/shared.js';
import type { RecordedHost } from '../../../recording/recorded-host.js';
import { readTenants } from '../../read-tenants.js';
import { selectionOf } from '../../selected-processes.js';
import type { Action } from '../../verb.js';
import { type LookOptions, lastSweepOf, lookAt, namesSources } from './one-look.js';
import { sharedScreen } from './shared-screen.js';

interface SharedOptions extends LookOptions {
  readonly matrix?: true;
  readonly tenants?: string;
}

/** What is said of them, and of which hosts. */
interface Told extends Shared {
  readonly hosts: readonly string[];
  readonly pageSize: number;
  readonly sample: number;
}

export const action: Action<[readonly string[]], SharedOptions> = async (
  { client, json, print, printJson },
  [paths],
  options,
) => {
  if (paths.length > 0 && namesSources(options))
    throw new InvalidArgumentError('either recordings, or processes and images');
  const isOfDaemon = paths.length === 0 && !namesSources(options);
  const told = isOfDaemon ? await ofDaemon(client, options) : await ofHosts(paths, options);
  if (json) printJson(told);
  else print(...sharedScreen(told, told, options.matrix === true));
  return undefined;
};

async function ofDaemon(client: Client, options: SharedOptions): Promise<Told> {
  if (options.tenants !== undefined || options.sample !== 1)
    throw new InvalidArgumentError(
      '--tenants and --sample are for recordings, processes and images: name some',
    );
  return { ...(await client.shared(selectionOf(options))), tenants: undefined };
}

async function ofHosts(paths: readonly string[], options: SharedOptions): Promise<Told> {
  const tenantOf = options.tenants === undefined ? undefined : await readTenants(options.tenants);
  const hosts: RecordedHost[] = [];
  if (paths.length === 0) hosts.push(await lookAt(options));
  for (const path of paths) hosts.push(await lastSweepOf(path));
  const [first] = hosts;
  if (first === undefined) throw new RangeError('no host');
  const { keyId, sample, pageSize } = first.header;
  for (const [at, { header }] of hosts.entries())
    if (header.keyId !== keyId || header.sample !== sample || header.pageSize !== pageSize)
      throw new KsmdError(
        'EINVAL',
        `${paths[at]} was captured with another key, sample or page size than ${paths[0]}: ` +
          'their contents cannot be compared; capture all with one --key and --sample',
      );
  const guests = sharingGuests(hosts, selectionOf(options));
  const result = shared(first, guests, tenantOf === undefined ? {} : { tenantOf });
  return { hosts: hosts.map(({ header }) => header.host), pageSize, sample, ...result };
}
