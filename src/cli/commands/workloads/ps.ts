/** `ksmd ps`: workloads, and what they have done. */
import type { Workload } from '../../../protocol/routes/workloads.js';
import { figure } from '../../../wording/amounts.js';
import { type Column, fittedTable } from '../../terminal/fitted-table.js';
import type { Action } from '../../verb.js';

/** FOREIGN is there where there is any. Lost bytes are told however narrow the terminal is. */
const COLUMNS: readonly Column<Workload>[] = [
  { head: 'ID', of: ({ id }) => String(id) },
  { head: 'WORKLOAD', of: ({ workload }) => workload, goes: 7 },
  { head: 'GUEST', of: ({ guest }) => guest, isName: true },
  { head: 'REGION', of: ({ region }) => region, isName: true, goes: 3 },
  { head: 'STATE', of: ({ state }) => state },
  { head: 'STORES', of: ({ stores }) => figure(stores), goes: 6 },
  { head: 'LOADS', of: ({ loads }) => figure(loads), goes: 2 },
  { head: 'VERIFIED', of: ({ verified }) => figure(verified), goes: 4 },
  { head: 'WRONG', of: ({ wrong }) => figure(wrong) },
  { head: 'FOREIGN', of: ({ foreign }) => figure(foreign), goes: 5 },
  { head: 'RETRIES', of: ({ retries }) => figure(retries), goes: 1 },
];

export const action: Action<[], object> = async ({ client, json, print, printJson }) => {
  const workloads = await client.workloads();
  if (json) printJson(workloads);
  else print(...workloadTable(workloads));
  return undefined;
};

/** A file or a pipe has all columns. */
export function workloadTable(
  workloads: readonly Workload[],
  room = process.stdout.columns ?? Number.POSITIVE_INFINITY,
): string[] {
  const isAnyForeign = workloads.some(({ foreign }) => foreign > 0);
  return fittedTable(
    COLUMNS.filter(({ head }) => head !== 'FOREIGN' || isAnyForeign),
    workloads,
    room,
  );
}
