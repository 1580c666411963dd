/** Whom a capture follows: asked anew at every sweep, so that who comes joins. */
import { existsSync } from 'node:fs';
import { isKsmdError, KsmdError } from '../../../errors.js';
import type { CapturedProcess } from '../../../recording/capture/capture.js';
import type { SelectedProcess } from '../../../sources/process/selection.js';
import type { ProcessOptions } from '../../process-options.js';
import { type NamedProcess, named, selectedProcesses } from '../../selected-processes.js';
import { assertDistinct } from '../guests/distinct-names.js';

/**
 * Undefined if the command line names no process. What is wrong with the names is said at once: two
 * that are there have each their own. Who comes later, and would have one's that is there, has its
 * number behind it.
 */
export function capturedProcesses(
  options: ProcessOptions,
): (() => Promise<CapturedProcess[]>) | undefined {
  const { pid, qemu, cgroup, unit, name } = options;
  if (pid === undefined && qemu === undefined && cgroup === undefined && unit === undefined)
    return undefined;
  let isFirst = true;
  let names = new Map<number, string>();
  return async () => {
    const found = await selectedProcesses(options).catch((error: unknown): SelectedProcess[] => {
      // Later on, that nobody is there is no fault: somebody may come.
      if (isFirst || !(isKsmdError(error, 'ESRCH') || isKsmdError(error, 'ENOENT'))) throw error;
      return [];
    });
    // Who is named by number is meant: without it, the answer would be another's.
    const missing = isFirst ? pid?.find((each) => !existsSync(`/proc/${each}`)) : undefined;
    if (missing !== undefined) throw new KsmdError('ESRCH', `there is no process ${missing}`);
    const wanted = found.flatMap((process) => {
      try {
        return [named(process, name)];
      } catch {
        // It has just ended.
        return [];
      }
    });
    if (isFirst) assertDistinct(wanted.map(({ guest }) => guest));
    isFirst = false;
    names = namesOf(wanted, names);
    return [...names].map(([each, guest]) => ({ pid: each, name: guest }));
  };
}

/** `before`: who is there already, and keeps its name. */
function namesOf(
  wanted: readonly NamedProcess[],
  before: ReadonlyMap<number, string>,
): Map<number, string> {
  const staying = wanted.flatMap(({ pid }) => before.get(pid) ?? []);
  const taken = new Set(staying);
  return new Map(
    wanted.map(({ pid, guest }) => {
      const name = before.get(pid) ?? (taken.has(guest) ? `${guest}-${pid}` : guest);
      taken.add(name);
      return [pid, name];
    }),
  );
}
