/**
 * The counters, one record each: what they count, in what, and since which kernel. The files of
 * /sys/kernel/mm/ksm that can only be read, and what /proc/PID tells of a process, in the order in
 * which they are told.
 *
 * How one is read off the control block is src/ksm/counters.ts.
 */
import type { KernelVersion } from './kernel-versions.js';

export interface CounterRecord {
  readonly unit: 'scans' | 'pages' | 'nodes' | 'bytes';
  readonly help: string;
  /** The first kernel that has it. */
  readonly since: KernelVersion;
  /** A counter only goes up, or starts again from 0; what comes down otherwise is a gauge. */
  readonly kind: 'counter' | 'gauge';
}

export const COUNTERS = {
  full_scans: {
    unit: 'scans',
    help: 'how often all mergeable memory has been gone through; run=2 starts it at 0 again',
    since: '2.6.32',
    kind: 'counter',
  },
  pages_scanned: {
    unit: 'pages',
    help:
      'visits of the scanner since the start; ' +
      'those that smart scan left out are not among them',
    since: '6.6',
    kind: 'counter',
  },
  pages_shared: {
    unit: 'pages',
    help: 'KSM pages in use: frames that stand for several pages, or did',
    since: '2.6.32',
    kind: 'gauge',
  },
  pages_sharing: {
    unit: 'pages',
    help: 'pages that map them beyond the first one each: how much is saved',
    since: '2.6.32',
    kind: 'gauge',
  },
  pages_unshared: {
    unit: 'pages',
    help: 'pages that did not change but have met no equal: looked up in vain at every visit',
    since: '2.6.32',
    kind: 'gauge',
  },
  pages_volatile: {
    unit: 'pages',
    help: 'pages that change too fast to be looked up, or were met for the first time',
    since: '2.6.32',
    kind: 'gauge',
  },
  pages_skipped: {
    unit: 'pages',
    help: 'visits that smart scan left out, since the start',
    since: '6.7',
    kind: 'counter',
  },
  ksm_zero_pages: {
    unit: 'pages',
    help: 'pages that map the zero page because KSM put it there, with use_zero_pages',
    since: '6.6',
    kind: 'gauge',
  },
  stable_node_chains: {
    unit: 'nodes',
    help:
      'contents of which there are several KSM pages, ' +
      'because one took all of max_page_sharing',
    since: '4.13',
    kind: 'gauge',
  },
  stable_node_dups: {
    unit: 'nodes',
    help: 'KSM pages in these chains',
    since: '4.13',
    kind: 'gauge',
  },
  general_profit: {
    unit: 'bytes',
    help:
      '(pages_sharing + ksm_zero_pages) · page size − 64 bytes for each page known; ' +
      'may be below 0',
    since: '6.4',
    kind: 'gauge',
  },
} as const satisfies Record<string, CounterRecord>;

export type CounterName = keyof typeof COUNTERS;

/** All there are, in their order. */
export const COUNTER_NAMES = Object.keys(COUNTERS) as readonly CounterName[];

/** Of one process. */
export interface GuestCounterRecord extends CounterRecord {
  /** The first kernel that has it as a line of /proc/PID/ksm_stat. */
  readonly inKsmStatSince: KernelVersion;
}

export const GUEST_COUNTERS = {
  ksm_rmap_items: {
    unit: 'pages',
    help: "pages of the guest that the scanner knows, 64 bytes of the kernel's each",
    since: '6.1',
    inKsmStatSince: '6.1',
    kind: 'gauge',
  },
  ksm_zero_pages: {
    unit: 'pages',
    help: 'its pages that map the zero page because KSM put it there',
    since: '6.6',
    inKsmStatSince: '6.6',
    kind: 'gauge',
  },
  ksm_merging_pages: {
    unit: 'pages',
    help: 'its pages that map a KSM page, the first of each included',
    since: '5.19',
    inKsmStatSince: '6.4',
    kind: 'gauge',
  },
  ksm_process_profit: {
    unit: 'bytes',
    help: '(ksm_merging_pages + ksm_zero_pages) · page size − 64 · ksm_rmap_items',
    since: '6.4',
    inKsmStatSince: '6.4',
    kind: 'gauge',
  },
} as const satisfies Record<string, GuestCounterRecord>;

export type GuestCounterName = keyof typeof GUEST_COUNTERS;

/** All there are, in their order. */
export const GUEST_COUNTER_NAMES = Object.keys(GUEST_COUNTERS) as readonly GuestCounterName[];

/** Lines of /proc/PID/ksm_stat that say yes or no: whether all, or any page, may be merged. */
export const KSM_STAT_ANSWERS = {
  ksm_merge_any: { since: '6.15' },
  ksm_mergeable: { since: '6.15' },
} as const satisfies Record<string, { readonly since: KernelVersion }>;

export type KsmStatAnswer = keyof typeof KSM_STAT_ANSWERS;

/** All there are, in their order. */
export const KSM_STAT_ANSWER_NAMES = Object.keys(KSM_STAT_ANSWERS) as readonly KsmStatAnswer[];

export type KsmStatLine = GuestCounterName | KsmStatAnswer;
