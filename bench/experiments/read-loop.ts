/** The seed's read loop: one word of every page, before and after merging. */
import type { Row } from '../row.js';
import { KernelSide } from '../sides/kernel.js';
import { KsmdSide } from '../sides/ksmd.js';
import type { Content, Side } from '../sides/side.js';

/** Of so many loops the fastest counts. */
const LOOPS = 5;

export async function readLoopRow(copyPages: number, kernel: boolean): Promise<Row> {
  const mine = await times(() => new KsmdSide(copyPages, 2), copyPages);
  const theirs = kernel ? await times(() => new KernelSide(copyPages), copyPages) : undefined;
  return {
    phase: 'read-loop',
    what: 'one word of every page, before and after merging',
    goal: 'worst case unchanged, best case no slower',
    met: mine.worstAfter < mine.worstBefore * 1.5 && mine.bestAfter < mine.bestBefore * 1.1,
    figures: { ...named('ksmd', mine), ...(theirs === undefined ? {} : named('kernel', theirs)), 'seed ms': '7.5, then 7.5; best case then 1.6' },
  };
}

interface Times {
  readonly worstBefore: number;
  readonly worstAfter: number;
  readonly bestBefore: number;
  readonly bestAfter: number;
}

async function times(makeSide: () => Side, copyPages: number): Promise<Times> {
  const [worstBefore, worstAfter] = await loops(makeSide(), 'worst', copyPages);
  const [bestBefore, bestAfter] = await loops(makeSide(), 'best', copyPages);
  return { worstBefore, worstAfter, bestBefore, bestAfter };
}

async function loops(side: Side, content: Content, copyPages: number): Promise<[number, number]> {
  try {
    await side.addCopy(content);
    await side.addCopy(content);
    const before = await fastest(side);
    const pages = 2 * copyPages;
    await side.untilSharing(content === 'worst' ? copyPages : pages - Math.ceil(pages / 256));
    return [before, await fastest(side)];
  } finally {
    await side.close();
  }
}

async function fastest(side: Side): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < LOOPS; i++) best = Math.min(best, await side.readLoop());
  return best;
}

function named(side: string, { worstBefore, worstAfter, bestBefore, bestAfter }: Times): Record<string, string> {
  const ms = (seconds: number): string => (seconds * 1000).toFixed(1);
  return {
    [`${side} ms worst`]: `${ms(worstBefore)}, then ${ms(worstAfter)}`,
    [`${side} ms best`]: `${ms(bestBefore)}, then ${ms(bestAfter)}`,
  };
}
