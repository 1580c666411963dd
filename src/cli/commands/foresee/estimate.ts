/** `ksmd estimate`: what merging could save at most, on one screen. */
import { InvalidArgumentError } from 'commander';
import { estimate } from '../../../estimate/estimate.js';
import { readTenants } from '../../read-tenants.js';
import { selectionOf } from '../../selected-processes.js';
import type { Action } from '../../verb.js';
import { estimateScreen } from './estimate-screen.js';
import { type LookOptions, lastSweepOf, lookAt, namesSources } from './one-look.js';

interface EstimateOptions extends LookOptions {
  readonly maxPageSharing: number;
  readonly tenants?: string;
}

export const action: Action<[string | undefined], EstimateOptions> = async (
  { json, print, printJson },
  [path],
  options,
) => {
  const selection = selectionOf(options);
  if (path !== undefined && namesSources(options))
    throw new InvalidArgumentError('either a recording, or processes and images');
  const tenantOf = options.tenants === undefined ? undefined : await readTenants(options.tenants);
  const host = path === undefined ? await lookAt(options) : await lastSweepOf(path);
  const { maxPageSharing } = options;
  const result = estimate(host, { selection, maxPageSharing, ...(tenantOf && { tenantOf }) });
  if (json) printJson(result);
  else print(...estimateScreen(result, host, process.stdout.columns));
  return undefined;
};
