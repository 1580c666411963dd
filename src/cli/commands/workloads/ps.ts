/** `ksmd ps`: workloads, and what they have done. */
import type { Workload } from '../../../protocol/routes/workloads.js';
import { table } from '../../terminal/wording.js';
import type { Action } from '../../verb.js';

export const action: Action<[], object> = async ({ client, json, print, printJson }) => {
  const workloads = await client.workloads();
  if (json) printJson(workloads);
  else print(...workloadTable(workloads));
  return undefined;
};

export function workloadTable(workloads: readonly Workload[]): string[] {
  const rows = workloads.map(
    ({ id, workload, guest, region, state, stores, loads, verified, wrong, retries }) => [
      String(id),
      workload,
      guest,
      region,
      state,
      ...[stores, loads, verified, wrong, retries].map((value) => value.toLocaleString('en')),
    ],
  );
  return table(
    [
      'ID',
      'WORKLOAD',
      'GUEST',
      'REGION',
      'STATE',
      'STORES',
      'LOADS',
      'VERIFIED',
      'WRONG',
      'RETRIES',
    ],
    rows,
  );
}
