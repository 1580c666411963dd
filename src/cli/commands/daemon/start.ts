/**
 * `ksmd start`: the daemon, in the foreground unless told otherwise. Before any of it is loaded,
 * the process's limits are looked at: to load it takes more descriptors than it does to run.
 */
import { lastWords } from '../../../daemon/log/log-output.js';
import { limitProblem } from '../../../daemon/process-limits.js';
import { complaint } from '../../terminal/output.js';
import type { Action } from '../../verb.js';
import type { StartOptions } from './foreground.js';

export const action: Action<[], StartOptions> = async (session, values, options) => {
  const problem = limitProblem();
  if (problem === undefined) {
    const { action: start } = await (options.background
      ? import('./background.js')
      : import('./foreground.js'));
    return start(session, values, options);
  }
  await lastWords(complaint(problem.line));
  return problem.exitStatus;
};
