/**
 * The seed's phases: copies of ksmpages one after another, each timed from its last write until its
 * last page has merged, on each side in turn; and full scans in between.
 */
import type { ProfileName } from '../../src/ksm/kernels.js';
import type { Progress } from '../progress.js';
import { HOST_COPIES, type Phase, type Row, type Work } from '../row.js';
import { KernelSide } from '../sides/kernel.js';
import { KsmdSide } from '../sides/ksmd.js';
import { peakRssBytes, restartPeakRss } from '../sides/peak-rss.js';
import {
  type Content,
  type Merged,
  PAGE_SIZE,
  type Side,
  sharingOnceMerged,
} from '../sides/side.js';

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

const GOALS: Partial<Record<Phase, { what: string; ahead: number }>> = {
  'worst-2': { what: 'worst case, second copy, with the scans before it merges', ahead: 10 },
  'worst-3': { what: 'worst case, third copy', ahead: 12 },
  'worst-4': { what: 'worst case, fourth copy', ahead: 12 },
  'best-1': { what: 'best case, first copy', ahead: 4 },
  'best-2': { what: 'best case, second copy', ahead: 5 },
  'rescan-unshared': { what: 'a full scan that finds nothing (worst case, one copy)', ahead: 10 },
  'rescan-merged': { what: 'a full scan when all is merged (worst case, two copies)', ahead: 5 },
};

/** A phase as one side played it. */
interface Played<M extends Merged> {
  readonly copies: number;
  /** Of a copy that merged: what is drawn. A full scan frees nothing. */
  readonly frees: boolean;
  readonly merged: M;
}

export interface MergingOptions {
  readonly wanted: ReadonlySet<Phase>;
  readonly copyPages: number;
  readonly profile: ProfileName;
  /** Whether the running kernel is measured too. */
  readonly runningKernel: boolean;
  readonly progress: Progress;
}

interface Player<M extends Merged> extends Side {
  untilSharing(pages: number, tell?: (sharing: number) => void): Promise<M>;
  fullScan(): Promise<M>;
}

/**
 * Plays the plan up to copy `until`; `seen` is called as each phase ends, and outside of what is
 * timed.
 */
async function play<M extends Merged>(
  side: Player<M>,
  plan: Plan,
  until: number,
  { copyPages, progress }: MergingOptions,
  seen: (phase: Phase, played: Played<M>) => void,
): Promise<void> {
  for (let copy = 1; copy <= until; copy++) {
    progress.begin(`${plan.content} case on ${side.name}, copy ${copy} of ${until}`);
    await side.addCopy(plan.content);
    const phase = plan.phaseOfCopy(copy);
    if (phase === undefined) await side.settle();
    else {
      const target = sharingOnceMerged(side, plan.content, copy, copyPages);
      const merged = await side.untilSharing(target, (sharing) =>
        progress.at(copyPages - (target - sharing), copyPages),
      );
      seen(phase, { copies: copy, frees: true, merged });
    }
    const scan = plan.scanAfterCopy(copy);
    if (scan === undefined) continue;
    await side.settle();
    seen(scan, { copies: copy, frees: false, merged: await side.fullScan() });
  }
}

/** Plays as many copies as the wanted phases need, on ksmd and perhaps on the running kernel. */
export async function mergingRows(content: Content, options: MergingOptions): Promise<Row[]> {
  const { wanted, copyPages } = options;
  const plan = content === 'worst' ? WORST : BEST;
  let until = 0;
  for (let copy = 1; copy <= plan.copies; copy++) {
    const phases = [plan.phaseOfCopy(copy), plan.scanAfterCopy(copy)];
    if (phases.some((phase) => phase !== undefined && wanted.has(phase))) until = copy;
  }
  if (until === 0) return [];

  const rows: Row[] = [];
  await restartPeakRss();
  const ksmd = new KsmdSide(copyPages, plan.copies, options.profile);
  await play(ksmd, plan, until, options, (phase, { copies, frees, merged }) => {
    if (!wanted.has(phase)) return;
    const goal = GOALS[phase];
    const work = ksmd.work();
    rows.push({
      phase,
      what: goal?.what ?? phase,
      ksmdSeconds: merged.seconds,
      goal: `${goal?.ahead}× the kernel`,
      figures: {
        ...figuresOf(ksmd, work),
        ...(frees
          ? { 'full scans until the first page merged': round(merged.scansUntilFirstMerge, 2) }
          : {}),
      },
      work,
      ...(frees
        ? {
            freeUnmergedBytes: (HOST_COPIES - copies) * copyPages * PAGE_SIZE,
            ksmdSamples: merged.samples,
          }
        : {}),
    });
  });
  return options.runningKernel ? besideKernel(rows, plan, until, options) : rows;
}

async function besideKernel(
  rows: readonly Row[],
  plan: Plan,
  until: number,
  options: MergingOptions,
): Promise<Row[]> {
  const theirs = new Map<Phase, Played<Merged>>();
  const side = new KernelSide(options.copyPages);
  try {
    await play<Merged>(side, plan, until, options, (phase, played) => theirs.set(phase, played));
  } finally {
    await side.close();
  }
  return rows.map((row) => {
    const played = theirs.get(row.phase);
    if (played === undefined || row.ksmdSeconds === undefined) return row;
    const { seconds, samples } = played.merged;
    const ratio = seconds / row.ksmdSeconds;
    return {
      ...row,
      kernelSeconds: seconds,
      ratio,
      met: ratio >= (GOALS[row.phase]?.ahead ?? 0),
      ...(played.frees ? { kernelSamples: samples } : {}),
    };
  });
}

/** What a merge took, and KSM's counters after it. */
export function figuresOf(side: KsmdSide, work: Work): Record<string, number | string> {
  return {
    ...work,
    'frames in use': side.framesInUse(),
    'bookkeeping bytes a page': round(side.bookkeepingBytesPerPage(), 1),
    'checksums taken': side.checksumsTaken(),
    'peak RSS MiB': Math.round(peakRssBytes() / 2 ** 20),
  };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
