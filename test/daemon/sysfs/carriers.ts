/** What shows the kernel's files in a test, and whether a mount can be had here. */
import { realpathSync } from 'node:fs';
import type { TestContext } from 'vitest';
import { Mounts } from '../../../src/daemon/sysfs/mount/mounts.js';
import { fixedDirectory } from '../../../src/daemon/sysfs/tree.js';
import type { SysfsCarrier } from '../../../src/names.js';
import { run, TemporaryDirectory } from '../../daemon-process.js';

/** Options of `ksmd start`. */
export function sysfsAs(carrier: SysfsCarrier, directory: string): string[] {
  return ['--sysfs', directory, '--sysfs-as', carrier];
}

/** Skips a test of a mount, and says why, where none can be had. */
export async function needs(context: TestContext, carrier: SysfsCarrier): Promise<void> {
  if (carrier === 'picture') return;
  const directory = new TemporaryDirectory();
  const path = realpathSync(directory.path);
  try {
    const served = { root: fixedDirectory(0o755, new Map()), fileBytes: 0, ready: async () => {} };
    const mounts = await Mounts.make([[{ path, beneath: path }, served]], {
      lost: () => {},
      fault: () => {},
    });
    mounts.remove();
  } catch (error) {
    context.skip(`needs=mount: ${error instanceof Error ? error.message : error}`);
  } finally {
    directory.remove();
  }
}

/** Takes away what killed daemons have mounted in there. */
export async function unmountAll(directory: TemporaryDirectory): Promise<void> {
  for (const name of ['sys', 'proc']) await run('umount', ['--lazy', directory.file(name)]);
}
