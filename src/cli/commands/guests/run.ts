/** `ksmd run`: a workload in a guest, on a thread of the daemon. */
import type { WorkloadName } from '../../../names.js';
import type { Action } from '../../verb.js';

interface RunOptions {
  readonly guest: string;
  readonly region?: string;
  readonly size?: number;
  readonly seed?: number;
  readonly rate?: number;
  readonly spread?: number;
  readonly best?: true;
  readonly readLoop?: true;
}

export const action: Action<[WorkloadName], RunOptions> = async (
  { client, json, print, printJson },
  [workload],
  { guest, region, size, seed, rate, spread, best, readLoop },
) => {
  const { pageSize } = await client.status();
  const started = await client.run({
    workload,
    guest,
    ...(region === undefined ? {} : { region }),
    ...(size === undefined ? {} : { pages: Math.ceil(size / pageSize) }),
    ...(seed === undefined ? {} : { seed }),
    ...(rate === undefined ? {} : { rate }),
    ...(spread === undefined ? {} : { spreadPages: spread }),
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
