/** The files that ksmd keeps with --sysfs. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Settings } from '../../record/settings.js';
import type { Files } from './ksmd.js';
import { ProcessFiles } from './process-files.js';

export function sysfsFiles(sysfs: string): Files {
  const settings = new Settings(join(sysfs, 'kernel/mm/ksm'));
  const proc = join(dirname(sysfs), 'proc');
  return {
    ksm: {
      read: async (name) => Number(settings.read(name)),
      write: async (name, value) => settings.write(name, value),
    },
    of: (guest) => {
      const files = (): ProcessFiles => new ProcessFiles(join(proc, pidOf(proc, guest)));
      return {
        ksmStat: () => files().ksmStat(),
        ksmMergingPages: () => files().ksmMergingPages(),
        footprint: () => files().footprint('smaps_rollup'),
      };
    },
  };
}

function pidOf(proc: string, guest: string): string {
  const pid = readdirSync(proc).find(
    (candidate) =>
      /^\d+$/.test(candidate) &&
      readFileSync(join(proc, candidate, 'comm'), 'latin1').trimEnd() === guest,
  );
  if (pid === undefined) throw new Error(`no process is called ${guest}`);
  return pid;
}
