/**
 * Which version of Linux a host's KSM is as new as. Kernels of enterprise distributions carry newer
 * KSM under an old number, so its files of /sys/kernel/mm/ksm say more than that: a kernel that has
 * a file has what came with it. What left no file, as an order of steps, nobody can see from
 * outside: it may be newer still.
 */
import { KsmdError } from '../errors.js';
import { printable, quoted } from '../printable.js';
import { COUNTER_NAMES, COUNTERS } from './records/counter-records.js';
import { hasSince, type KernelVersion, versionOf } from './records/kernel-versions.js';
import { TUNABLE_NAMES, tunableRecord } from './records/tunable-records.js';

/** What is known of a host's kernel. */
export interface HostKernel {
  /** As uname tells it: `5.14.0-427.13.1.el9_4.x86_64`. */
  readonly release: string;
  /** Names in its /sys/kernel/mm/ksm: none where it has no KSM, or they are not known. */
  readonly ksmFiles: readonly string[];
}

export interface FoundVersion {
  readonly version: KernelVersion;
  /** What that goes by, as part of a sentence. */
  readonly by: string;
}

/** EINVAL if the release is none. */
export function versionOfHost({ release, ksmFiles }: HostKernel): FoundVersion {
  const numbered = versionOf(release);
  if (numbered === undefined)
    throw new KsmdError('EINVAL', `${quoted(release)} is no release of Linux: name a version`);
  const kernel = printable(release);
  if (ksmFiles.length === 0)
    return { version: numbered, by: `by the number of ${kernel}, as no files of KSM are known` };
  const newer = [
    ...COUNTER_NAMES.map((name) => ({ name, since: COUNTERS[name].since })),
    ...TUNABLE_NAMES.flatMap((name): Dated[] => {
      const { since } = tunableRecord(name);
      return since === 'ksmd' ? [] : [{ name, since }];
    }),
  ].filter(({ name, since }) => ksmFiles.includes(name) && !hasSince(numbered, since));
  const version = newer.reduce<KernelVersion>(
    (newest, { since }) => (hasSince(newest, since) ? newest : since),
    numbered,
  );
  const first = newer.find(({ since }) => since === version);
  return {
    version,
    by:
      first === undefined
        ? `by the number of ${kernel}, which has no newer files`
        : `by ${first.name} of ${kernel}, which came with ${version}`,
  };
}

interface Dated {
  readonly name: string;
  readonly since: KernelVersion;
}
