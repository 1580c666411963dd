/** What becomes of a write that fails. */
import { expect, test } from 'vitest';
import { patientWrites } from '../../../src/daemon/sysfs/patient-writes.js';
import { KsmdError } from '../../../src/errors.js';
import type { ScannerState } from '../../../src/names.js';

/** Writes of which the first ones fail so, in these states of the scanner. */
function rig(failures: readonly [error: KsmdError, state: ScannerState][]) {
  const left = [...failures];
  const scanner = {
    state: 'running' as ScannerState,
    ready: async () => {
      scanner.state = 'running';
    },
  };
  let tries = 0;
  const tunables = {
    write: async () => {
      tries++;
      const [error, state] = left.shift() ?? [];
      scanner.state = state ?? 'running';
      if (error !== undefined) throw error;
    },
  };
  return { write: patientWrites({ scanner, tunables }), tries: () => tries };
}

test('one that is refused is tried once, whatever else goes on', async () => {
  for (const code of ['EINVAL', 'EBUSY'] as const) {
    const { write, tries } = rig([[new KsmdError(code, 'no'), 'running']]);
    await expect(write({ run: 7 })).rejects.toMatchObject({ code });
    expect(tries()).toBe(1);
  }
});

test('one whose scanner died before it was done is taken by the next, as often as that happens', async () => {
  const died = new KsmdError('EBUSY', 'the scanner died before it was done');
  const { write, tries } = rig([
    [died, 'restarting'],
    [died, 'restarting'],
  ]);
  await write({ run: 2 });
  expect(tries()).toBe(3);
});

test('one for which there is no scanner any more fails', async () => {
  const { write } = rig([[new KsmdError('EBUSY', 'the scanner is dead'), 'dead']]);
  await expect(write({ run: 2 })).rejects.toMatchObject({ code: 'EBUSY' });
});
