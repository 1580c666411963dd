/**
 * The files of /sys/kernel/mm/ksm as metrics, those that the profile's kernel has: under
 * node_exporter's names where its ksmd collector has one, so that what was made for a host's own
 * KSM fits, and under `ksmd_` otherwise.
 *
 * full_scans starts again at 0 when run is set to 2: a counter's reset.
 */
import { readCounter } from '../../ksm/counters.js';
import type { Host } from '../../ksm/host.js';
import type { CounterName, TunableName } from '../../ksm/kernels.js';
import { readTunable, tunableWords } from '../../ksm/tunables.js';
import { counter, gauge, type Metric, state } from './metric.js';

const PERCENT = 100;
const MILLISECONDS = 1000;

interface File {
  readonly name: string;
  readonly help: string;
  /** What the file has for one of the metric's unit. */
  readonly per?: number;
  readonly isCounter?: true;
}

const COUNTERS: Record<CounterName, File> = {
  full_scans: {
    name: 'node_ksmd_full_scans_total',
    help: 'Times that all mergeable memory has been scanned, since run was last set to 2.',
    isCounter: true,
  },
  pages_scanned: { name: 'ksmd_pages_scanned_total', help: 'Pages scanned.', isCounter: true },
  pages_shared: { name: 'node_ksmd_pages_shared', help: 'Frames that are shared.' },
  pages_sharing: {
    name: 'node_ksmd_pages_sharing',
    help: 'Pages more that map a shared frame: what is saved.',
  },
  pages_unshared: {
    name: 'node_ksmd_pages_unshared',
    help: 'Pages that are unique but repeatedly checked for merging.',
  },
  pages_volatile: {
    name: 'node_ksmd_pages_volatile',
    help: 'Pages that change too fast to be merged.',
  },
  pages_skipped: {
    name: 'ksmd_pages_skipped_total',
    help: 'Pages that smart scan has passed over.',
    isCounter: true,
  },
  ksm_zero_pages: { name: 'ksmd_zero_pages', help: 'Pages merged with the zero page.' },
  stable_node_chains: {
    name: 'ksmd_stable_node_chains',
    help: 'Contents that are shared by more pages than one frame may have.',
  },
  stable_node_dups: { name: 'ksmd_stable_node_dups', help: 'Frames of such contents.' },
  general_profit: {
    name: 'ksmd_general_profit_bytes',
    help: 'Memory saved less what the kernel spends on rmap items; may be negative.',
  },
};

const TUNABLES: Record<TunableName, File> = {
  run: {
    name: 'node_ksmd_run',
    help: '0: the scanner stands still, 1: it scans, 2: it stands still and all was unmerged.',
  },
  pages_to_scan: { name: 'node_ksmd_pages_to_scan', help: 'Pages a batch.' },
  sleep_millisecs: {
    name: 'node_ksmd_sleep_seconds',
    help: 'Time the scanner sleeps between batches.',
    per: MILLISECONDS,
  },
  merge_across_nodes: {
    name: 'node_ksmd_merge_across_nodes',
    help: 'Whether pages of different NUMA nodes are merged.',
  },
  max_page_sharing: { name: 'ksmd_max_page_sharing', help: 'Pages that may map one frame.' },
  stable_node_chains_prune_millisecs: {
    name: 'ksmd_stable_node_chains_prune_seconds',
    help: 'How often a chain is looked through for stale frames.',
    per: MILLISECONDS,
  },
  use_zero_pages: {
    name: 'ksmd_use_zero_pages',
    help: 'Whether empty pages are merged with the zero page.',
  },
  smart_scan: {
    name: 'ksmd_smart_scan',
    help: 'Whether pages that did not merge are looked at less and less often.',
  },
  advisor_mode: {
    name: 'ksmd_advisor_mode',
    help: 'Who chooses pages_to_scan: 1 for the mode chosen.',
  },
  advisor_max_cpu: {
    name: 'ksmd_advisor_max_cpu_ratio',
    help: 'Processor time the advisor lets the scanner have, of one processor.',
    per: PERCENT,
  },
  advisor_min_pages_to_scan: {
    name: 'ksmd_advisor_min_pages_to_scan',
    help: 'Pages a batch that the advisor begins with.',
  },
  advisor_max_pages_to_scan: {
    name: 'ksmd_advisor_max_pages_to_scan',
    help: 'Most pages a batch that the advisor chooses.',
  },
  advisor_target_scan_time: {
    name: 'ksmd_advisor_target_scan_time_seconds',
    help: 'How long the advisor wants a full scan to take.',
  },
};

export function kernelMetrics({ machine: { memory }, profile }: Host): Metric[] {
  const counters = profile.counters.map((name) => {
    const { isCounter, ...file } = COUNTERS[name];
    return (isCounter ? counter : gauge)(file, () => readCounter(memory, name));
  });
  const tunables = profile.tunables.map((name) => {
    const { per = 1, ...file } = TUNABLES[name];
    const choices = tunableWords(name);
    if (choices !== undefined)
      return state(file, 'mode', choices, () => String(readTunable(memory, name)));
    return gauge(file, () => Number(readTunable(memory, name)) / per);
  });
  return [...counters, ...tunables];
}
