/** What one sweep came to, on a line for people. */
import type { SweepReport } from '../../../recording/capture/capture.js';
import { count, duration, percent, size } from '../../terminal/wording.js';

export function sweepText(report: SweepReport, pageSize: number): string {
  const { sweep, guests, pages, changedPages, restlessPages, durationMs, processorMs } = report;
  const bytes = pages * pageSize;
  const changed = [
    `${changedPages.toLocaleString('en')} changed`,
    ...(restlessPages === 0 ? [] : [`${restlessPages.toLocaleString('en')} never rest`]),
  ];
  return (
    `sweep ${sweep}: ${count(guests, 'guest')}, ${count(pages, 'page')} (${size(bytes)}), ` +
    `${sweep === 1 ? '' : `${changed.join(', ')}, `}` +
    `${duration(durationMs)} at ${size((bytes / Math.max(durationMs, 1)) * 1000)}/s, ` +
    `${percent(processorMs / Math.max(durationMs, 1))} of a processor`
  );
}
