/** `ksmd shared`: who shares with whom, of recordings, processes and images. */
import { InvalidArgumentError } from 'commander';
import { KsmdError } from '../../../errors.js';
import { type SharingGuest, shared } from '../../../estimate/shared.js';
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

export const action: Action<[readonly string[]], SharedOptions> = async (
  { json, print, printJson },
  [paths],
  options,
) => {
  if (paths.length > 0 && namesSources(options))
    throw new InvalidArgumentError('either recordings, or processes and images');
  const tenantOf = options.tenants === undefined ? undefined : await readTenants(options.tenants);
  const hosts: RecordedHost[] = [];
  if (paths.length === 0) hosts.push(await lookAt(options));
  for (const path of paths) hosts.push(await lastSweepOf(path));
  const [first] = hosts;
  if (first === undefined) throw new RangeError('no host');
  for (const [at, { header }] of hosts.entries())
    if (header.keyId !== first.header.keyId || header.sample !== first.header.sample)
      throw new KsmdError(
        'EINVAL',
        `${paths[at]} was captured with another key or sample than ${paths[0]}: their contents ` +
          'cannot be compared; capture all with one --key and --sample',
      );
  const result = shared(first, guestsOf(hosts), {
    selection: selectionOf(options),
    ...(tenantOf === undefined ? {} : { tenantOf }),
  });
  if (json) printJson({ host: hosts.map(({ header }) => header.host), ...result });
  else print(...sharedScreen(result, first.header, options.matrix === true));
  return undefined;
};

/** By their names; of several hosts with the host's before it, and told apart if need be. */
function guestsOf(hosts: readonly RecordedHost[]): SharingGuest[] {
  const named = hosts.flatMap((host) =>
    [...host.guests.values()].map((told) => ({
      name: hosts.length === 1 ? told.facts.name : `${host.header.host}/${told.facts.name}`,
      told,
    })),
  );
  const times = new Map<string, number>();
  return named.map(({ name, told }) => {
    const before = times.get(name) ?? 0;
    times.set(name, before + 1);
    return { name: before === 0 ? name : `${name}#${before + 1}`, told };
  });
}
