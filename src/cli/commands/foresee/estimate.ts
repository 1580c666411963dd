/** `ksmd estimate`: what merging could save at most, on one screen. */
import { InvalidArgumentError } from 'commander';
import { type Estimate, estimate } from '../../../estimate/estimate.js';
import type { RecordedHost } from '../../../recording/recorded-host.js';
import { readTenants } from '../../read-tenants.js';
import { selectionOf } from '../../selected-processes.js';
import type { Action } from '../../verb.js';
import { estimateScreen } from './estimate-screen.js';
import { assertNoSample, type LookOptions, lastSweepOf, lookAt, namesSources } from './one-look.js';
import { unmergeableBytes } from './unmergeable-bytes.js';

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
  if (path !== undefined) assertNoSample(options);
  const tenantOf = options.tenants === undefined ? undefined : await readTenants(options.tenants);
  const host = path === undefined ? await lookAt(options) : await lastSweepOf(path);
  const { maxPageSharing } = options;
  const result = estimate(host, { selection, maxPageSharing, ...(tenantOf && { tenantOf }) });
  if (json) printJson(jsonOf(result, host));
  else print(...estimateScreen(result, host, process.stdout.columns));
  return undefined;
};

/** With what the screen says of it in bytes. */
function jsonOf(result: Estimate, host: RecordedHost): object {
  const { header, lastSweep } = host;
  const { pageSize, sample } = header;
  return {
    host: header.host,
    ...{ pageSize, sample },
    ...(lastSweep !== undefined && { durationMs: lastSweep.durationMs }),
    savedBytes: (result.saved.pages + result.zeroPages) * pageSize,
    savedErrorBytes: result.saved.error * pageSize,
    inUseBytes: result.framesInUse * pageSize,
    ...unmergeableBytes(host),
    ...result,
  };
}
