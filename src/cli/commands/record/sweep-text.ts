/** What one sweep came to, on a line for people. */
import type { SweepReport } from '../../../recording/capture/capture.js';
import { count, duration, figure, percent, size } from '../../../wording/amounts.js';
import { prose } from '../../terminal/rows.js';

/** Broken between words where it is longer than a terminal is wide. */
export function sweepLines(
  report: SweepReport,
  pageSize: number,
  columns = Number.POSITIVE_INFINITY,
): string[] {
  return prose([sweepText(report, pageSize)], columns);
}

export function sweepText(report: SweepReport, pageSize: number): string {
  const { sweep, guests, pages, changedPages, restlessPages, durationMs, processorMs } = report;
  const bytes = pages * pageSize;
  const changed = [
    `${figure(changedPages)} changed`,
    ...(restlessPages === 0 ? [] : [`${figure(restlessPages)} never rest`]),
  ];
  return (
    `sweep ${sweep}: ${count(guests, 'guest')}, ${count(pages, 'page')} (${size(bytes)}), ` +
    `${sweep === 1 ? '' : `${changed.join(', ')}, `}` +
    `${duration(durationMs)} at ${size((bytes / Math.max(durationMs, 1)) * 1000)}/s, ` +
    `${percent(processorMs / Math.max(durationMs, 1))} of a processor`
  );
}
