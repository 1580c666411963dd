/**
 * How the time a page takes grows with the number of pages: the third copy of the worst case, at
 * sizes from a sixteenth up.
 */
import prettyBytes from 'pretty-bytes';
import type { ProfileName } from '../../src/ksm/kernels.js';
import type { Row, Work } from '../row.js';
import { KsmdSide } from '../sides/ksmd.js';
import { PAGE_SIZE } from '../sides/side.js';

const STEPS = [1 / 16, 1 / 4, 1];
const LEAST_PAGES = 256;
const AT_MOST = 1.5;
/** Of each size the median of so many repetitions. */
const REPETITIONS = 3;

export async function growthRow(copyPages: number, profile: ProfileName): Promise<Row> {
  const medians: number[] = [];
  const figures: Record<string, number> = {};
  const work: Record<string, number | string> = {};
  for (const step of STEPS) {
    const pages = pagesOf(step, copyPages);
    const times: number[] = [];
    for (let repetition = 0; repetition < REPETITIONS; repetition++) {
      const third = await thirdCopy(pages, profile);
      times.push(third.microsecondsAPage);
      for (const [name, value] of Object.entries(third.work))
        work[`${step} ${repetition} ${name}`] = value;
    }
    times.sort((a, b) => a - b);
    const median = times[Math.floor(REPETITIONS / 2)] ?? 0;
    medians.push(median);
    figures[`µs a page at ${sizeOf(step, copyPages)}`] = Number(median.toFixed(2));
  }
  const growth = (medians.at(-1) ?? 0) / (medians[0] ?? 1);
  return {
    phase: 'growth',
    what: 'time a page, third copy of the worst case, from a sixteenth of the size up',
    ksmdWords: `${growth.toFixed(2)}× from ${sizeOf(STEPS[0] ?? 1, copyPages)} up`,
    goal: `grows less than ${AT_MOST}×`,
    met: growth < AT_MOST,
    figures,
    work,
  };
}

function pagesOf(step: number, copyPages: number): number {
  return Math.max(LEAST_PAGES, Math.floor(copyPages * step));
}

function sizeOf(step: number, copyPages: number): string {
  return prettyBytes(pagesOf(step, copyPages) * PAGE_SIZE, { binary: true });
}

async function thirdCopy(
  pages: number,
  profile: ProfileName,
): Promise<{ microsecondsAPage: number; work: Work }> {
  const side = new KsmdSide(pages, 3, profile);
  await side.addCopy('worst');
  await side.addCopy('worst');
  await side.untilSharing(pages);
  await side.addCopy('worst');
  const merged = await side.untilSharing(2 * pages);
  return { microsecondsAPage: (merged.seconds * 1e6) / pages, work: side.work() };
}
