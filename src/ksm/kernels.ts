/**
 * Kernel profiles: everything in which the kernels that ksmd follows differ, in one table. Which
 * counters and tunables one has follows from its version and their records.
 *
 * - checksumFirst, since 6.11 (April 2024): the checksum of a page that is not merged is taken
 *   before the stable tree is searched, so that pages that change are told apart before anything is
 *   compared. Before, the stable tree came first and the checksum guarded the unstable tree only.
 * - chains, since 4.13 (July 2017): a stable node takes at most max_page_sharing mappings, further
 *   ones go to duplicates in a chain. A chain passed by a search yields a dup with room; one
 *   without any is stepped over. Since 6.11 ('any') a chain always yields a dup, and one with a
 *   single dup left collapses whenever it is met; before ('with-room') only a pruning pass
 *   collapses it.
 * - zeroPages, since 4.12 (May 2017): use_zero_pages. Since 6.6 (June 2023) they are counted and
 *   given back like other merged pages; before, a zero page that KSM had mapped could not be told
 *   from any other.
 * - napEndsOnChange, since 5.0 (March 2019): a changed sleep_millisecs ends the nap under way;
 *   before, the old one was slept out.
 * - splitFreesZeroes, since 6.12 (November 2024): a huge page that is split gives its pages of
 *   zeroes back to the zero page, outside KSM's counters. Before, they stayed.
 * - dontneedFreesTables, since 6.14 (March 2025): dontneed of a whole stretch of small pages gives
 *   the page table back, so that the next touch takes a huge page. Before, it stayed.
 * - hugePageReuse: when a store may go on with a page of a huge page, mapped on its own, that a
 *   fork had shared. Until 6.1 if it is the 'last' of the huge page that is mapped anywhere; since
 *   6.15 (May 2025) if no other process maps any of it; 'never' in between.
 * - collapseNeedsWritable, until 6.17: pages none of which can be written without a fault are not
 *   collapsed.
 * - forkInheritsCounts, until 6.17 (6.12 has the fix by now): a child's ksm_stat begins with what
 *   its parent's said.
 * - prctlMerge, since 6.4 (June 2023): PR_SET_MEMORY_MERGE. exec keeps it since 6.7.
 * - smartScan and the advisor, since 6.7 and 6.8 (January and March 2024).
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
import { hasSince } from './records/kernel-versions.js';
import { TUNABLE_NAMES, type TunableName, tunableRecord } from './records/tunable-records.js';

export type ProfileName = (typeof KERNELS)[number];

/** What differs beyond the files it has. */
interface Behaviour {
  readonly checksumFirst: boolean;
  readonly chains: 'none' | 'with-room' | 'any';
  readonly zeroPages: 'none' | 'uncounted' | 'counted';
  readonly smartScan: boolean;
  readonly napEndsOnChange: boolean;
  readonly splitFreesZeroes: boolean;
  readonly dontneedFreesTables: boolean;
  readonly hugePageReuse: 'last' | 'never' | 'exclusive';
  readonly collapseNeedsWritable: boolean;
  readonly forkInheritsCounts: boolean;
  readonly prctlMerge: boolean;
}

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

const LATEST: Behaviour = {
  checksumFirst: true,
  chains: 'any',
  zeroPages: 'counted',
  smartScan: true,
  napEndsOnChange: true,
  splitFreesZeroes: true,
  dontneedFreesTables: true,
  hugePageReuse: 'exclusive',
  collapseNeedsWritable: false,
  forkInheritsCounts: false,
  prctlMerge: true,
};

const BEHAVIOURS: Record<ProfileName, Behaviour> = {
  '2.6.32': {
    checksumFirst: false,
    chains: 'none',
    zeroPages: 'none',
    smartScan: false,
    napEndsOnChange: false,
    splitFreesZeroes: false,
    dontneedFreesTables: false,
    hugePageReuse: 'last',
    collapseNeedsWritable: true,
    forkInheritsCounts: true,
    prctlMerge: false,
  },
  '6.1': {
    checksumFirst: false,
    chains: 'with-room',
    zeroPages: 'uncounted',
    smartScan: false,
    napEndsOnChange: true,
    splitFreesZeroes: false,
    dontneedFreesTables: false,
    hugePageReuse: 'last',
    collapseNeedsWritable: true,
    forkInheritsCounts: true,
    prctlMerge: false,
  },
  '6.12': {
    ...LATEST,
    dontneedFreesTables: false,
    hugePageReuse: 'never',
    collapseNeedsWritable: true,
  },
  '6.18': LATEST,
};

export const KERNEL_PROFILES: readonly KernelProfile[] = KERNELS.map((name) => ({
  name,
  ...BEHAVIOURS[name],
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
}));

/** The profile of that name. EINVAL if there is none. */
export function kernelProfile(name: string): KernelProfile {
  const profile = KERNEL_PROFILES.find((p) => p.name === name);
  if (profile === undefined) {
    throw new KsmdError(
      'EINVAL',
      `no kernel profile ${quoted(name)}: there are ${KERNELS.join(', ')}`,
    );
  }
  return profile;
}
