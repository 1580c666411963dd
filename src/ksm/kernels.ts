/**
 * Kernel profiles: everything in which the kernels that ksmd follows differ, in one table.
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
 * - smartScan and the advisor, since 6.7 and 6.8 (January and March 2024).
 */
import { KsmdError } from '../errors.js';

export type ProfileName = '2.6.32' | '6.1' | '6.12' | '6.18';

export interface KernelProfile {
  readonly name: ProfileName;
  readonly checksumFirst: boolean;
  readonly chains: 'none' | 'with-room' | 'any';
  readonly zeroPages: 'none' | 'uncounted' | 'counted';
  readonly smartScan: boolean;
  /** Files of /sys/kernel/mm/ksm that can only be read. */
  readonly counters: readonly CounterName[];
  /** Files of /sys/kernel/mm/ksm that can be written. */
  readonly tunables: readonly TunableName[];
  /** What /proc/PID tells of a process, in ksm_stat or in ksm_merging_pages. */
  readonly guestCounters: readonly GuestCounterName[];
  /** Lines of /proc/PID/ksm_stat; none: there is no such file. */
  readonly ksmStat: readonly KsmStatLine[];
}

export type CounterName =
  | 'full_scans'
  | 'pages_scanned'
  | 'pages_shared'
  | 'pages_sharing'
  | 'pages_unshared'
  | 'pages_volatile'
  | 'pages_skipped'
  | 'ksm_zero_pages'
  | 'stable_node_chains'
  | 'stable_node_dups'
  | 'general_profit';

export type GuestCounterName =
  | 'ksm_rmap_items'
  | 'ksm_zero_pages'
  | 'ksm_merging_pages'
  | 'ksm_process_profit';

/** Since 6.15 also whether the process, or any page of it, may be merged: yes or no. */
export type KsmStatLine = GuestCounterName | 'ksm_merge_any' | 'ksm_mergeable';

export type TunableName =
  | 'run'
  | 'pages_to_scan'
  | 'sleep_millisecs'
  | 'merge_across_nodes'
  | 'max_page_sharing'
  | 'stable_node_chains_prune_millisecs'
  | 'use_zero_pages'
  | 'smart_scan'
  | 'advisor_mode'
  | 'advisor_max_cpu'
  | 'advisor_min_pages_to_scan'
  | 'advisor_max_pages_to_scan'
  | 'advisor_target_scan_time';

const FIRST_COUNTERS = [
  'full_scans',
  'pages_shared',
  'pages_sharing',
  'pages_unshared',
  'pages_volatile',
] as const;
const FIRST_TUNABLES = ['run', 'pages_to_scan', 'sleep_millisecs'] as const;
const CHAIN_COUNTERS = ['stable_node_chains', 'stable_node_dups'] as const;
const CHAIN_TUNABLES = [
  ...FIRST_TUNABLES,
  'merge_across_nodes',
  'max_page_sharing',
  'stable_node_chains_prune_millisecs',
  'use_zero_pages',
] as const;
const ADVISOR_TUNABLES = [
  'smart_scan',
  'advisor_mode',
  'advisor_max_cpu',
  'advisor_min_pages_to_scan',
  'advisor_max_pages_to_scan',
  'advisor_target_scan_time',
] as const;

const GUEST_COUNTERS = [
  'ksm_rmap_items',
  'ksm_zero_pages',
  'ksm_merging_pages',
  'ksm_process_profit',
] as const;

const LATEST = {
  checksumFirst: true,
  chains: 'any',
  zeroPages: 'counted',
  smartScan: true,
  counters: [
    'full_scans',
    'pages_scanned',
    'pages_shared',
    'pages_sharing',
    'pages_unshared',
    'pages_volatile',
    'pages_skipped',
    'ksm_zero_pages',
    ...CHAIN_COUNTERS,
    'general_profit',
  ],
  tunables: [...CHAIN_TUNABLES, ...ADVISOR_TUNABLES],
  guestCounters: GUEST_COUNTERS,
  ksmStat: GUEST_COUNTERS,
} as const satisfies Omit<KernelProfile, 'name'>;

export const KERNEL_PROFILES: readonly KernelProfile[] = [
  {
    name: '2.6.32',
    checksumFirst: false,
    chains: 'none',
    zeroPages: 'none',
    smartScan: false,
    counters: FIRST_COUNTERS,
    tunables: FIRST_TUNABLES,
    guestCounters: [],
    ksmStat: [],
  },
  {
    name: '6.1',
    checksumFirst: false,
    chains: 'with-room',
    zeroPages: 'uncounted',
    smartScan: false,
    counters: [...FIRST_COUNTERS, ...CHAIN_COUNTERS],
    tunables: CHAIN_TUNABLES,
    guestCounters: ['ksm_rmap_items', 'ksm_merging_pages'],
    ksmStat: ['ksm_rmap_items'],
  },
  { name: '6.12', ...LATEST },
  { name: '6.18', ...LATEST, ksmStat: [...GUEST_COUNTERS, 'ksm_merge_any', 'ksm_mergeable'] },
];

export const DEFAULT_PROFILE: ProfileName = '6.18';

/** The profile of that name. EINVAL if there is none. */
export function kernelProfile(name: string): KernelProfile {
  const profile = KERNEL_PROFILES.find((p) => p.name === name);
  if (profile === undefined) {
    throw new KsmdError(
      'EINVAL',
      `no kernel profile '${name}': there are ${KERNEL_PROFILES.map((p) => p.name).join(', ')}`,
    );
  }
  return profile;
}
