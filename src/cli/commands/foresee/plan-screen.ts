/** A plan on one screen: the verdict first, then what to paste, and how to undo it. */
import type { Estimate } from '../../../estimate/estimate.js';
import type { Outcome } from '../../../predict/outcome.js';
import { freed, type Plan, type PlanGoals, type Proposal } from '../../../predict/plan.js';
import type { Prices } from '../../../prices/prices.js';
import type { RecordingHeader } from '../../../recording/format.js';
import { duration, percent, size } from '../../../wording/amounts.js';
import type { KernelChoice } from '../../kernel-choice.js';
import { prose } from '../../terminal/rows.js';
import { kernelSentences, sampleSentences, savedText } from './prediction-told.js';
import { writeFaultSentence } from './write-fault.js';

/** Of what is present: a reason for less is none. */
const LEAST_SHARE = 0.01;
/** The kernel's own, that undoing goes back to. */
const KSM = '/sys/kernel/mm/ksm';

/** By which ksmtuned naps shorter the more memory a host has: KSM_SLEEP_MSEC is for so much. */
const KSMTUNED_BYTES = 16 * 2 ** 30;
const SLEEP_MS = 20;

/** What a plan was asked for, and rests on. */
export interface PlanBasis {
  readonly goals: PlanGoals;
  readonly estimated: Estimate;
  readonly header: RecordingHeader;
  readonly kernel: KernelChoice;
  /** Bytes of the host's memory, if the recording tells. */
  readonly memTotal: number | undefined;
  /** Bytes that processes map and KSM never merges, by what they are. */
  readonly outside: Readonly<Record<'shared' | 'hugetlb', number>>;
  readonly prices: Prices;
}

export function planScreen(
  plan: Plan,
  basis: PlanBasis,
  columns = Number.POSITIVE_INFINITY,
): string[] {
  const { header, kernel, estimated, memTotal, prices } = basis;
  const { pageSize, host, sample } = header;
  const present = estimated.pages * pageSize;
  const zeroes = Math.min(estimated.zeroPages * pageSize, freed(plan.outcome));
  const bytes = savedText(plan.outcome);
  const ofZeroes = zeroes * 2 < freed(plan.outcome) ? '' : `, ${size(zeroes)} of it zero pages`;
  const verdict = plan.isWorthIt
    ? `worth it: ${bytes} of ${size(present)}${ofZeroes}, ${costs(plan)}`
    : `leave KSM off: ${bytes} of ${size(present)}${ofZeroes}`;
  const rest = [
    ...kernelSentences(header, kernel),
    ...sampleSentences(sample),
    `The kernel pays as if on\n${prices.measuredOn} ('ksmd calibrate' measures this machine).`,
    ...(plan.isWorthIt ? [writeFaultSentence(prices)] : []),
  ];
  return [
    ...prose([`${host}: ${verdict}`, '', ...reasons(plan, basis)], columns),
    ...(plan.isWorthIt ? recipe(plan, memTotal) : []).flatMap((line) =>
      // What is to be pasted stays whole.
      line.startsWith(' ') ? [line] : prose([line], columns),
    ),
    ...prose(rest, columns),
  ];
}

function costs({ outcome, seconds }: Proposal): string {
  const { cpuAtFirst, cpuAtRest, hugePages, hugePagesAtFirst } = outcome;
  const lost = 1 - hugePages / Math.max(hugePagesAtFirst, 1);
  const parts = [
    ...(seconds === undefined ? [] : [`nine tenths of it in ${duration(seconds * 1000)}`]),
    `${percent(cpuAtFirst)} of a processor at first and ${percent(cpuAtRest)} at rest`,
    ...(hugePagesAtFirst === 0 ? [] : [`${percent(lost)} of the huge pages`]),
  ];
  return parts.join(', ');
}

/** Why it is not more, or not sooner; each a line, and an empty one if there are any. */
function reasons(
  { inTime, isTooDear, outcome, settings, withoutSmartScan, seconds }: Plan,
  { goals: { withinSeconds, mostCpu }, estimated, header, outside }: PlanBasis,
): string[] {
  const bytes = (pages: number): string => size(pages * header.pageSize);
  const leastBytes = estimated.pages * header.pageSize * LEAST_SHARE;
  const within = duration(withinSeconds * 1000);
  const told: (string | undefined)[] = [
    isTooDear
      ? `Even pages_to_scan=${settings.pages_to_scan} takes ${percent(mostOf(outcome))} of a ` +
        `processor, more than ${percent(mostCpu)}.`
      : undefined,
    inTime === undefined || inTime.settings.pages_to_scan === settings.pages_to_scan
      ? undefined
      : `Not within ${within} at ${percent(mostCpu)} of a processor: that takes ` +
        `pages_to_scan=${inTime.settings.pages_to_scan}, and ` +
        `${percent(mostOf(inTime.outcome))}.`,
    inTime === undefined && (seconds ?? Number.POSITIVE_INFINITY) > withinSeconds
      ? `Not within ${within}, whatever pages_to_scan is.`
      : undefined,
    withoutSmartScan === undefined
      ? undefined
      : `Smart scan keeps equal pages apart that are visited in turn: smart_scan=0 would save ` +
        `${size(freed(withoutSmartScan))}.`,
    estimated.unadvisedPages === 0
      ? undefined
      : `${bytes(estimated.unadvisedPages)} are not advised mergeable: KSM does not look there.`,
    estimated.pinnedPages === 0
      ? undefined
      : `${bytes(estimated.pinnedPages)} are passed through to devices: nothing merges there.`,
    outside.shared < leastBytes
      ? undefined
      : `${size(outside.shared)} are shared memory (share=on, memfd, tmpfs): KSM merges none ` +
        'of it.',
    outside.hugetlb < leastBytes
      ? undefined
      : `${size(outside.hugetlb)} are huge pages of hugetlbfs: KSM merges none of them.`,
    estimated.restlessPages * header.pageSize < leastBytes
      ? undefined
      : `${bytes(estimated.restlessPages)} never rest, so they cannot merge.`,
  ];
  const lines = told.filter((line) => line !== undefined);
  return lines.length === 0 ? [] : [...lines, ''];
}

function mostOf({ cpuAtFirst, cpuAtRest }: Outcome): number {
  return Math.max(cpuAtFirst, cpuAtRest);
}

function recipe({ settings }: Plan, memTotal: number | undefined): string[] {
  const { pages_to_scan: pages, smart_scan: smart } = settings;
  // What has smart scan has an advisor soon after, and while that runs pages_to_scan is its own.
  const files = [
    ...(smart === undefined ? [] : [['advisor_mode', 'none'] as const]),
    ['pages_to_scan', pages],
    ['sleep_millisecs', SLEEP_MS],
    ...(smart === undefined ? [] : [['smart_scan', smart] as const]),
    ['run', 1],
  ] as const;
  return [
    'Now, as root:',
    ...files.map(([name, value]) => `  echo ${value} > ${KSM}/${name}`),
    'At every start, /etc/tmpfiles.d/ksm.conf:',
    ...files.map(([name, value]) => `  w ${KSM}/${name} - - - - ${value}`),
    'Or where ksmtuned runs, /etc/ksmtuned.conf:',
    `  KSM_NPAGES_MIN=${pages}`,
    `  KSM_NPAGES_MAX=${pages}`,
    ...(memTotal === undefined
      ? []
      : [`  KSM_SLEEP_MSEC=${Math.ceil((SLEEP_MS * memTotal) / KSMTUNED_BYTES)}`]),
    'Undone by:',
    `  echo 2 > ${KSM}/run; echo 0 > ${KSM}/run; echo 100 > ${KSM}/pages_to_scan`,
    '  rm /etc/tmpfiles.d/ksm.conf',
    '',
  ];
}
