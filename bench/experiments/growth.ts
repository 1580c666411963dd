/** How the time a page takes grows with the number of pages: the third copy of the worst case, at sizes from a sixteenth up. */
import type { Row } from '../row.js';
import { KsmdSide } from '../sides/ksmd.js';

const STEPS = [1 / 16, 1 / 4, 1];
const AT_MOST = 1.5;
/** Of each size the median of so many runs. */
const RUNS = 3;

export async function growthRow(copyPages: number): Promise<Row> {
  const microseconds: number[] = [];
  for (const step of STEPS) {
    const runs: number[] = [];
    for (let run = 0; run < RUNS; run++) runs.push(await thirdCopy(Math.max(256, Math.floor(copyPages * step))));
    runs.sort((a, b) => a - b);
    microseconds.push(runs[Math.floor(RUNS / 2)] ?? 0);
  }
  const growth = (microseconds.at(-1) ?? 0) / (microseconds[0] ?? 1);
  return {
    phase: 'growth',
    what: 'time a page, third copy of the worst case, from a sixteenth of the size up',
    goal: `grows less than ${AT_MOST}×`,
    met: growth < AT_MOST,
    figures: {
      growth: Number(growth.toFixed(2)),
      ...Object.fromEntries(
        STEPS.map((step, i) => [`µs a page at ${Math.round((copyPages * step * 4096) / 2 ** 20)} MiB`, Number((microseconds[i] ?? 0).toFixed(2))]),
      ),
    },
  };
}

/** Microseconds a page. */
async function thirdCopy(pages: number): Promise<number> {
  const side = new KsmdSide(pages, 3);
  await side.addCopy('worst');
  await side.addCopy('worst');
  await side.untilSharing(pages);
  await side.addCopy('worst');
  const merged = await side.untilSharing(2 * pages);
  return (merged.seconds * 1e6) / pages;
}
