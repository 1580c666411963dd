/**
 * Which settings a host should have: the fewest pages a batch by which most of the saving comes in
 * time, and no more than its processors can spare; with smart scan where the kernel has it, and
 * without it where that is much better. Knows no recording: whoever calls it plays one.
 */
import type { Outcome } from './outcome.js';

export interface PlanGoals {
  /** Seconds until PART is there of all that can be saved. */
  readonly withinSeconds: number;
  /** Of one processor, in the first minute and at rest. */
  readonly mostCpu: number;
  /** Bytes; less is not worth it, and nothing never is. */
  readonly leastBytes: number;
  /** Of what is present: that of it is zero pages, and counts for nothing. */
  readonly zeroBytes: number;
  /** The kernel has smart scan: 6.7 is the first. */
  readonly hasSmartScan: boolean;
}

/** What came of settings. */
export interface Played {
  readonly outcome: Outcome;
  /** Seconds until so many bytes were saved; undefined if they never were. */
  readonly secondsTo: (bytes: number) => number | undefined;
  /** In the end: equal pages that do not meet, as smart scan visits them in turn. */
  readonly outOfPhasePages: number;
}

/** What is proposed, or named beside it. */
export interface Proposal {
  readonly settings: PlanSettings;
  readonly outcome: Outcome;
  /** Until PART is there of all that can be saved; undefined if it is not in time played. */
  readonly seconds: number | undefined;
  readonly outOfPhasePages: number;
}

export interface Plan extends Proposal {
  /** What is proposed saves enough that is not zeroes, and is not too dear. */
  readonly isWorthIt: boolean;
  /** Of a sample: it may be worth it, but its error is larger than what would be saved. */
  readonly isUnsure: boolean;
  /** Even the fewest pages take too much of a processor. */
  readonly isTooDear: boolean;
  /** What is proposed is there in time. */
  readonly isInTime: boolean;
  /** By which it would be in time, but take too much of a processor. */
  readonly inTime: Proposal | undefined;
  /** With smart_scan the other way, if that makes much of a difference. */
  readonly otherSmartScan: Proposal | undefined;
}

export interface PlanSettings {
  readonly pages_to_scan: number;
  /** Absent where the kernel has none. */
  readonly smart_scan?: 0 | 1;
}

/** Plays settings, on all processors that there are: what came of each, in their order. */
export type Play = (all: readonly PlanSettings[]) => Promise<readonly Played[]>;

/** Of the saving, that is to come in time. */
export const PART = 0.9;
/** pages_to_scan from its default on, each time twice as many. */
const STEPS = Array.from({ length: 9 }, (_, doublings) => 100 * 2 ** doublings);
/** So much more is worth being named. */
const MUCH_MORE = 1.1;

/** What is found for one smart_scan. */
interface Found {
  readonly proposal: Proposal;
  readonly inTime: Proposal | undefined;
  readonly isInTime: boolean;
  readonly isTooDear: boolean;
}

export async function plan(goals: PlanGoals, play: Play): Promise<Plan> {
  const each = goals.hasSmartScan ? ([{ smart_scan: 1 }, { smart_scan: 0 }] as const) : [{}];
  // All at once, as a search for the best would play nearly all of them too, but one by one.
  const all = each.map((beside) => STEPS.map((pages_to_scan) => ({ pages_to_scan, ...beside })));
  // Those that take longest come first, so that no processor waits for one in the end.
  const played = (await play(all.flat().toReversed())).toReversed();
  const [first, other] = all.map((settings, at) =>
    search(goals, settings, played.slice(at * STEPS.length)),
  );
  if (first === undefined) throw new RangeError('nothing was searched');
  const isOtherBetter = other !== undefined && isBetter(other, first);
  const { proposal, ...found } = isOtherBetter ? other : first;
  const beside = isOtherBetter ? first : other;
  const isUnsure = !found.isTooDear && isUnsureOf(proposal.outcome, goals);
  return {
    ...proposal,
    ...found,
    isUnsure,
    isWorthIt: !found.isTooDear && !isUnsure && earned(proposal.outcome, goals) >= least(goals),
    otherSmartScan:
      beside !== undefined && (isOtherBetter || savesMuchMore(beside, first))
        ? beside.proposal
        : undefined,
  };
}

/** Bytes that are worth it. */
function least({ leastBytes }: PlanGoals): number {
  return Math.max(1, leastBytes);
}

function isUnsureOf(outcome: Outcome, goals: PlanGoals): boolean {
  const { errorBytes } = outcome;
  const bytes = earned(outcome, goals);
  return errorBytes > bytes && bytes + errorBytes >= least(goals);
}

/** Bytes: merged, and given back by splits. */
export function freed({ freedBytes, splitZeroBytes }: Outcome): number {
  return freedBytes + splitZeroBytes;
}

/**
 * Bytes of that which are no zero pages. Those are memory that a guest has never used: it takes
 * them back as it comes to use it, and a balloon's free page reporting gives them back without KSM.
 */
export function earned(outcome: Outcome, { zeroBytes }: Pick<PlanGoals, 'zeroBytes'>): number {
  return Math.max(0, freed(outcome) - zeroBytes);
}

/** It keeps to the limits, and the other does not or saves much less. */
function isBetter(one: Found, other: Found): boolean {
  const keeps = ({ isInTime, isTooDear }: Found): boolean => isInTime && !isTooDear;
  if (one.isTooDear) return false;
  return keeps(one) === keeps(other) ? savesMuchMore(one, other) : keeps(one);
}

function savesMuchMore(one: Found, other: Found): boolean {
  return freed(one.proposal.outcome) > freed(other.proposal.outcome) * MUCH_MORE;
}

/** `played`: what came of the settings, in their order, from the fewest pages on. */
function search(
  goals: PlanGoals,
  settings: readonly PlanSettings[],
  played: readonly Played[],
): Found {
  // Slow settings may not come to the end of it while they are played.
  const fastest = played[settings.length - 1];
  const mostBytes = fastest === undefined ? 0 : freed(fastest.outcome) * PART;
  const proposals = settings.map((each, at): Proposal => {
    const came = played[at];
    if (came === undefined) throw new RangeError('not all settings were played');
    const { outcome, secondsTo, outOfPhasePages } = came;
    return { settings: each, outcome, seconds: secondsTo(mostBytes), outOfPhasePages };
  });
  const isInTime = ({ seconds = Number.POSITIVE_INFINITY }: Proposal): boolean =>
    seconds <= goals.withinSeconds;
  // More pages a batch take more of a processor and less time: both turn once.
  const dear = proposals.findIndex(({ outcome }) => mostCpuOf(outcome) > goals.mostCpu);
  const cheap = dear < 0 ? proposals : proposals.slice(0, Math.max(1, dear));
  const proposal = cheap.find(isInTime) ?? cheap.at(-1);
  if (proposal === undefined) throw new RangeError('no settings were played');
  return {
    proposal,
    isInTime: isInTime(proposal),
    isTooDear: dear === 0,
    inTime: cheap.some(isInTime) ? undefined : proposals.find(isInTime),
  };
}

/** Of one processor. */
export function mostCpuOf({ cpuAtFirst, cpuAtRest }: Outcome): number {
  return Math.max(cpuAtFirst, cpuAtRest);
}
