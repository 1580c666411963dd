/** `ksmd ps`: workloads, and what they have done. */
import type { Workload } from '../../../protocol/routes/workloads.js';
import { fittedTable } from '../../terminal/wording.js';
import type { Action } from '../../verb.js';

/** FOREIGN is there where there is any. */
const COLUMNS: readonly (readonly [name: string, of: (workload: Workload) => string | number])[] = [
  ['ID', ({ id }) => String(id)],
  ['WORKLOAD', ({ workload }) => workload],
  ['GUEST', ({ guest }) => guest],
  ['REGION', ({ region }) => region],
  ['STATE', ({ state }) => state],
  ['STORES', ({ stores }) => stores],
  ['LOADS', ({ loads }) => loads],
  ['VERIFIED', ({ verified }) => verified],
  ['WRONG', ({ wrong }) => wrong],
  ['FOREIGN', ({ foreign }) => foreign],
  ['RETRIES', ({ retries }) => retries],
];

export const action: Action<[], object> = async ({ client, json, print, printJson }) => {
  const workloads = await client.workloads();
  if (json) printJson(workloads);
  else print(...workloadTable(workloads));
  return undefined;
};

export function workloadTable(workloads: readonly Workload[]): string[] {
  const columns = COLUMNS.filter(
    ([name]) => name !== 'FOREIGN' || workloads.some(({ foreign }) => foreign > 0),
  );
  return fittedTable(
    columns.map(([name]) => name),
    workloads.map((workload) =>
      columns.map(([, of]) => {
        const cell = of(workload);
        return typeof cell === 'number' ? cell.toLocaleString('en') : cell;
      }),
    ),
    ['GUEST', 'REGION'],
    process.stdout.columns ?? Number.POSITIVE_INFINITY,
  );
}
