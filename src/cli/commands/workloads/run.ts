/** `ksmd run`: a workload in a guest, on a thread of the daemon; or a server of several guests. */
import { KsmdError } from '../../../errors.js';
import type { WorkloadName } from '../../../names.js';
import type { Action } from '../../verb.js';
import { runLauncher } from './run-launcher.js';
import { runPrefork } from './run-prefork.js';
import type { ServerName } from './servers.js';

interface RunOptions {
  readonly guest: string;
  readonly region?: string;
  readonly size?: number;
  readonly huge?: true;
  readonly seed?: number;
  readonly rate?: number;
  readonly spread?: number;
  readonly children: number;
  readonly best?: true;
  readonly readLoop?: true;
}

export const action: Action<[WorkloadName | ServerName], RunOptions> = async (
  session,
  [workload],
  { guest, region, size, huge, seed, rate, spread, children, best, readLoop },
) => {
  const { client, json, print, printJson } = session;
  const { pageSize, fingerprints } = await client.status();
  if (fingerprints !== undefined)
    throw new KsmdError(
      'ENOTSUP',
      'the daemon holds fingerprints of pages, not their bytes: no program can run in its guests',
    );
  const wanted = {
    guest,
    ...(region === undefined ? {} : { region }),
    ...(size === undefined ? {} : { pages: Math.ceil(size / pageSize) }),
    ...(huge === undefined ? {} : { huge }),
    ...(seed === undefined ? {} : { seed }),
    ...(rate === undefined ? {} : { rate }),
    ...(spread === undefined ? {} : { spreadPages: spread }),
  };
  if (workload === 'prefork') {
    await runPrefork(session, wanted, children);
    return undefined;
  }
  if (workload === 'launcher') {
    await runLauncher(session, wanted, children);
    return undefined;
  }
  const started = await client.run({
    workload,
    ...wanted,
    ...(best === undefined ? {} : { best }),
    ...(readLoop === undefined ? {} : { readLoop }),
  });
  if (json) printJson(started);
  else
    print(
      `${started.workload} runs in ${started.guest} as workload ${started.id}: 'ksmd ps' ` +
        `shows it, 'ksmd kill ${started.id}' ends it`,
    );
  return undefined;
};
