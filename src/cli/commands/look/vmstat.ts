/**
 * `ksmd vmstat`: what the daemon is doing, a line an interval, in the columns of procps' vmstat and
 * KSM's own.
 */
import { Argument, Option } from 'commander';
import type { Status } from '../../../protocol/status.js';
import { type Sample, samples } from '../../procps/samples.js';
import { usage } from '../../procps/usage.js';
import { UNITS, type Unit, VmstatTable } from '../../procps/vmstat-table.js';
import { parseInterval, parsePositive } from '../../values.js';
import { verb } from '../../verb.js';

export const vmstat = verb<[number | undefined, number | undefined], { readonly unit: Unit }>({
  name: 'vmstat',
  summary: 'memory, processors and merging, a line an interval',
  arguments: [
    new Argument(
      '[interval]',
      'seconds between two lines, 0.1 or more (default: one line only)',
    ).argParser(parseInterval),
    new Argument('[count]', 'how many lines (default: until Ctrl-C)').argParser(parsePositive),
  ],
  details: [
    "The first line tells of all the time since the daemon's start, each other one of the time since the line before.",
    'r: guest threads at work, and the scanner if it scans; b: guest threads that wait for a free frame. free: frames, in KiB. us: guest threads, sy: the scanner, id: the rest of the processors that the daemon may run on.',
    'swpd, buff, cache, si, so, bi, bo, wa and st are 0: the simulated host has no files, no disks and no other host beneath it. A terminal too narrow for all columns is not shown them. in and cs are left out: it has no interrupts, and nobody counts its context switches.',
    'shared, sharing: pages_shared and pages_sharing. scan/s, merge/s, cow/s: pages scanned, pages merged, and merged pages that got a frame of their own again, a second.',
  ],
  options: [
    new Option('-S, --unit <unit>', 'of memory: k 1000, K 1024, m 1000000 or M 1048576 bytes')
      .choices(Object.keys(UNITS))
      .default('K'),
  ],
  examples: ['ksmd vmstat 1', 'ksmd vmstat 0.5 10 --json'],
  json: true,
  run: async ({ client, json, print, printJson }, [interval, count], { unit }) => {
    const wanted = count ?? (interval === undefined ? 1 : Number.POSITIVE_INFINITY);
    const look = async (): Promise<Sample> => ({ status: await client.status() });
    const table = new VmstatTable(process.stdout, unit);
    let before: Status | undefined;
    let taken = 0;
    for await (const { status } of samples(look, (interval ?? 0) * 1000)) {
      if (json) printJson(inJson(status, before));
      else print(table.lines(status, usage(status, before)));
      before = status;
      if (++taken === wanted) break;
    }
    return undefined;
  },
});

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
