/** The seed's read loop: one word of every page, before and after merging. */
import type { ProfileName } from '../../src/ksm/kernels.js';
import type { Row, Work } from '../row.js';
import { KernelSide } from '../sides/kernel.js';
import { KsmdSide } from '../sides/ksmd.js';
import { type Content, type Side, sharingOnceMerged } from '../sides/side.js';

/** Of so many loops the fastest counts. */
const LOOPS = 5;
const COPIES = 2;

export async function readLoopRow(
  copyPages: number,
  profile: ProfileName,
  runningKernel: boolean,
): Promise<Row> {
  const work: Record<string, number | string> = {};
  const mine = await times(
    copyPages,
    () => new KsmdSide(copyPages, COPIES, profile),
    (content, side) => {
      for (const [name, value] of Object.entries<Work[string]>(side.work()))
        work[`${content} ${name}`] = value;
    },
  );
  const theirs = runningKernel
    ? await times(copyPages, () => new KernelSide(copyPages))
    : undefined;
  return {
    phase: 'read-loop',
    what: 'one word of every page, before and after merging',
    goal: 'worst unchanged, best faster',
    met: mine.worst.after < mine.worst.before * 1.5 && mine.best.after < mine.best.before * 0.95,
    ksmdWords: inWords(mine),
    ...(theirs === undefined ? {} : { kernelWords: inWords(theirs) }),
    work,
  };
}

interface Seconds {
  readonly before: number;
  readonly after: number;
}

type Times = Readonly<Record<Content, Seconds>>;

async function times<S extends Side>(
  copyPages: number,
  makeSide: () => S,
  seen: (content: Content, side: S) => void = () => {},
): Promise<Times> {
  const loops = async (content: Content): Promise<Seconds> => {
    const side = makeSide();
    try {
      for (let copy = 0; copy < COPIES; copy++) await side.addCopy(content);
      const before = await fastest(side);
      await side.untilSharing(sharingOnceMerged(side, content, COPIES, copyPages));
      const after = await fastest(side);
      seen(content, side);
      return { before, after };
    } finally {
      await side.close();
    }
  };
  return { worst: await loops('worst'), best: await loops('best') };
}

async function fastest(side: Side): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < LOOPS; i++) best = Math.min(best, await side.readLoop());
  return best;
}

function inWords({ worst, best }: Times): string {
  const ms = (seconds: number): string => (seconds * 1000).toFixed(1);
  return `${ms(worst.before)} → ${ms(worst.after)} ms, best ${ms(best.before)} → ${ms(best.after)}`;
}
