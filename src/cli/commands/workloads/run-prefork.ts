/**
 * `ksmd run prefork`: a server that loads its data and then forks children, which share it and each
 * rewrite a part. Each is a guest of its own, named after its parent.
 */
import type { Client } from '../../../client/client.js';
import { KsmdError } from '../../../errors.js';
import { count, size } from '../../../wording/amounts.js';
import type { Session } from '../../verb.js';
import { forkChildren } from './forked-children.js';
import { written } from './written.js';

/** Of the data a child rewrites, unless something else is said, one page in so many. */
const SPREAD_PART = 8;

export interface Prefork {
  readonly guest: string;
  readonly region?: string;
  /** Of the region, if it is to be made. */
  readonly pages?: number;
  readonly huge?: boolean;
  readonly seed?: number;
  readonly rate?: number;
  readonly spreadPages?: number;
}

/**
 * All children serve when it resolves. If it fails on the way, no child is left; the parent keeps
 * what it has loaded.
 */
export async function runPrefork(
  { client, json, print, printJson }: Session,
  { rate, spreadPages, ...parent }: Prefork,
  children: number,
): Promise<void> {
  const { guest, seed = 1 } = parent;
  const { pageSize } = await client.status();
  const { id, region } = await client.run({ workload: 'load', ...parent });
  const pages = await pagesOf(client, guest, region);
  await written(client, id, guest, pages, pageSize);
  const started = await forkChildren(client, guest, children, (child, number) =>
    client.run({
      workload: 'serve',
      guest: child,
      region,
      seed: seed + number,
      spreadPages: spreadPages ?? Math.ceil(pages / SPREAD_PART),
      ...(rate === undefined ? {} : { rate }),
    }),
  );
  if (json) printJson(started);
  else {
    print(`${guest}: ${count(pages, 'page')} (${size(pages * pageSize)}) loaded`);
    for (const child of started) print(`${child.guest}: forked, serves as workload ${child.id}`);
  }
}

async function pagesOf(client: Client, guest: string, region: string): Promise<number> {
  const found = (await client.guest(guest)).regions.find(({ name }) => name === region);
  if (found === undefined) throw new KsmdError('ENOENT', `guest '${guest}' is gone`);
  return found.pages;
}
