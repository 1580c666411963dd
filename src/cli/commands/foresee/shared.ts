/** `ksmd shared`: who shares with whom, of recordings, processes and images. */
import { InvalidArgumentError } from 'commander';
import { KsmdError } from '../../../errors.js';
import { type SharingGuest, shared } from '../../../estimate/shared.js';
import type { RecordedHost } from '../../../recording/recorded-host.js';
import { hasAdvised } from '../../../recording/recorded-pages.js';
import type { Selection } from '../../../sources/process/process-source.js';
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
  const { keyId, sample, pageSize } = first.header;
  for (const [at, { header }] of hosts.entries())
    if (header.keyId !== keyId || header.sample !== sample || header.pageSize !== pageSize)
      throw new KsmdError(
        'EINVAL',
        `${paths[at]} was captured with another key, sample or page size than ${paths[0]}: ` +
          'their contents cannot be compared; capture all with one --key and --sample',
      );
  const guests = guestsOf(hosts, selectionOf(options));
  const result = shared(first, guests, tenantOf === undefined ? {} : { tenantOf });
  const names = hosts.map(({ header }) => header.host);
  if (json) printJson({ hosts: names, pageSize, sample, ...result });
  else print(...sharedScreen(result, first.header, options.matrix === true));
  return undefined;
};

/** By their names; of several hosts with the host's before it, and told apart if need be. */
function guestsOf(hosts: readonly RecordedHost[], selection: Selection): SharingGuest[] {
  const named = hosts.flatMap((host) => {
    const guests = [...host.guests.values()];
    const isAdvisedOnly =
      selection === 'advised' ||
      (selection === 'auto' && guests.some((told) => !told.facts.isPinned && hasAdvised(told)));
    const { host: of } = host.header;
    return guests.map((told) => ({
      name: hosts.length === 1 ? told.facts.name : `${of}/${told.facts.name}`,
      told,
      isAdvisedOnly,
    }));
  });
  const times = new Map<string, number>();
  return named.map(({ name, ...guest }) => {
    const before = times.get(name) ?? 0;
    times.set(name, before + 1);
    return { name: before === 0 ? name : `${name}#${before + 1}`, ...guest };
  });
}
