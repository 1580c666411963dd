/**
 * Writes to the kernel's files, which wait for a scanner that is being restarted: a file has no
 * EBUSY for that, as the API has. What the kernel refuses is refused at once.
 */
import type { Scanner } from '../threads/scanner.js';
import type { TunableWrites } from '../threads/tunable-writes.js';
import type { Write } from './sysfs-files.js';

export function patientWrites({
  scanner,
  tunables,
}: {
  readonly scanner: Pick<Scanner, 'ready' | 'state'>;
  readonly tunables: Pick<TunableWrites, 'write'>;
}): Write {
  const write: Write = async (values) => {
    try {
      await scanner.ready();
      await tunables.write(values);
    } catch (error) {
      // The scanner died before it was done: the next one takes it.
      if (scanner.state !== 'restarting') throw error;
      await write(values);
    }
  };
  return write;
}
