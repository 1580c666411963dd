/** Why a plan saves not more, or not sooner: a sentence each, and none of what is nothing. */
import { earned, freed, mostCpuOf, type Plan } from '../../../predict/plan.js';
import { askedPercent, count, duration, percent, size } from '../../../wording/amounts.js';
import type { PlanBasis } from './plan-basis.js';

/** Of what is in use: a reason for less is none. */
const LEAST_SHARE = 0.01;

type Basis = Pick<PlanBasis, 'goals' | 'estimated' | 'header' | 'shared' | 'hugetlb'>;

export function reasonsOf(plan: Plan, basis: Basis): string[] {
  return [
    ...limitReasons(plan, basis.goals),
    ...zeroReason(plan, basis),
    ...smartScanReason(plan),
    ...memoryReasons(basis),
  ];
}

/** Of what was asked for, what cannot be had. */
function limitReasons(
  { inTime, isInTime, outcome, settings }: Plan,
  { withinSeconds, mostCpu }: Basis['goals'],
): string[] {
  const within = duration(withinSeconds * 1000);
  const cpu = `${askedPercent(mostCpu)} of a processor`;
  if (freed(outcome) === 0) return [];
  return [
    ...(inTime === undefined || inTime.settings.pages_to_scan === settings.pages_to_scan
      ? []
      : [
          `Not within ${within} at ${cpu}: that takes ` +
            `pages_to_scan=${inTime.settings.pages_to_scan}, and ` +
            `${percent(mostCpuOf(inTime.outcome))}.`,
        ]),
    ...(inTime === undefined && !isInTime
      ? [`Not within ${within}, whatever pages_to_scan is.`]
      : []),
  ];
}

/** Why zero pages do not make it worth it, where they are what is saved. */
function zeroReason({ isWorthIt, outcome }: Plan, { goals }: Basis): string[] {
  return isWorthIt ||
    earned(outcome, goals) >= goals.leastBytes ||
    freed(outcome) < goals.leastBytes
    ? []
    : [
        'Zero pages are memory that guests have not used: they take it back as they use it, and ' +
          "a balloon's free page reporting gives it back without KSM.",
      ];
}

function smartScanReason({
  settings,
  outcome,
  otherSmartScan: other,
  outOfPhasePages,
}: Plan): string[] {
  if (other === undefined) return [];
  if (settings.smart_scan === 0)
    return [
      `smart_scan=0: smart scan would save ${size(freed(other.outcome))}, as it visits ` +
        `${count(other.outOfPhasePages, 'equal page')} in turn, out of phase.`,
    ];
  return [
    `Smart scan visits ${count(outOfPhasePages, 'equal page')} in turn, out of phase, so they do ` +
      `not merge: smart_scan=0 would save ${size(freed(other.outcome) - freed(outcome))} more, ` +
      `with pages_to_scan=${other.settings.pages_to_scan} for ` +
      `${percent(mostCpuOf(other.outcome))} of a processor.`,
  ];
}

/** Memory that KSM merges nothing of. */
function memoryReasons({ estimated, header, shared, hugetlb }: Basis): string[] {
  const bytes = (pages: number): number => pages * header.pageSize;
  const least = bytes(estimated.framesInUse) * LEAST_SHARE;
  const told = (of: number, from: number, what: string): string[] =>
    of === 0 || of < from ? [] : [`${size(of)} ${what}`];
  return [
    ...told(
      bytes(estimated.unadvisedPages),
      0,
      'are not advised mergeable: KSM does not look there.',
    ),
    ...told(
      bytes(estimated.pinnedPages),
      0,
      'are passed through to devices: nothing merges there.',
    ),
    ...told(shared, least, 'are shared memory (share=on, memfd, tmpfs): KSM merges none of it.'),
    ...told(hugetlb, least, 'are huge pages of hugetlbfs: KSM merges none of them.'),
    ...told(bytes(estimated.restlessPages), least, 'never rest, so they cannot merge.'),
  ];
}
