/**
 * /v1/report: what is saved and by whom, why the rest is not, and how long it all takes at these
 * settings.
 *
 * Looks at every page, so it is for people who ask now and then; /v1/status is for those who ask
 * all the time.
 */

import { noPages, takeCensus } from '../../../inspect/census.js';
import { takeFootprint } from '../../../inspect/footprint.js';
import { takeSharing } from '../../../inspect/sharing.js';
import { takeUnmerged } from '../../../inspect/unmerged.js';
import { DEFAULT_TICK_MS } from '../../../ksm/clock.js';
import { readGuestCounter } from '../../../ksm/counters.js';
import type { Host } from '../../../ksm/host.js';
import { RUN_MERGE } from '../../../ksm/run.js';
import type { LongWork } from '../../../machine/long-work.js';
import { PAGE_STATES } from '../../../names.js';
import type { GuestReport, REPORT_ROUTES, Report } from '../../../protocol/routes/report.js';
import { saved } from '../../feeds/saved.js';
import { lookInSlices } from '../../slices.js';
import type { Context } from '../context.js';
import type { Handlers } from '../register.js';

const RATES_OVER_MS = 10_000;
/** Fewer say little of how long a page takes; then only the sleeps are reckoned with. */
const ENOUGH_PAGES = 1000;
/** A full scan that takes note of a page, and one that merges it. */
const MERGED_AFTER_SCANS = 2;

export function reportHandlers(context: Context): Handlers<typeof REPORT_ROUTES> {
  return {
    report: async () => {
      await context.forks.ready();
      return report(context);
    },
    unmerged: () => lookInSlices(() => takeUnmerged(context.host)),
  };
}

async function report(context: Context): Promise<Report> {
  const { host } = context;
  const guests = await lookInSlices(() => lookAtGuests(host));
  const sharing = await lookInSlices(() => takeSharing(host));
  const pages = noPages();
  for (const guest of guests) for (const state of PAGE_STATES) pages[state] += guest.pages[state];
  guests.sort((a, b) => b.netBytes - a.netBytes);
  return {
    pageSize: host.machine.pageSize,
    saved: saved(host, context.forks),
    sharing,
    pages,
    guests,
    scan: scanNow(context, pages),
  };
}

function* lookAtGuests(host: Host): LongWork<GuestReport[] | undefined> {
  const guests: GuestReport[] = [];
  for (const name of host.guests.names()) {
    // It may have gone since.
    const pages = host.guests.has(name) ? yield* takeCensus(host, name) : undefined;
    const footprint = pages === undefined ? undefined : yield* takeFootprint(host, name);
    if (pages === undefined || footprint === undefined) return undefined;
    guests.push({ name, pages, footprint, netBytes: profit(host, name) });
  }
  return guests;
}

/** The guest's ksm_process_profit, also where its kernel does not show it. */
function profit(host: Host, guest: string): number {
  return readGuestCounter(host.machine.memory, host.guests.pointer(guest), 'ksm_process_profit');
}

/** A kernel's ends with the tick after the last of those that it takes: half a one on average. */
function napMs(sleepMs: number, pace: 'own' | 'kernel'): number {
  if (pace === 'own' || sleepMs === 0) return sleepMs;
  return (Math.ceil(sleepMs / DEFAULT_TICK_MS) + 0.5) * DEFAULT_TICK_MS;
}

function scanNow(
  { host, history, scanner: { prices } }: Context,
  pages: Report['pages'],
): Report['scan'] {
  const { before, now } = history.span(RATES_OVER_MS);
  const elapsedMs = Math.max(1, now.atMs - before.atMs);
  const tunables = host.files.tunables();
  const running = tunables.run === RUN_MERGE;
  const batchPages = Number(tunables.pages_to_scan);
  const duePages =
    pages.waiting +
    pages.volatile +
    pages.unshared +
    pages.limit +
    pages.shared +
    (tunables.smart_scan === 1 ? 0 : pages.skipped);
  // A full scan ends a batch, so even nothing takes one.
  const sleeps = Math.max(1, Math.ceil(duePages / batchPages));
  const scanned = now.pagesScanned - before.pagesScanned;
  const cpuMs = now.scannerCpuMs - before.scannerCpuMs;
  const kernelCpuMs = now.kernelCpuMs - before.kernelCpuMs;
  const pace = tunables.pace === 'kernel' ? 'kernel' : 'own';
  const isMeasured = scanned >= ENOUGH_PAGES;
  const busyMs = pace === 'kernel' ? kernelCpuMs : cpuMs;
  // What is passed over costs a kernel too: measured, it is in what a visit takes.
  const asPriced = duePages * prices.visit + pages.skipped * prices.skip;
  const visitsMs = isMeasured
    ? (duePages * busyMs) / scanned
    : pace === 'kernel'
      ? asPriced / 1e6
      : 0;
  const fullScanMs = sleeps * napMs(Number(tunables.sleep_millisecs), pace) + visitsMs;
  const isKnown = batchPages > 0 && duePages + pages.skipped > 0;
  return {
    running,
    pagesPerSecond: (scanned * 1000) / elapsedMs,
    pace,
    cpuShare: cpuMs / elapsedMs,
    kernelCpuShare: kernelCpuMs / elapsedMs,
    duePages,
    mergedAfterScans: MERGED_AFTER_SCANS,
    meetsAlone: tunables.smart_scan === 1 ? 'perhaps' : 'always',
    ...(isKnown ? { fullScanMs, mergedAfterMs: MERGED_AFTER_SCANS * fullScanMs } : {}),
  };
}
