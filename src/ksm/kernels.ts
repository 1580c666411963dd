/**
 * Kernel profiles: everything in which one version of Linux differs from another, as far as KSM is
 * concerned. How it behaves follows from what has changed since when (kernel-changes.ts), which
 * counters and tunables it has from their records. Code asks the profile for a property, never for
 * a version.
 *
 * Any version from 2.6.32 on has a profile. Those of KERNELS are held to recordings of such
 * kernels, but for the first; of the others their source was read.
 */

import { KsmdError } from '../errors.js';
import { KERNELS } from '../names.js';
import { quoted } from '../printable.js';
import {
  COUNTER_NAMES,
  COUNTERS,
  type CounterName,
  GUEST_COUNTER_NAMES,
  GUEST_COUNTERS,
  type GuestCounterName,
  KSM_STAT_ANSWER_NAMES,
  KSM_STAT_ANSWERS,
  type KsmStatLine,
} from './records/counter-records.js';
import { type Behaviour, behaviourOf, isIn, KERNEL_CHANGES } from './records/kernel-changes.js';
import { hasSince, type KernelVersion, versionOf } from './records/kernel-versions.js';
import { TUNABLE_NAMES, type TunableName, tunableRecord } from './records/tunable-records.js';

export type ProfileName = KernelVersion;

export interface KernelProfile extends Behaviour {
  readonly name: ProfileName;
  /** Files of /sys/kernel/mm/ksm that can only be read. */
  readonly counters: readonly CounterName[];
  /** Files of /sys/kernel/mm/ksm that can be written. */
  readonly tunables: readonly TunableName[];
  /** What /proc/PID tells of a process, in ksm_stat or in ksm_merging_pages. */
  readonly guestCounters: readonly GuestCounterName[];
  /** Lines of /proc/PID/ksm_stat; none: there is no such file. */
  readonly ksmStat: readonly KsmStatLine[];
}

const [OLDEST] = KERNELS;
const NEWEST = KERNELS[KERNELS.length - 1] ?? OLDEST;

export const KERNEL_PROFILES: readonly KernelProfile[] = KERNELS.map(profileOf);

/**
 * The profile of a version, or of a release as uname tells it. What is newer than all of KERNELS is
 * followed as the newest of them. EINVAL if it is none, or had no KSM yet.
 */
export function kernelProfile(release: string): KernelProfile {
  const version = versionOf(release);
  if (version === undefined || !hasSince(version, OLDEST)) {
    throw new KsmdError(
      'EINVAL',
      `no kernel profile ${quoted(release)}: take a version of Linux from ${OLDEST} on, such as ` +
        KERNELS.join(', '),
    );
  }
  return profileOf(hasSince(version, NEWEST) ? NEWEST : version);
}

/**
 * Which kernel of KERNELS is nearest to that version, and what is between them: a few words.
 * Undefined where it is one of these itself.
 */
export function nearestRecorded(version: KernelVersion): string | undefined {
  const [nearest] = KERNELS.map((recorded) => ({
    recorded,
    more: KERNEL_CHANGES.filter((each) => isIn(each, version) && !isIn(each, recorded)),
    fewer: KERNEL_CHANGES.filter((each) => !isIn(each, version) && isIn(each, recorded)),
  })).sort((a, b) => a.more.length + a.fewer.length - (b.more.length + b.fewer.length));
  if (nearest === undefined || nearest.recorded === version) return undefined;
  const { recorded, more, fewer } = nearest;
  const list = (words: string, changes: typeof more): string =>
    changes.length === 0 ? '' : `${words} ${changes.map(({ what }) => what).join(', ')}`;
  return `${recorded}${list(', with', more)}${list(', but without', fewer)}`;
}

function profileOf(name: KernelVersion): KernelProfile {
  return {
    name,
    ...behaviourOf(name),
    counters: COUNTER_NAMES.filter((counter) => hasSince(name, COUNTERS[counter].since)),
    tunables: TUNABLE_NAMES.filter((tunable) => {
      const { since } = tunableRecord(tunable);
      return since !== 'ksmd' && hasSince(name, since);
    }),
    guestCounters: GUEST_COUNTER_NAMES.filter((counter) =>
      hasSince(name, GUEST_COUNTERS[counter].since),
    ),
    ksmStat: [
      ...GUEST_COUNTER_NAMES.filter((line) => hasSince(name, GUEST_COUNTERS[line].inKsmStatSince)),
      ...KSM_STAT_ANSWER_NAMES.filter((line) => hasSince(name, KSM_STAT_ANSWERS[line].since)),
    ],
  };
}
