/** Whom a capture follows: asked anew at every sweep, so that who comes joins. */
import { existsSync } from 'node:fs';
import { isKsmdError, KsmdError } from '../../../errors.js';
import type { CapturedProcess } from '../../../recording/capture/capture.js';
import type { SelectedProcess } from '../../../sources/process/selection.js';
import type { ProcessOptions } from '../../process-options.js';
import { named, selectedProcesses } from '../../selected-processes.js';

/** Undefined if the command line names no process. What is wrong with the names is said at once. */
export function capturedProcesses(
  options: ProcessOptions,
): (() => Promise<CapturedProcess[]>) | undefined {
  const { pid, qemu, cgroup, unit, name } = options;
  if (pid === undefined && qemu === undefined && cgroup === undefined && unit === undefined)
    return undefined;
  let isFirst = true;
  return async () => {
    const found = await selectedProcesses(options).catch((error: unknown): SelectedProcess[] => {
      // Later on, that nobody is there is no fault: somebody may come.
      if (isFirst || !(isKsmdError(error, 'ESRCH') || isKsmdError(error, 'ENOENT'))) throw error;
      return [];
    });
    // Who is named by number is meant: without it, the answer would be another's.
    const missing = isFirst ? pid?.find((each) => !existsSync(`/proc/${each}`)) : undefined;
    if (missing !== undefined) throw new KsmdError('ESRCH', `there is no process ${missing}`);
    isFirst = false;
    return found.flatMap((process) => {
      try {
        const { guest } = named(process, name);
        return [{ pid: process.pid, name: guest }];
      } catch {
        // It has just ended.
        return [];
      }
    });
  };
}
