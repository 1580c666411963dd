/**
 * What a merge that is broken again costs the writer: a write to one page of each of 2,000 pairs
 * that have merged, and once more, as it is the writer's own by then. What `ksm_tests -C` of the
 * kernel's selftests measures.
 */
import type { ProfileName } from '../../src/ksm/kernels.js';
import type { Row, Work } from '../row.js';
import { KernelSide } from '../sides/kernel.js';
import { KsmdSide } from '../sides/ksmd.js';
import type { Side } from '../sides/side.js';

const MOST_PAGES = 4000;
/** Of so many rounds the fastest counts, of merged and own pages each. */
const ROUNDS = 5;

export async function brokenMergeRow(
  copyPages: number,
  profile: ProfileName,
  runningKernel: boolean,
): Promise<Row> {
  const pages = Math.min(copyPages, MOST_PAGES);
  let work: Work = {};
  const mine = await times(
    pages,
    () => new KsmdSide(pages, 1, profile),
    (side) => {
      work = side.work();
    },
  );
  const theirs = runningKernel ? await times(pages, () => new KernelSide(pages)) : undefined;
  const ratio = theirs === undefined ? undefined : theirs.merged / mine.merged;
  return {
    phase: 'broken-merge',
    what: `a write to one of each of ${pages / 2} pairs of merged pages`,
    goal: 'not dearer than the kernel’s',
    ksmdSeconds: mine.merged,
    ...(theirs === undefined || ratio === undefined
      ? {}
      : { kernelSeconds: theirs.merged, ratio, met: ratio >= 1 }),
    figures: {
      ...figures('ksmd', mine, pages),
      ...(theirs === undefined ? {} : figures('kernel', theirs, pages)),
    },
    work,
  };
}

/** Seconds that all the writes took. */
interface Seconds {
  readonly merged: number;
  readonly own: number;
}

async function times<S extends Side>(
  pages: number,
  makeSide: () => S,
  seen: (side: S) => void = () => {},
): Promise<Seconds> {
  let merged = Number.POSITIVE_INFINITY;
  let own = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const side = makeSide();
    try {
      await side.addCopy('pairs');
      await side.untilSharing(pages / 2);
      merged = Math.min(merged, await side.writeLoop(1));
      own = Math.min(own, await side.writeLoop(2));
      await side.settle();
      seen(side);
    } finally {
      await side.close();
    }
  }
  return { merged, own };
}

function figures(side: Side['name'], { merged, own }: Seconds, pages: number) {
  const microseconds = (seconds: number): number =>
    Number(((seconds * 1e6) / (pages / 2)).toFixed(2));
  return {
    [`${side}: a write to a merged page, µs`]: microseconds(merged),
    [`${side}: a write to the writer’s own, µs`]: microseconds(own),
  };
}
