/** Of a recording all is told from its whole sweeps; what is wrong with the rest is said. */
import { KsmdError } from '../../../errors.js';
import { quoted } from '../../../printable.js';
import type { Recording } from '../../../recording/recording.js';
import { count } from '../../../wording/amounts.js';
import { complain } from '../../terminal/output.js';

/** ENODATA if it has none, and why. */
export function assertHasSweep({ path, sweeps, damage }: Recording): void {
  if (sweeps === 0)
    throw new KsmdError(
      'ENODATA',
      `${quoted(path)} has no whole sweep: ${damage?.what ?? 'capture it for longer'}`,
    );
}

/** The same. Of a recording that is cut or damaged a line goes to standard error. */
export function assertHasSweeps(recording: Recording): void {
  assertHasSweep(recording);
  const { path, sweeps, damage } = recording;
  if (damage !== undefined)
    complain(
      `${quoted(path)} is not whole: ${damage.what}; what comes after ` +
        `${count(sweeps, 'sweep')} is left out`,
    );
}
