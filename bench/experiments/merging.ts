/**
 * The seed's phases: copies of ksmpages one after another, each timed from its last write until its last page has merged, on each side in turn; and
 * full scans in between.
 */
import type { Phase, Row } from '../row.js';
import { KernelSide } from '../sides/kernel.js';
import { KsmdSide } from '../sides/ksmd.js';
import type { Content, Merged, Side } from '../sides/side.js';

interface Plan {
  readonly content: Content;
  readonly copies: number;
  /** What is timed as copy `copy` merges. */
  readonly phaseOfCopy: (copy: number) => Phase | undefined;
  /** What is timed as a full scan once copy `copy` has settled. */
  readonly scanAfterCopy: (copy: number) => Phase | undefined;
}

const WORST: Plan = {
  content: 'worst',
  copies: 4,
  phaseOfCopy: (copy) => (['worst-2', 'worst-3', 'worst-4'] as const)[copy - 2],
  scanAfterCopy: (copy) => (['rescan-unshared', 'rescan-merged'] as const)[copy - 1],
};

const BEST: Plan = {
  content: 'best',
  copies: 2,
  phaseOfCopy: (copy) => (['best-1', 'best-2'] as const)[copy - 1],
  scanAfterCopy: () => undefined,
};

const GOALS: Partial<Record<Phase, { what: string; ahead: number; seedSeconds?: number }>> = {
  'worst-2': { what: 'worst case, second copy (with the scans before it)', ahead: 10, seedSeconds: 104 },
  'worst-3': { what: 'worst case, third copy', ahead: 12, seedSeconds: 34 },
  'worst-4': { what: 'worst case, fourth copy', ahead: 12, seedSeconds: 34 },
  'best-1': { what: 'best case, first copy', ahead: 4, seedSeconds: 4 },
  'best-2': { what: 'best case, second copy', ahead: 5, seedSeconds: 4 },
  'rescan-unshared': { what: 'a full scan that finds nothing (worst case, one copy)', ahead: 10 },
  'rescan-merged': { what: 'a full scan when all is merged (two copies)', ahead: 5 },
};

/** Pages that must be sharing once `copy` copies have merged: in the best case every max_page_sharing-th page is a KSM page of its own. */
function sharingTarget(content: Content, copy: number, copyPages: number): number {
  if (content === 'worst') return (copy - 1) * copyPages;
  const pages = copy * copyPages;
  return pages - Math.ceil(pages / 256);
}

async function play(side: Side, plan: Plan, copyPages: number, until: number): Promise<Map<Phase, Merged>> {
  const seen = new Map<Phase, Merged>();
  for (let copy = 1; copy <= Math.min(plan.copies, until); copy++) {
    await side.addCopy(plan.content);
    const phase = plan.phaseOfCopy(copy);
    if (phase === undefined) await side.settle();
    else seen.set(phase, await side.untilSharing(sharingTarget(plan.content, copy, copyPages)));
    const scan = plan.scanAfterCopy(copy);
    if (scan === undefined) continue;
    await side.settle();
    seen.set(scan, await side.fullScan());
  }
  return seen;
}

/** Plays as many copies as the wanted phases need, on ksmd and, if `kernel`, on the running kernel. */
export async function mergingRows(
  content: Content,
  wanted: ReadonlySet<Phase>,
  copyPages: number,
  kernel: boolean,
  tell: (text: string) => void,
): Promise<Row[]> {
  const plan = content === 'worst' ? WORST : BEST;
  let until = 0;
  for (let copy = 1; copy <= plan.copies; copy++) {
    const phases = [plan.phaseOfCopy(copy), plan.scanAfterCopy(copy)];
    if (phases.some((phase) => phase !== undefined && wanted.has(phase))) until = copy;
  }
  if (until === 0) return [];

  tell(`${content} case on ksmd`);
  const ksmd = new KsmdSide(copyPages, plan.copies);
  const mine = await play(ksmd, plan, copyPages, until);
  const figures = {
    'frames in use': ksmd.framesInUse(),
    'bookkeeping bytes a page': round(ksmd.bookkeepingBytesPerPage()),
    'checksums taken': ksmd.checksumsTaken(),
    'peak RSS MiB': Math.round(ksmd.peakRssBytes() / 2 ** 20),
  };
  let theirs = new Map<Phase, Merged>();
  if (kernel) {
    tell(`${content} case on the kernel`);
    const side = new KernelSide(copyPages);
    try {
      theirs = await play(side, plan, copyPages, until);
    } finally {
      await side.close();
    }
  }
  return [...mine]
    .filter(([phase]) => wanted.has(phase))
    .map(([phase, merged]) => {
      const goal = GOALS[phase];
      const kernelMerged = theirs.get(phase);
      const ratio = kernelMerged === undefined ? undefined : kernelMerged.seconds / merged.seconds;
      return {
        phase,
        what: goal?.what ?? phase,
        ksmdSeconds: merged.seconds,
        ...(kernelMerged === undefined ? {} : { kernelSeconds: kernelMerged.seconds, kernelSamples: kernelMerged.samples }),
        ...(ratio === undefined ? {} : { ratio, met: ratio >= (goal?.ahead ?? 0) }),
        ...(goal?.seedSeconds === undefined ? {} : { seedSeconds: goal.seedSeconds }),
        goal: `${goal?.ahead}× the kernel`,
        figures: { ...merged.counters, ...figures },
        ksmdSamples: merged.samples,
      };
    });
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
