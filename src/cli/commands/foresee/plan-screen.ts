/** A plan on one screen: the verdict first, then what to paste, and how to undo it. */
import { defaultOf } from '../../../predict/host-tunables.js';
import type { Plan } from '../../../predict/plan.js';
import { prose } from '../../terminal/rows.js';
import type { PlanBasis } from './plan-basis.js';
import { reasonsOf } from './plan-reasons.js';
import { adviceLines, isOn, recipeLines, switchOffLines } from './plan-recipe.js';
import { verdictOf } from './plan-verdict.js';
import {
  beyondSentences,
  kernelSentences,
  priceBasis,
  sampleSentences,
} from './prediction-told.js';
import { splitSentences } from './split-told.js';
import { whatCounts } from './what-counts.js';
import { writeFaultSentence } from './write-fault.js';

export function planScreen(
  plan: Plan,
  basis: PlanBasis,
  columns = Number.POSITIVE_INFINITY,
): string[] {
  const { header, kernel, played, prices } = basis;
  const reasons = reasonsOf(plan, basis);
  const toDo = toDoLines(plan, basis);
  const blank = toDo.length === 0 ? [] : [''];
  const rest = [
    whatCounts(played),
    ...beyondSentences(played),
    ...settingSentences(basis),
    ...splitSentences([plan.outcome]),
    ...kernelSentences(header, kernel),
    ...sampleSentences(header.sample),
    `${priceBasis(prices, header.host)}.`,
    ...(plan.isWorthIt ? [writeFaultSentence(prices)] : []),
  ];
  return [
    ...prose([`${header.host}: ${verdictOf(plan, basis)}`, ''], columns),
    ...(reasons.length === 0 ? [] : [...prose(reasons, columns), '']),
    // What is to be pasted stays whole.
    ...[...toDo, ...blank].flatMap((line) =>
      line.startsWith(' ') ? [line] : prose([line], columns),
    ),
    ...prose(rest, columns),
  ];
}

/** What to write where, and how to undo it; nothing where there is nothing to do. */
export function toDoLines(plan: Plan, basis: PlanBasis): string[] {
  const { kernel, played } = basis;
  const { profile } = kernel;
  if (plan.isWorthIt)
    return [
      ...(played.advisedOnly ? [] : [...adviceLines(profile), '']),
      ...recipeLines({ ...basis, profile, settings: plan.settings }),
    ];
  return isOn(basis) && !plan.isUnsure ? switchOffLines(basis) : [];
}

/** By which tunables it was played, beside those that are proposed. */
function settingSentences({ recorded, left, kernel: { profile } }: PlanBasis): string[] {
  if (recorded.size === 0)
    return [
      `The recording does not tell how KSM is set on the host: as Linux ${profile.name} begins.`,
    ];
  const others = left
    .filter(([name, value]) => value !== defaultOf(name))
    .map(([name, value]) => `${name}=${value}`);
  return others.length === 0 ? [] : [`With ${others.join(', ')}, as the host has it.`];
}
