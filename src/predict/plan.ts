/**
 * Which settings a host should have: the fewest pages a batch by which most of the saving comes in
 * time, and no more than its processors can spare. Knows no recording: whoever calls it plays one.
 */
import type { Outcome } from './outcome.js';

export interface PlanGoals {
  /** Seconds until PART is there of all that can be saved. */
  readonly withinSeconds: number;
  /** Of one processor, in the first minute and at rest. */
  readonly mostCpu: number;
  /** Bytes; less is not worth it, and nothing never is. */
  readonly leastBytes: number;
  /** The kernel has smart scan: 6.7 is the first. */
  readonly hasSmartScan: boolean;
}

/** What came of settings. */
export interface Played {
  readonly outcome: Outcome;
  /** Seconds until so many bytes were saved; undefined if they never were. */
  readonly secondsTo: (bytes: number) => number | undefined;
}

/** What is proposed, or named beside it. */
export interface Proposal {
  readonly settings: PlanSettings;
  readonly outcome: Outcome;
  /** Until PART is there of all that can be saved; undefined if it is not in time played. */
  readonly seconds: number | undefined;
}

export interface Plan extends Proposal {
  /** What is proposed saves enough. */
  readonly isWorthIt: boolean;
  /** The fewest pages take too much of a processor: they are proposed all the same. */
  readonly isTooDear: boolean;
  /** By which it would be in time, but take too much of a processor. */
  readonly inTime: Proposal | undefined;
  /** What would be saved if smart scan left no page out, if that is much more. */
  readonly withoutSmartScan: Outcome | undefined;
}

export interface PlanSettings {
  readonly pages_to_scan: number;
  /** Absent where the kernel has none. */
  readonly smart_scan?: 0 | 1;
}

/** Of the saving, that is to come in time. */
export const PART = 0.9;
/** pages_to_scan from its default on, each time twice as many. */
const FEWEST_PAGES = 100;
const DOUBLINGS = 8;
/** So much more is worth being named. */
const MUCH_MORE = 1.1;

/** `play` says what comes of settings; it is asked a few times. */
export async function plan(
  goals: PlanGoals,
  play: (settings: PlanSettings) => Promise<Played>,
): Promise<Plan> {
  const settingsOf = (step: number): PlanSettings => ({
    pages_to_scan: FEWEST_PAGES * 2 ** step,
    ...(goals.hasSmartScan ? { smart_scan: 1 } : {}),
  });
  const known = new Map<number, Played>();
  const playStep = async (step: number): Promise<Played> => {
    const played = known.get(step) ?? (await play(settingsOf(step)));
    known.set(step, played);
    return played;
  };
  // Slow settings may not come to the end of it while they are played.
  const fastest = await playStep(DOUBLINGS);
  const mostBytes = freed(fastest.outcome) * PART;
  const propose = async (step: number): Promise<Proposal> => {
    const { outcome, secondsTo } = await playStep(step);
    return { settings: settingsOf(step), outcome, seconds: secondsTo(mostBytes) };
  };
  // More pages a batch take more of a processor and less time: both turn once.
  const inTime = await firstStep(async (step) => {
    const { seconds = Number.POSITIVE_INFINITY } = await propose(step);
    return seconds <= goals.withinSeconds;
  });
  const tooDear = await firstStep(async (step) => {
    const { cpuAtFirst, cpuAtRest } = (await playStep(step)).outcome;
    return Math.max(cpuAtFirst, cpuAtRest) > goals.mostCpu;
  });
  const proposal = await propose(Math.max(0, Math.min(inTime, tooDear - 1, DOUBLINGS)));
  const all = goals.hasSmartScan
    ? (await play({ ...settingsOf(DOUBLINGS), smart_scan: 0 })).outcome
    : fastest.outcome;
  const isMissed = inTime >= tooDear && inTime <= DOUBLINGS;
  return {
    ...proposal,
    isWorthIt: freed(proposal.outcome) >= Math.max(1, goals.leastBytes),
    isTooDear: tooDear === 0,
    inTime: isMissed ? await propose(inTime) : undefined,
    withoutSmartScan: freed(all) > freed(fastest.outcome) * MUCH_MORE ? all : undefined,
  };
}

/** Bytes: merged, and given back by splits. */
export function freed({ freedBytes, splitZeroBytes }: Outcome): number {
  return freedBytes + splitZeroBytes;
}

/** The first step from which on it is so; DOUBLINGS + 1 if it is at none. */
async function firstStep(isSo: (step: number) => Promise<boolean>): Promise<number> {
  let low = 0;
  let high = DOUBLINGS + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (await isSo(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
