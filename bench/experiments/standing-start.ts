/** Two copies written before the scanner has seen either, then merged at run=1, sleep 0: what the scanner's processor time comes to. */
import type { Phase, Row } from '../row.js';
import { KsmdSide } from '../sides/ksmd.js';
import type { Content } from '../sides/side.js';

/** Seconds of scanner time at most, for two guests of 256 MiB; other sizes in proportion. */
const AT_MOST: Readonly<Record<Content, number>> = { worst: 2, best: 0.6 };
const REFERENCE_PAGES = 65536;

export async function standingStartRow(content: Content, copyPages: number): Promise<Row> {
  const side = new KsmdSide(copyPages, 2);
  await side.addCopy(content);
  await side.addCopy(content);
  const pages = 2 * copyPages;
  const merged = await side.untilSharing(content === 'worst' ? copyPages : pages - Math.ceil(pages / 256));
  const atMost = (AT_MOST[content] * copyPages) / REFERENCE_PAGES;
  return {
    phase: `standing-start-${content}` satisfies Phase,
    what: `two copies from a standing start, ${content} case`,
    ksmdSeconds: merged.seconds,
    goal: `at most ${atMost.toFixed(2)} s, at most 64 bytes a page`,
    met: merged.seconds <= atMost && side.bookkeepingBytesPerPage() <= 64,
    figures: { ...merged.counters, 'bookkeeping bytes a page': Math.round(side.bookkeepingBytesPerPage() * 10) / 10 },
    ksmdSamples: merged.samples,
  };
}
