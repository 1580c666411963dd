/**
 * /proc/PID of the guests: comm, and what the profile's kernel tells there of KSM and of what a
 * process takes up. A guest's id is its PID.
 */
import { KsmdError } from '../../errors.js';
import type { Host } from '../../ksm/host.js';
import { hasSince } from '../../ksm/records/kernel-versions.js';
import type { Layout } from './own-directory.js';
import type { Rollups } from './rollups.js';
import { counterText, ksmStatText } from './text.js';
import { type Directory, type File, fixedDirectory } from './tree.js';

const GUEST_FILES = ['comm', 'ksm_stat', 'ksm_merging_pages', 'smaps_rollup'];
const SMAPS_ROLLUP_SINCE = '4.14';
const DIRECTORY_MODE = 0o555;

export const procLayout: Layout = (path) => {
  const [, pid, file] = /^(\d+)(?:\/(.+))?$/.exec(path) ?? [];
  if (pid === undefined) return undefined;
  if (file === undefined) return 'directory';
  return GUEST_FILES.includes(file) ? 'file' : undefined;
};

/** Guests that are there have their files, those that are gone have none. */
export function procTree(host: Host, rollups: Rollups): Directory {
  const guests = (): [id: number, name: string][] =>
    host.guests.names().map((name) => [host.guests.id(name), name]);
  return {
    mode: DIRECTORY_MODE,
    isFixed: false,
    entries: () =>
      guests().map(([id, name]) => [String(id), guestDirectory(host, rollups, id, name)]),
    entry: (pid) => {
      const [id, name] = guests().find(([id]) => String(id) === pid) ?? [];
      return id === undefined || name === undefined
        ? undefined
        : guestDirectory(host, rollups, id, name);
    },
  };
}

function guestDirectory(host: Host, rollups: Rollups, id: number, name: string): Directory {
  const { ksmStat, guestCounters } = host.profile;
  const files = new Map<string, File>();
  const add = (file: string, mode: number, text: () => string): void => {
    files.set(file, { mode, text: () => ofLiving(host, id, name, text) });
  };
  add('comm', 0o444, () => `${name}\n`);
  if (ksmStat.length > 0) add('ksm_stat', 0o400, () => ksmStatText(host, name));
  if (guestCounters.includes('ksm_merging_pages'))
    add('ksm_merging_pages', 0o400, () =>
      counterText(host.files.guestCounters(name).ksm_merging_pages ?? 0),
    );
  if (hasSince(host.profile.name, SMAPS_ROLLUP_SINCE))
    files.set('smaps_rollup', {
      // 0444 in the kernel, which looks when it is opened whether the reader may trace the process.
      mode: 0o400,
      text: () => ofLiving(host, id, name, () => rollups.text(name)),
      look: () => rollups.look(name),
    });
  return fixedDirectory(DIRECTORY_MODE, files);
}

/** What is told of a guest; another may have its name by now. */
function ofLiving(host: Host, id: number, name: string, text: () => string): string {
  if (!host.guests.has(name) || host.guests.id(name) !== id)
    throw new KsmdError('ESRCH', `guest ${id} has exited`);
  return text();
}
