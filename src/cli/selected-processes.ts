/**
 * The processes that a command line names: by number, by what they run, by where they belong; and
 * what a guest of each is to be called.
 */
import { InvalidArgumentError } from 'commander';
import type { Selection } from '../sources/process/process-memory.js';
import {
  cgroupProcesses,
  DEFAULT_PATTERN,
  guestName,
  qemuProcesses,
  type SelectedProcess,
  unitProcesses,
} from '../sources/process/selection.js';
import type { ProcessOptions } from './process-options.js';

export interface NamedProcess {
  readonly guest: string;
  readonly pid: number;
}

/** Those of all ways that are named, each once. ESRCH, ENOENT as the ways have it. */
export async function selectedProcesses({
  pid = [],
  qemu,
  cgroup,
  unit,
}: ProcessOptions): Promise<SelectedProcess[]> {
  const found = new Map<number, SelectedProcess>();
  for (const process of [
    ...pid.map((each) => ({ pid: each })),
    ...(qemu === undefined ? [] : qemuProcesses()),
    ...(cgroup === undefined ? [] : cgroupProcesses(cgroup)),
    ...(unit === undefined ? [] : await unitProcesses(unit)),
  ])
    if (!found.has(process.pid)) found.set(process.pid, process);
  return [...found.values()];
}

/** By the pattern, where there is one. */
export function named(process: SelectedProcess, pattern: string | undefined): NamedProcess {
  const wanted = pattern ?? (process.machine === undefined ? DEFAULT_PATTERN : '{name}');
  return { guest: guestName(wanted, process), pid: process.pid };
}

export function selectionOf({ advised, all }: ProcessOptions): Selection {
  if (advised !== undefined && all !== undefined)
    throw new InvalidArgumentError('either --advised or --all');
  return advised !== undefined ? 'advised' : all !== undefined ? 'all' : 'auto';
}
