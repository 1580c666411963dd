/**
 * The tunables, one record each: all that is said of one anywhere follows from here. The files of
 * /sys/kernel/mm/ksm that can be written, in the order in which they are told; and ksmd's own,
 * which every kernel has here and none elsewhere.
 *
 * What a write sets going is src/ksm/tunables.ts.
 */
import {
  CTL_ADVISOR_MAX_CPU,
  CTL_ADVISOR_MAX_PAGES_TO_SCAN,
  CTL_ADVISOR_MIN_PAGES_TO_SCAN,
  CTL_ADVISOR_MODE,
  CTL_ADVISOR_TARGET_SCAN_TIME,
  CTL_CHAINS_PRUNE_MILLISECS,
  CTL_CHANGE_DETECTION,
  CTL_MAX_PAGE_SHARING,
  CTL_MERGE_ACROSS_NODES,
  CTL_PACE,
  CTL_PAGES_TO_SCAN,
  CTL_RUN,
  CTL_SLEEP_MILLISECS,
  CTL_SMART_SCAN,
  CTL_USE_ZERO_PAGES,
} from '../../core/layout.js';
import { RUN_STOP } from '../run.js';
import type { KernelVersion } from './kernel-versions.js';

export interface TunableRecord {
  /** Undefined: its values are states. */
  readonly unit: 'pages' | 'mappings' | 'milliseconds' | 'seconds' | 'percent' | undefined;
  readonly help: string;
  /** The first kernel that has it; `ksmd`: none has. */
  readonly since: KernelVersion | 'ksmd';
  readonly initial: number;
  readonly takes: Range | Names;
  /** Its word in the control block. */
  readonly word: number;
}

/** Whole numbers. */
interface Range {
  readonly min: number;
  readonly max: number;
  /** In the kernel's file also yes and no, on and off. */
  readonly truth?: true;
}

interface Names {
  /** What the values are called, from 0 on. */
  readonly names: readonly string[];
}

const UNSIGNED: Range = { min: 0, max: 0xffffffff };
const TRUTH: Range = { min: 0, max: 1, truth: true };

export const TUNABLES = {
  run: {
    unit: undefined,
    help:
      '0: the scanner stands still, merged pages stay merged; 1: it scans; ' +
      '2: it stands still and all is unmerged',
    since: '2.6.32',
    initial: RUN_STOP,
    takes: { min: 0, max: 2 },
    word: CTL_RUN,
  },
  pages_to_scan: {
    unit: 'pages',
    help: 'pages a batch, before the scanner sleeps',
    since: '2.6.32',
    initial: 100,
    takes: UNSIGNED,
    word: CTL_PAGES_TO_SCAN,
  },
  sleep_millisecs: {
    unit: 'milliseconds',
    help: 'time between two batches',
    since: '2.6.32',
    initial: 20,
    takes: UNSIGNED,
    word: CTL_SLEEP_MILLISECS,
  },
  merge_across_nodes: {
    unit: undefined,
    help:
      '0: only pages whose frames are of one NUMA node merge, ' +
      'and nobody reads a KSM page from far away',
    since: '3.9',
    initial: 1,
    takes: { min: 0, max: 1 },
    word: CTL_MERGE_ACROSS_NODES,
  },
  max_page_sharing: {
    unit: 'mappings',
    help: 'most mappings of one KSM page',
    since: '4.13',
    initial: 256,
    takes: { min: 2, max: 0x7fffffff },
    word: CTL_MAX_PAGE_SHARING,
  },
  stable_node_chains_prune_millisecs: {
    unit: 'milliseconds',
    help: 'time between two cleanings of a chain; of no effect while there are none',
    since: '4.13',
    initial: 2000,
    takes: UNSIGNED,
    word: CTL_CHAINS_PRUNE_MILLISECS,
  },
  use_zero_pages: {
    unit: undefined,
    help:
      '1: pages of zeroes map the one zero page instead of a KSM page, ' +
      'with no limit on how many',
    since: '4.11',
    initial: 0,
    takes: TRUTH,
    word: CTL_USE_ZERO_PAGES,
  },
  smart_scan: {
    unit: undefined,
    help: '1: pages that did not merge for long are visited more rarely',
    since: '6.7',
    initial: 1,
    takes: TRUTH,
    word: CTL_SMART_SCAN,
  },
  advisor_mode: {
    unit: undefined,
    help: 'scan-time: pages_to_scan is chosen after every full scan',
    since: '6.8',
    initial: 0,
    takes: { names: ['none', 'scan-time'] },
    word: CTL_ADVISOR_MODE,
  },
  advisor_max_cpu: {
    unit: 'percent',
    help: 'how much of a processor the advisor lets the scanner use',
    since: '6.8',
    initial: 70,
    takes: UNSIGNED,
    word: CTL_ADVISOR_MAX_CPU,
  },
  advisor_min_pages_to_scan: {
    unit: 'pages',
    help: 'what the advisor starts from',
    since: '6.8',
    initial: 500,
    takes: UNSIGNED,
    word: CTL_ADVISOR_MIN_PAGES_TO_SCAN,
  },
  advisor_max_pages_to_scan: {
    unit: 'pages',
    help: 'what the advisor never exceeds',
    since: '6.8',
    initial: 30000,
    takes: UNSIGNED,
    word: CTL_ADVISOR_MAX_PAGES_TO_SCAN,
  },
  advisor_target_scan_time: {
    unit: 'seconds',
    help: 'how long the advisor wants a full scan to take',
    since: '6.8',
    initial: 200,
    takes: { min: 1, max: 0xffffffff },
    word: CTL_ADVISOR_TARGET_SCAN_TIME,
  },
  change_detection: {
    unit: undefined,
    help: 'how the scanner tells that a page changes: by its checksum, or by its dirty bit',
    since: 'ksmd',
    initial: 0,
    takes: { names: ['checksum', 'dirty'] },
    word: CTL_CHANGE_DETECTION,
  },
  pace: {
    unit: undefined,
    help: 'own: a batch is done as fast as can be; kernel: it takes as long as a kernel would',
    since: 'ksmd',
    initial: 0,
    takes: { names: ['own', 'kernel'] },
    word: CTL_PACE,
  },
} as const satisfies Record<string, TunableRecord>;

export type TunableName = keyof typeof TUNABLES;

/** All there are, in their order. */
export const TUNABLE_NAMES = Object.keys(TUNABLES) as readonly TunableName[];

export function tunableRecord(name: TunableName): TunableRecord {
  return TUNABLES[name];
}
