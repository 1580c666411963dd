/**
 * `ksmd vmstat`: what the daemon is doing, a line an interval, in the columns of procps' vmstat and
 * KSM's own.
 */
import type { Status } from '../../../protocol/routes/status.js';
import { type Sample, samples } from '../../procps/samples.js';
import type { Unit } from '../../procps/units.js';
import { usage } from '../../procps/usage.js';
import { VmstatTable } from '../../procps/vmstat-table.js';
import type { Action } from '../../verb.js';

export const action: Action<
  [number | undefined, number | undefined],
  { readonly unit: Unit }
> = async ({ client, json, print, printJson }, [interval, count], { unit }) => {
  const wanted = count ?? (interval === undefined ? 1 : Number.POSITIVE_INFINITY);
  const look = async (): Promise<Sample> => ({ status: await client.status() });
  const table = new VmstatTable(process.stdout, unit);
  let before: Status | undefined;
  let taken = 0;
  for await (const { status } of samples(look, (interval ?? 0) * 1000)) {
    if (json) printJson(inJson(status, before));
    else print(...table.lines(status, usage(status, before)));
    before = status;
    if (++taken === wanted) break;
  }
  return undefined;
};

function inJson(now: Status, before: Status | undefined): object {
  const { uptimeMs, memory, workloads, scanner, counters } = now;
  const { totalBytes, usedBytes, freeBytes } = memory;
  return {
    uptimeMs,
    ...usage(now, before),
    totalBytes,
    usedBytes,
    freeBytes,
    scanner: scanner.state,
    guestThreadsRunning: workloads.running,
    guestThreadsWaiting: workloads.waiting,
    pagesShared: counters.pages_shared,
    pagesSharing: counters.pages_sharing,
  };
}
