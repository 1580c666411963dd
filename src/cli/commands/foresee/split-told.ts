/** What is told of huge pages that KSM splits, of predictions and plans: nothing, if none is. */
import type { Outcome } from '../../../predict/outcome.js';
import { figure, size } from '../../../wording/amounts.js';

const SECONDS_A_MINUTE = 60;

export function splitSentences(outcomes: readonly Outcome[]): string[] {
  const most = (of: (outcome: Outcome) => number): number => Math.max(0, ...outcomes.map(of));
  const zeroBytes = most(({ splitZeroBytes }) => splitZeroBytes);
  const anew = Math.round(most(({ collapsesASecond }) => collapsesASecond) * SECONDS_A_MINUTE);
  const upTo = outcomes.length === 1 ? '' : 'up to ';
  return [
    ...(zeroBytes === 0
      ? []
      : [
          `Of what is saved ${upTo}${size(zeroBytes)} are zeroes that splits of huge pages gave ` +
            'back. They are in no counter of the kernel, and status, top, free and follow leave ' +
            'them out.',
        ]),
    ...(anew === 0
      ? []
      : [
          `At rest khugepaged makes ${upTo}${figure(anew)} huge pages a minute of what KSM has ` +
            'split, and KSM splits them again: saved is the average of that. With a lower ' +
            'khugepaged/max_ptes_none it leaves them split.',
        ]),
  ];
}
