/** A plan's verdict, one sentence: whether it is worth it, and if it is not, why. */
import { earned, freed, mostCpuOf, type Plan } from '../../../predict/plan.js';
import { askedPercent, duration, figure, percent, size } from '../../../wording/amounts.js';
import type { PlanBasis } from './plan-basis.js';
import { isOn } from './plan-recipe.js';
import { savedText } from './prediction-told.js';

type Basis = Pick<PlanBasis, 'goals' | 'asked' | 'estimated' | 'header' | 'played' | 'recorded'>;

export function verdictOf(plan: Plan, basis: Basis): string {
  const { goals, estimated, header, played } = basis;
  const off = isOn(basis) ? 'switch KSM off' : 'leave KSM off';
  if (estimated.pages === 0 && estimated.unadvisedPages > 0)
    return `${off}: nothing is advised mergeable`;
  if (plan.isUnsure)
    return (
      `it cannot be told: ${savedText(plan.outcome)} would be saved, by one content in ` +
      `${figure(header.sample)}, which are too few; capture ${largerSample(header.sample)}`
    );
  if (freed(plan.outcome) === 0) return `${off}: nothing would be merged`;
  const saved = `${savedText(plan.outcome)} of ${size(estimated.framesInUse * header.pageSize)}`;
  const zeroes = zeroesText(plan, basis);
  if (!plan.isWorthIt) {
    const asIf = played.advisedOnly ? '' : ' if its processes advised their memory';
    return `${off}: ${saved}${asIf}${zeroes}${whyNot(plan, basis)}`;
  }
  const ifs = [
    ...(played.advisedOnly ? [] : [' if its processes advise their memory']),
    ...(plan.isInTime ? [] : [`, but not within ${duration(goals.withinSeconds * 1000)}`]),
  ];
  return `worth it${ifs.join('')}: ${saved}${zeroes}, ${costs(plan)}`;
}

/** By a quarter of what is left out, an error is halved. */
function largerSample(oneIn: number): string {
  const larger = Math.floor(oneIn / 4);
  const without = 'without --sample';
  return larger < 2 ? `it ${without}` : `more by --sample 1/${larger}, or all ${without}`;
}

/** How much of the saving is zero pages, where that is most of it. */
function zeroesText({ outcome }: Plan, { goals }: Basis): string {
  const bytes = freed(outcome);
  const others = earned(outcome, goals);
  if (others === 0) return ', all of it zero pages';
  return others * 2 > bytes ? '' : `, ${size(bytes - others)} of it zero pages`;
}

function whyNot({ outcome, isTooDear, settings }: Plan, { goals, asked }: Basis): string {
  const others = earned(outcome, goals);
  if (others === 0) return '';
  if (others < goals.leastBytes) {
    const least = asked === undefined ? '2 % of it' : `the ${size(asked)} asked for`;
    const rest = others * 2 > freed(outcome) ? '' : ` and ${size(others)} else`;
    return `${rest}, less than ${least}`;
  }
  if (!isTooDear) throw new RangeError('a plan is not worth it, and nothing is wrong with it');
  const cpu = `${percent(mostCpuOf(outcome))} of a processor`;
  return (
    `, but even pages_to_scan=${settings.pages_to_scan} takes ${cpu}, ` +
    `more than the ${askedPercent(goals.mostCpu)} allowed`
  );
}

function costs({ outcome, seconds }: Plan): string {
  const { cpuAtFirst, cpuAtRest, hugePages, hugePagesAtFirst } = outcome;
  const split = 1 - hugePages / Math.max(hugePagesAtFirst, 1);
  const cpu = `${percent(cpuAtFirst)} of a processor at first and ${percent(cpuAtRest)} at rest`;
  return [
    ...(seconds === undefined ? [] : [`nine tenths of it in ${duration(seconds * 1000)}`]),
    `costs ${cpu}`,
    ...(hugePagesAtFirst === 0 || split <= 0 ? [] : [`splits ${percent(split)} of the huge pages`]),
  ].join(', ');
}
