/** `ksmd shared`: who shares with whom, of the daemon, or of recordings, processes and images. */
import { InvalidArgumentError } from 'commander';
import type { Client } from '../../../client/client.js';
import { KsmdError } from '../../../errors.js';
import { shared, sharingGuests } from '../../../estimate/shared.js';
import { quoted } from '../../../printable.js';
import type { RecordingHeader } from '../../../recording/format.js';
import type { RecordedHost } from '../../../recording/recorded-host.js';
import { readTenantLines, readTenants } from '../../read-tenants.js';
import { selectionOf } from '../../selected-processes.js';
import type { Action } from '../../verb.js';
import { assertNoSample, type LookOptions, lastSweepOf, lookAt, namesSources } from './one-look.js';
import { writePage } from './page/written-page.js';
import { sharedScreen } from './shared-screen.js';
import type { SharedTold } from './shared-told.js';

interface SharedOptions extends LookOptions {
  readonly matrix?: true;
  readonly tenants?: string;
  readonly html?: string;
}

export const action: Action<[readonly string[]], SharedOptions> = async (
  { client, json, print, printJson },
  [paths],
  options,
) => {
  if (paths.length > 0 && namesSources(options))
    throw new InvalidArgumentError('either recordings, or processes and images');
  const { html } = options;
  const isOfDaemon = paths.length === 0 && !namesSources(options);
  const look = (): Promise<SharedTold> =>
    isOfDaemon ? ofDaemon(client, options) : ofHosts(paths, options);
  const told = html === undefined ? await look() : await writePage(html, look, pageOf);
  if (json) printJson(told);
  else {
    print(...sharedScreen(told, options.matrix === true, process.stdout.columns));
    if (html !== undefined) print(`${html}: the same as a map, for a browser.`);
  }
  return undefined;
};

async function pageOf(told: SharedTold): Promise<string> {
  const { sharedPage } = await import('./page/shared-page.js');
  return sharedPage(told);
}

async function ofDaemon(client: Client, options: SharedOptions): Promise<SharedTold> {
  if (options.sample !== 1)
    throw new InvalidArgumentError('--sample is for processes and images: name some');
  const { tenants: path } = options;
  const tenants = path === undefined ? undefined : await readTenantLines(path);
  const selection = selectionOf(options);
  return {
    tenants: undefined,
    ...(await client.shared({ selection, ...(tenants && { tenants }) })),
  };
}

async function ofHosts(paths: readonly string[], options: SharedOptions): Promise<SharedTold> {
  if (paths.length > 0) assertNoSample(options);
  const tenantOf = options.tenants === undefined ? undefined : await readTenants(options.tenants);
  const hosts: RecordedHost[] = [];
  if (paths.length === 0) hosts.push(await lookAt(options));
  for (const path of paths) hosts.push(await lastSweepOf(path));
  const [first] = hosts;
  if (first === undefined) throw new RangeError('no host');
  assertComparable(
    hosts.map(({ header }) => header),
    paths,
  );
  const { sample, pageSize } = first.header;
  const guests = sharingGuests(hosts, selectionOf(options));
  const result = shared(first, guests, tenantOf === undefined ? {} : { tenantOf });
  return { hosts: hosts.map(({ header }) => header.host), pageSize, sample, ...result };
}

/** EINVAL, naming the file, if two cannot be compared, or are of one host. */
function assertComparable(headers: readonly RecordingHeader[], paths: readonly string[]): void {
  for (const [at, header] of headers.entries())
    for (const [before, other] of headers.slice(0, at).entries()) {
      if (
        header.keyId !== other.keyId ||
        header.sample !== other.sample ||
        header.pageSize !== other.pageSize
      )
        throw new KsmdError(
          'EINVAL',
          `${paths[at]} was captured with another key, sample or page size than ` +
            `${paths[before]}: their contents cannot be compared; capture all with one --key ` +
            'and --sample',
        );
      if (header.host === other.host) {
        const isLater = header.startedAtMs > other.startedAtMs;
        throw new KsmdError(
          'EINVAL',
          `${paths[before]} and ${paths[at]} are both of host ${quoted(header.host)}, and its ` +
            `guests would count twice: leave out ${isLater ? paths[before] : paths[at]}, or, if ` +
            'they are two hosts of one name, capture one with another --host',
        );
      }
    }
}
