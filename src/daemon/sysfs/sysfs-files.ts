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
import type { TunableValues } from '../../protocol/routes/ksm.js';
import type { Layout } from './own-directory.js';
import { counterText, tunableText, writtenNumber, writtenValue } from './text.js';
import { type Directory, type File, fixedDirectory } from './tree.js';

/** Writes tunables; resolves when that is done, rejects with what the kernel refuses. */
export type Write = (values: TunableValues) => Promise<void>;

const KSM = 'kernel/mm/ksm';
const HUGE_PAGES = 'kernel/mm/transparent_hugepage';
const ENABLED = `${HUGE_PAGES}/enabled`;
const HUGE_PAGE_PATHS = [
  ENABLED,
  ...[...KHUGEPAGED_TUNABLE_NAMES, ...KHUGEPAGED_COUNTER_NAMES].map(khugepagedPath),
];
const DIRECTORY_MODE = 0o755;

/** Whatever kernel is followed. */
const SYSFS_PATHS: readonly string[] = [
  ...new Set(KERNEL_PROFILES.flatMap((profile) => sysfsPaths(profile))),
];

/** Those of one kernel, relative to the directory. */
function sysfsPaths({ name, counters, tunables }: KernelProfile): string[] {
  return [
    ...[...counters, ...tunables].map((file) => `${KSM}/${file}`),
    ...(hasSince(name, '2.6.38') ? HUGE_PAGE_PATHS : []),
  ];
}

export const sysfsLayout: Layout = (path) => {
  if (SYSFS_PATHS.includes(path)) return 'file';
  return SYSFS_PATHS.some((file) => file.startsWith(`${path}/`)) ? 'directory' : undefined;
};

export function sysfsTree(host: Host, write: Write): Directory {
  const files = new Map([...ksmFiles(host, write), ...hugePageFiles(host, write)]);
  const paths = sysfsPaths(host.profile);
  return fixedDirectory(
    DIRECTORY_MODE,
    new Map([...files].filter(([path]) => paths.includes(path))),
  );
}

type Files = [path: string, file: File][];

function ksmFiles({ profile, machine: { memory } }: Host, write: Write): Files {
  return [
    ...profile.counters.map((name): Files[number] => [
      `${KSM}/${name}`,
      readOnly(() => counterText(readCounter(memory, name))),
    ]),
    ...profile.tunables.map((name): Files[number] => [
      `${KSM}/${name}`,
      writable(
        () => tunableText(name, readTunable(memory, name)),
        (text) => write({ [name]: writtenValue(name, text) }),
      ),
    ]),
  ];
}

function hugePageFiles({ khugepaged }: Host, write: Write): Files {
  return [
    [ENABLED, writable(() => 'always [madvise] never\n', assertMadvise)],
    ...KHUGEPAGED_TUNABLE_NAMES.map((name): Files[number] => [
      khugepagedPath(name),
      writable(
        () => counterText(khugepaged.tunables[name]),
        (text) => write({ [KHUGEPAGED + name]: writtenNumber(text) }),
      ),
    ]),
    ...KHUGEPAGED_COUNTER_NAMES.map((name): Files[number] => [
      khugepagedPath(name),
      readOnly(() => counterText(khugepaged.counters[name])),
    ]),
  ];
}

function readOnly(text: () => string): File {
  return { mode: 0o444, text };
}

function writable(text: () => string, write: (text: string) => Promise<void>): File {
  return { mode: 0o644, text, write };
}

function khugepagedPath(name: string): string {
  return `${HUGE_PAGES}/${KHUGEPAGED}${name}`;
}

async function assertMadvise(text: string): Promise<void> {
  if (text.trim() !== 'madvise')
    throw new KsmdError('EINVAL', 'huge pages are for regions that are advised to them: madvise');
}
