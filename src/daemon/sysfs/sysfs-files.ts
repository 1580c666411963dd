/**
 * The files below /sys/kernel/mm that there are here: ksm, as the profile's kernel has it, and
 * transparent_hugepage. What each shows, and what becomes of what is written to it.
 */
import { KsmdError } from '../../errors.js';
import { KHUGEPAGED_COUNTER_NAMES, KHUGEPAGED_TUNABLE_NAMES } from '../../khugepaged/tunables.js';
import { readCounter } from '../../ksm/counters.js';
import type { Host } from '../../ksm/host.js';
import { KERNEL_PROFILES, type KernelProfile } from '../../ksm/kernels.js';
import { hasSince } from '../../ksm/records/kernel-versions.js';
import { readTunable } from '../../ksm/tunables.js';
import { KHUGEPAGED } from '../../names.js';
import type { TunableWrites } from '../threads/tunable-writes.js';
import type { Layout } from './own-directory.js';
import { counterText, tunableText, writtenNumber, writtenValue } from './text.js';

export interface SysfsFile {
  /** Relative to the directory, as all that follow. */
  readonly path: string;
  text(): string;
  /** Takes what was written; rejects with what the kernel refuses. Absent: it can only be read. */
  write?(text: string): Promise<void>;
}

const KSM = 'kernel/mm/ksm';
const HUGE_PAGES = 'kernel/mm/transparent_hugepage';
const ENABLED = `${HUGE_PAGES}/enabled`;
const HUGE_PAGE_PATHS = [
  ENABLED,
  ...[...KHUGEPAGED_TUNABLE_NAMES, ...KHUGEPAGED_COUNTER_NAMES].map(khugepagedPath),
];

/** Each after the one that it is in. */
export const SYSFS_DIRECTORIES = [
  'kernel',
  'kernel/mm',
  KSM,
  HUGE_PAGES,
  `${HUGE_PAGES}/khugepaged`,
];

/** Whatever kernel is followed. */
export const SYSFS_PATHS: readonly string[] = [
  ...new Set(KERNEL_PROFILES.flatMap((profile) => sysfsPaths(profile))),
];

/** Those of one kernel. */
export function sysfsPaths({ name, counters, tunables }: KernelProfile): string[] {
  return [
    ...[...counters, ...tunables].map((file) => `${KSM}/${file}`),
    ...(hasSince(name, '2.6.38') ? HUGE_PAGE_PATHS : []),
  ];
}

export const sysfsLayout: Layout = (path) => {
  if (SYSFS_DIRECTORIES.includes(path)) return 'directory';
  return SYSFS_PATHS.includes(path) ? 'file' : undefined;
};

export function sysfsFiles(host: Host, tunables: TunableWrites): SysfsFile[] {
  const files = [...ksmFiles(host, tunables), ...hugePageFiles(host, tunables)];
  const paths = sysfsPaths(host.profile);
  return files.filter(({ path }) => paths.includes(path));
}

function ksmFiles({ profile, machine: { memory } }: Host, tunables: TunableWrites): SysfsFile[] {
  return [
    ...profile.counters.map((name) => ({
      path: `${KSM}/${name}`,
      text: () => counterText(readCounter(memory, name)),
    })),
    ...profile.tunables.map((name) => ({
      path: `${KSM}/${name}`,
      text: () => tunableText(name, readTunable(memory, name)),
      write: (text: string) => tunables.write({ [name]: writtenValue(name, text) }),
    })),
  ];
}

function hugePageFiles({ khugepaged }: Host, tunables: TunableWrites): SysfsFile[] {
  return [
    { path: ENABLED, text: () => 'always [madvise] never\n', write: assertMadvise },
    ...KHUGEPAGED_TUNABLE_NAMES.map((name) => ({
      path: khugepagedPath(name),
      text: () => counterText(khugepaged.tunables[name]),
      write: (text: string) => tunables.write({ [KHUGEPAGED + name]: writtenNumber(text) }),
    })),
    ...KHUGEPAGED_COUNTER_NAMES.map((name) => ({
      path: khugepagedPath(name),
      text: () => counterText(khugepaged.counters[name]),
    })),
  ];
}

function khugepagedPath(name: string): string {
  return `${HUGE_PAGES}/${KHUGEPAGED}${name}`;
}

async function assertMadvise(text: string): Promise<void> {
  if (text.trim() !== 'madvise')
    throw new KsmdError('EINVAL', 'huge pages are for regions that are advised to them: madvise');
}
