/**
 * The lines above the table of `ksmd top`: the daemon, its processors and its memory, as procps'
 * top puts it.
 */
import type { Status } from '../../protocol/routes/status.js';
import { count, figure, percent, upTime } from '../../wording/amounts.js';
import { briefSize, inHundred } from '../terminal/column-figures.js';
import { type Span, type StyledLine, styledLine } from '../terminal/styled.js';
import { footprint } from './footprint.js';
import type { GuestSample } from './guest-usage.js';
import { usage } from './usage.js';

export const SUMMARY_LINES = 5;

export function topSummary(
  now: GuestSample,
  before: GuestSample | undefined,
  columns: number,
): StyledLine[] {
  const { status, guests, workloads, takenAt } = now;
  const { uptimeMs, version, kernel, scanner, counters } = status;
  const rates = usage(status, before?.status);
  const memory = footprint(status);
  const inState = (state: string): number =>
    workloads.filter((workload) => workload.state === state).length;
  const lines = [
    `ksmd ${version} - ${takenAt.toTimeString().slice(0, 8)} up ${upTime(uptimeMs)}, as ` +
      `Linux ${kernel}${sample(status)}`,
    `Guests: ${guests.length} total, ${count(inState('running'), 'workload')} running, ` +
      `${inState('waiting')} waiting for a frame`,
    `%Cpu(s): ${part(rates.guestShare)} us, ${part(rates.scannerShare)} sy, ` +
      `${part(rates.idleShare)} id;  scanner ${scanner.state}, ` +
      `${part(rates.kernelCpus)} % as a kernel`,
    `Scanner: ${count(counters.full_scans ?? 0, 'full scan')};` +
      `  ${figure(Math.round(rates.pagesScannedPerSecond))} scanned/s, ` +
      `${figure(Math.round(rates.mergesPerSecond))} merged/s, ` +
      `${figure(Math.round(rates.cowBreaksPerSecond))} cow/s`,
    `Mem: ${briefSize(memory.totalBytes)} total, ${briefSize(memory.usedBytes)} used, ` +
      `${briefSize(memory.freeBytes)} free, ` +
      `${briefSize(memory.sharedBytes)} shared;  ${briefSize(memory.savedBytes)} saved, ` +
      `${percent(savedShare(memory))}${forked(memory)}`,
  ];
  return lines.map((line) => styledLine(figuresBold(line), columns));
}

/** Where not all pages are held. */
function sample({ fingerprints }: Status): string {
  const { oneIn = 1 } = fingerprints ?? {};
  return oneIn === 1 ? '' : `, 1 page in ${figure(oneIn)}`;
}

/** What forks share, where there are any. */
function forked({ forkSharedBytes }: { readonly forkSharedBytes: number }): string {
  return forkSharedBytes === 0 ? '' : `, ${briefSize(forkSharedBytes)} forked`;
}

/** Of what would be used. */
function savedShare({
  savedBytes,
  withoutKsmBytes,
}: {
  readonly savedBytes: number;
  readonly withoutKsmBytes: number;
}): number {
  return withoutKsmBytes === 0 ? 0 : savedBytes / withoutKsmBytes;
}

function part(share: number): string {
  return inHundred(share).padStart(5);
}

/** What stands before the colon is a name; after it, figures stand out. */
function figuresBold(line: string): Span[] {
  return line
    .split(/( \d(?:\S*[\dkmg])?)/)
    .map((text) => (/^ \d/.test(text) ? { text, style: 'bold' } : { text }));
}
