/**
 * What to write on a host so that it does what a plan has played, and how to undo it. Lines that
 * begin with blanks are to be pasted, the others say where.
 *
 * All that a plan chooses is written, whatever the host was recorded with: it may be set otherwise
 * by now. What it leaves as it is on the host is written only where a start would lose it.
 */
import type { KernelProfile } from '../../../ksm/kernels.js';
import { hasSince } from '../../../ksm/records/kernel-versions.js';
import type { TunableName } from '../../../ksm/records/tunable-records.js';
import type { TunableValue } from '../../../ksm/tunables.js';
import { defaultOf, type HostTunables } from '../../../predict/host-tunables.js';
import type { PlanSettings } from '../../../predict/plan.js';
import { ksmtunedSleepMs, ksmtunedSleepMsec } from '../../../predict/policy.js';
import { size } from '../../../wording/amounts.js';

/** As all settings are played. */
export const SLEEP_MS = 20;
const KSM = '/sys/kernel/mm/ksm';
const TMPFILES = '/etc/tmpfiles.d/ksm.conf';
const KSMTUNED = '/etc/ksmtuned.conf';
/** What ksmtuned writes itself. */
const OF_KSMTUNED: readonly TunableName[] = ['pages_to_scan', 'sleep_millisecs', 'run'];

type Setting = readonly [TunableName, TunableValue];

export interface Recipe {
  readonly settings: PlanSettings;
  readonly profile: KernelProfile;
  /** As the host was recorded. */
  readonly recorded: HostTunables;
  /** What was played as it was recorded. */
  readonly left: readonly Setting[];
  /** What the host's own KSM saves already. */
  readonly mergedBytes: number;
  /** Bytes of the host's memory, if the recording tells. */
  readonly memTotal: number | undefined;
  /** And those that could be had without swapping. */
  readonly availableBytes: number | undefined;
}

export function recipeLines(recipe: Recipe): string[] {
  const chosen = chosenOf(recipe);
  const atStart = [...recipe.left.filter(([name, value]) => value !== defaultOf(name)), ...chosen];
  return [
    ...otherKernelLines(recipe),
    'Now, as root:',
    ...chosen.map(echo),
    `At every start, ${TMPFILES}:`,
    ...atStart.map(([name, value]) => `  w ${KSM}/${name} - - - - ${value}`),
    ...ksmtunedLines(recipe, atStart),
    ...undoLines(recipe, chosen),
  ];
}

/** KSM runs on the host, as it was recorded. */
export function isOn({ recorded }: Pick<Recipe, 'recorded'>): boolean {
  return recorded.get('run') === 1;
}

/** Of a host on which KSM runs for nothing: 0 and 2 are both off, and cost different things. */
export function switchOffLines({
  mergedBytes,
  availableBytes,
}: Pick<Recipe, 'mergedBytes' | 'availableBytes'>): string[] {
  const merged = size(mergedBytes);
  const available =
    availableBytes === undefined ? '' : `, of ${size(availableBytes)} that are available`;
  return [
    'KSM runs on the host. Switched off, as root, by:',
    echo(['run', 0]),
    ...(mergedBytes === 0
      ? []
      : [
          `That leaves merged what is: ${merged} saved. Guests take it back as they write to it. ` +
            `This has it all taken back at once, ${merged}${available}:`,
          echo(['run', 2]),
        ]),
    'Undone by:',
    echo(['run', 1]),
    `What switches it on at a start, ${TMPFILES} or ksmtuned, does so until it is taken away.`,
  ];
}

/** How memory comes to be advised: nothing else merges. */
export function adviceLines({ name, prctlMerge }: KernelProfile): string[] {
  return [
    'First the processes have to advise their memory: nothing else merges. QEMU does that for ' +
      'its guests, unless it has -machine mem-merge=off.',
    ...(hasSince(name, '6.7')
      ? [
          'A service does with this in its unit, and started anew (systemd 254 and newer):',
          '  [Service]',
          '  MemoryKSM=yes',
          'Any other program, started so:',
          '  systemd-run -p MemoryKSM=yes PROGRAM',
          'That sets prctl(PR_SET_MEMORY_MERGE), which a program can do itself too.',
        ]
      : [
          prctlMerge
            ? `On Linux ${name} a program does by prctl(PR_SET_MEMORY_MERGE) of its own: ` +
              'MemoryKSM= of systemd works from 6.7 on.'
            : `On Linux ${name} any other program does by madvise(MADV_MERGEABLE) of its own: ` +
              'prctl(PR_SET_MEMORY_MERGE) came with 6.4.',
        ]),
  ];
}

/** In the order in which they can be written: while an advisor runs, pages_to_scan cannot. */
function chosenOf({ settings, profile }: Recipe): Setting[] {
  const all: Setting[] = [
    ['advisor_mode', 'none'],
    ['pages_to_scan', settings.pages_to_scan],
    ['sleep_millisecs', SLEEP_MS],
    ...(settings.smart_scan === undefined ? [] : [['smart_scan', settings.smart_scan] as const]),
    ['run', 1],
  ];
  return all.filter(([name]) => profile.tunables.includes(name));
}

/** What the host is set to, and the kernel that is planned for does not have: it was not played. */
function otherKernelLines({ recorded, profile }: Recipe): string[] {
  const has = (name: TunableName, value: TunableValue): boolean =>
    recorded.get(name) === value && !profile.tunables.includes(name);
  const lacks = (what: string, so: string): string =>
    `The host was recorded with ${what}, which Linux ${profile.name} does not have. The recorded ` +
    `kernel ${so}: '--kernel host' plans for that one.`;
  return [
    ...(has('advisor_mode', 'scan-time')
      ? [lacks('advisor_mode=scan-time', 'takes no pages_to_scan while its advisor runs')]
      : []),
    ...(has('smart_scan', 1) ? [lacks('smart_scan=1', 'leaves visits out by that')] : []),
  ];
}

/**
 * ksmtuned sleeps as long as it says divided by how much memory there is, in whole milliseconds: as
 * many pages a second as were played, if not as many a batch.
 */
function ksmtunedLines(recipe: Recipe, atStart: readonly Setting[]): string[] {
  const { memTotal, settings } = recipe;
  if (memTotal === undefined) return [];
  const sleepMsec = ksmtunedSleepMsec(SLEEP_MS, memTotal);
  const sleepMs = ksmtunedSleepMs(sleepMsec, memTotal);
  const npages = Math.round((settings.pages_to_scan * sleepMs) / SLEEP_MS);
  const others = atStart
    .filter(([name, value]) => !OF_KSMTUNED.includes(name) && value !== valueOn(recipe, name))
    .map(([name]) => name);
  return [
    `Or where ksmtuned runs, at the end of ${KSMTUNED}:`,
    '  # All memory is to be free: KSM always runs',
    '  KSM_THRES_COEF=100',
    `  KSM_NPAGES_MIN=${npages}`,
    `  KSM_NPAGES_MAX=${npages}`,
    `  KSM_SLEEP_MSEC=${sleepMsec}`,
    'and then:',
    '  systemctl restart ksmtuned',
    ...(others.length === 0
      ? []
      : [`It does not write ${others.join(', ')}: that is to be written as above besides.`]),
  ];
}

function undoLines(recipe: Recipe, chosen: readonly Setting[]): string[] {
  const { recorded, memTotal, profile } = recipe;
  const unknown = chosen.map(([name]) => name).filter((name) => !recorded.has(name));
  const to = recorded.size === 0 ? `the defaults of Linux ${profile.name}` : 'what was recorded';
  return [
    `Undone, back to ${to}, by:`,
    ...chosen
      .toReversed()
      .flatMap(([name]) =>
        name === 'run' ? undoRun(recipe) : echo([name, valueOn(recipe, name)]),
      ),
    `  rm ${TMPFILES}`,
    ...(memTotal === undefined
      ? []
      : [`Or by taking the lines out of ${KSMTUNED}, and:`, '  systemctl restart ksmtuned']),
    ...(recorded.size === 0 || unknown.length === 0
      ? []
      : [
          `The recorded kernel has no ${unknown.join(', ')}: that is the default of Linux ` +
            `${profile.name}. '--kernel host' plans for the recorded one.`,
        ]),
  ];
}

/** What has been merged is given back, unless it was on the host before. */
function undoRun(recipe: Recipe): string[] {
  const run = valueOn(recipe, 'run');
  const isOff = run === 0 && recipe.mergedBytes === 0;
  return [...(isOff ? [echo(['run', 2])] : []), echo(['run', run])];
}

/** As recorded, or else as the kernel begins. */
function valueOn({ recorded }: Recipe, name: TunableName): TunableValue {
  return recorded.get(name) ?? defaultOf(name);
}

function echo([name, value]: Setting): string {
  return `  echo ${value} > ${KSM}/${name}`;
}
