/**
 * Two copies written before the scanner has seen either, then merged at run=1, sleep 0: what the
 * scanner's processor time comes to.
 */
import type { ProfileName } from '../../src/ksm/kernels.js';
import { HOST_COPIES, type Phase, type Row } from '../row.js';
import { KsmdSide } from '../sides/ksmd.js';
import { restartPeakRss } from '../sides/peak-rss.js';
import { type Content, PAGE_SIZE, sharingOnceMerged } from '../sides/side.js';
import { figuresOf } from './merging.js';

/** Seconds of scanner time at most, for two guests of 256 MiB; other sizes in proportion. */
const AT_MOST: Readonly<Record<Content, number>> = { worst: 2, best: 0.6 };
const REFERENCE_PAGES = 65536;
const COPIES = 2;

export async function standingStartRow(
  content: Content,
  copyPages: number,
  profile: ProfileName,
): Promise<Row> {
  await restartPeakRss();
  const side = new KsmdSide(copyPages, COPIES, profile);
  for (let copy = 0; copy < COPIES; copy++) await side.addCopy(content);
  const merged = await side.untilSharing(sharingOnceMerged(side, content, COPIES, copyPages));
  const atMost = (AT_MOST[content] * copyPages) / REFERENCE_PAGES;
  const work = side.work();
  return {
    phase: `standing-start-${content}` satisfies Phase,
    what: `two copies from a standing start, ${content} case`,
    ksmdSeconds: merged.seconds,
    goal: `at most ${atMost.toFixed(2)} s, at most 64 bytes a page`,
    met: merged.seconds <= atMost && side.bookkeepingBytesPerPage() <= 64,
    figures: figuresOf(side, work),
    work,
    freeUnmergedBytes: (HOST_COPIES - COPIES) * copyPages * PAGE_SIZE,
    ksmdSamples: merged.samples,
  };
}
