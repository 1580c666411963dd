/**
 * The host a daemon begins with: its memory reserved, the guests of a snapshot brought back, its
 * tunables written. No thread runs yet, so all of that is done on this one.
 */
import { KsmdError } from '../errors.js';
import { Host } from '../ksm/host.js';
import { RUN_MERGE } from '../ksm/run.js';
import { type Assignments, checkTunables } from '../ksm/tunables.js';
import { assertBacked } from './backing.js';
import type { DaemonConfig } from './config.js';
import { FatalError } from './fatal.js';
import { roomForMemory } from './room.js';
import { nowMs } from './timers.js';

/** FatalError if the memory cannot be had. `assertAlone`: as `Host.create` has it. */
export function newHost(config: DaemonConfig, assertAlone: () => void): Host {
  const { memoryBytes, pageSize, frameBytes, oneIn, kernel, limits } = config;
  const { maxGuests, maxRegions } = limits;
  const size = { memoryBytes, pageSize, frameBytes, oneIn, maxGuests, maxRegions };
  try {
    assertBacked(size, roomForMemory());
    return Host.create({ ...size, kernel }, { nowMs, cpuMs: () => 0 }, assertAlone);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new FatalError('MemoryRefused', { code: 'ENOMEM', message });
  }
}

/**
 * What of the snapshot this kernel lacks, a sentence each. FatalError if the snapshot does not fit
 * the host. It is closed either way.
 */
export function furnish(
  host: Host,
  { restore, tunables, khugepaged }: DaemonConfig,
): readonly string[] {
  for (const [name, value] of khugepaged) host.khugepaged.tunables[name] = value;
  if (restore === undefined) {
    host.files.set('run', RUN_MERGE);
    write(host, tunables);
    return [];
  }
  try {
    const leftOut = restore.restoreTo(host, nowMs());
    // What a new machine would take, one with pages that are shared may not.
    checkTunables(host.machine.memory.i32, tunables);
    write(host, tunables);
    return leftOut;
  } catch (error) {
    throw new FatalError('RestoreRefused', {
      code: error instanceof KsmdError ? error.code : 'EINVAL',
      message: `the snapshot cannot be restored: ${error instanceof Error ? error.message : error}`,
    });
  } finally {
    restore.close();
  }
}

function write(host: Host, tunables: Assignments): void {
  for (const [name, value] of tunables) host.files.set(name, value);
}
