/** What a plan's screen has besides the plan itself, for programs. */
import type { Plan } from '../../../predict/plan.js';
import type { PlanBasis } from './plan-basis.js';
import { reasonsOf } from './plan-reasons.js';
import { toDoLines } from './plan-screen.js';
import { verdictOf } from './plan-verdict.js';

export interface PlanTold {
  readonly host: string;
  /** Whose KSM was followed, and what it was found by. */
  readonly kernel: string;
  readonly kernelNote?: string;
  /** That the recording was made on. */
  readonly recordedOn: string;
  readonly recordedSeconds: number;
  readonly presentBytes: number;
  readonly notAdvisedBytes: number;
  readonly sharedBytes: number;
  readonly hugetlbBytes: number;
  readonly verdict: string;
  readonly reasons: readonly string[];
  /** As on the screen: what begins with blanks is to be pasted, the others say where. */
  readonly toDo: readonly string[];
}

export function planTold(plan: Plan, basis: PlanBasis): PlanTold {
  const { estimated, header, kernel, played, shared, hugetlb } = basis;
  const { note } = kernel;
  return {
    host: header.host,
    kernel: kernel.profile.name,
    ...(note !== undefined && { kernelNote: note }),
    recordedOn: header.kernel,
    recordedSeconds: played.recordedSeconds,
    presentBytes: estimated.pages * header.pageSize,
    notAdvisedBytes: estimated.unadvisedPages * header.pageSize,
    sharedBytes: shared,
    hugetlbBytes: hugetlb,
    verdict: verdictOf(plan, basis),
    reasons: reasonsOf(plan, basis),
    toDo: toDoLines(plan, basis),
  };
}
