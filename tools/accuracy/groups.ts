/**
 * What is held against the kernel in one go: groups of programs that run together, each with every
 * setting. Programs are started afresh for each: huge pages that KSM has split stay so.
 */
import { KsmdError } from '../../src/errors.js';
import type { ProgramName } from './commands.js';

interface Group {
  readonly programs: readonly ProgramName[];
  /** Whether they are given work all the time, or have come to rest. */
  readonly isBusy: boolean;
  /** Until what they do once is over: machines have to boot. */
  readonly settlingSeconds: number;
  /** How far off a prediction of what is merged in the end may be. */
  readonly endShare: number;
}

const GROUPS = {
  quiet: {
    programs: ['node', 'python', 'java', 'java-small-pages', 'workers'],
    isBusy: false,
    settlingSeconds: 60,
    endShare: 0.01,
  },
  busy: {
    programs: ['node', 'python', 'java', 'redis', 'postgres', 'nginx'],
    isBusy: true,
    settlingSeconds: 60,
    endShare: 0.05,
  },
  machines: { programs: ['machine'], isBusy: false, settlingSeconds: 120, endShare: 0.01 },
} as const satisfies Record<string, Group>;

export type GroupName = keyof typeof GROUPS;
export const GROUP_NAMES = Object.keys(GROUPS) as readonly GroupName[];

/** One group with one setting. */
export interface Trial {
  readonly group: GroupName;
  readonly programs: readonly ProgramName[];
  /** Each process, in a second. */
  readonly writes: number;
  readonly settlingSeconds: number;
  readonly endShare: number;
  readonly pagesToScan: number;
  readonly smartScan: number;
}

export interface Asked {
  readonly groups: readonly GroupName[];
  /** Only these of them. */
  readonly programs?: readonly ProgramName[];
  /** Of busy ones, a second. */
  readonly writes: number;
  /** pages_to_scan/smart_scan. */
  readonly settings: readonly string[];
  readonly settling?: number;
}

/** Groups without a program drop out. EINVAL if a program that is asked for is in none. */
export function trialsOf(
  { groups, programs, writes, settings, settling }: Asked,
  isThere: (name: ProgramName) => boolean,
): Trial[] {
  const homeless = programs?.find(
    (name) => !groups.some((group) => (GROUPS[group] as Group).programs.includes(name)),
  );
  if (homeless !== undefined)
    throw new KsmdError('EINVAL', `no group of ${groups.join(', ')} has '${homeless}'`);
  return groups.flatMap((group) => {
    const { isBusy, settlingSeconds, endShare, programs: all }: Group = GROUPS[group];
    const chosen = all.filter((name) => isThere(name) && (programs?.includes(name) ?? true));
    if (chosen.length === 0) return [];
    return settings.map((setting) => {
      const [, pages, smart] = /^(\d+)\/([01])$/.exec(setting) ?? [];
      if (pages === undefined)
        throw new KsmdError('EINVAL', `'${setting}' is no setting: say 1000/1`);
      return {
        group,
        programs: chosen,
        writes: isBusy ? writes : 0,
        settlingSeconds: settling ?? settlingSeconds,
        endShare,
        pagesToScan: Number(pages),
        smartScan: Number(smart),
      };
    });
  });
}

/** Of files of that trial, without what tells which. */
export function fileOf({ group, pagesToScan, smartScan }: Trial): string {
  return `${group}-${pagesToScan}-${smartScan}`;
}

export function nameOf({ group, pagesToScan, smartScan }: Trial): string {
  const smart = smartScan === 1 ? 'smart scan' : 'no smart scan';
  return `${group}, ${pagesToScan.toLocaleString('en')} pages, ${smart}`;
}
