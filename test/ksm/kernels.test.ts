/** Which kernel has which files follows from the versions since which there are these. */
import { describe, expect, test } from 'vitest';
import { kernelProfile } from '../../src/ksm/kernels.js';
import { hasSince } from '../../src/ksm/records/kernel-versions.js';

describe('a version', () => {
  test.each([
    ['2.6.32', '2.6.32', true],
    ['2.6.32', '3.9', false],
    ['6.1', '6.1', true],
    ['6.1', '6.12', false],
    ['6.12', '6.8', true],
    ['6.12', '6.12.1', false],
    ['6.18', '5.19', true],
    ['10.0', '9.99', true],
  ] as const)('%s has what there is since %s: %s', (kernel, since, has) => {
    expect(hasSince(kernel, since)).toBe(has);
  });
});

const FIRST_COUNTERS = [
  'full_scans',
  'pages_shared',
  'pages_sharing',
  'pages_unshared',
  'pages_volatile',
];
const FIRST_TUNABLES = ['run', 'pages_to_scan', 'sleep_millisecs'];
const TUNABLES_OF_CHAINS = [
  ...FIRST_TUNABLES,
  'merge_across_nodes',
  'max_page_sharing',
  'stable_node_chains_prune_millisecs',
  'use_zero_pages',
];

test('Linux 2.6.32 has the first files, and tells nothing of a process', () => {
  expect(kernelProfile('2.6.32')).toMatchObject({
    counters: FIRST_COUNTERS,
    tunables: FIRST_TUNABLES,
    guestCounters: [],
    ksmStat: [],
  });
});

test('Linux 6.1 has nodes, chains and the zero page, and begins to tell of a process', () => {
  expect(kernelProfile('6.1')).toMatchObject({
    counters: [...FIRST_COUNTERS, 'stable_node_chains', 'stable_node_dups'],
    tunables: TUNABLES_OF_CHAINS,
    guestCounters: ['ksm_rmap_items', 'ksm_merging_pages'],
    ksmStat: ['ksm_rmap_items'],
  });
});

test.each([
  ['6.12', []],
  ['6.18', ['ksm_merge_any', 'ksm_mergeable']],
] as const)('Linux %s has smart scan, the advisor, profits and more', (name, answers) => {
  const ofGuests = ['ksm_rmap_items', 'ksm_zero_pages', 'ksm_merging_pages', 'ksm_process_profit'];
  expect(kernelProfile(name)).toMatchObject({
    counters: [
      'full_scans',
      'pages_scanned',
      'pages_shared',
      'pages_sharing',
      'pages_unshared',
      'pages_volatile',
      'pages_skipped',
      'ksm_zero_pages',
      'stable_node_chains',
      'stable_node_dups',
      'general_profit',
    ],
    tunables: [
      ...TUNABLES_OF_CHAINS,
      'smart_scan',
      'advisor_mode',
      'advisor_max_cpu',
      'advisor_min_pages_to_scan',
      'advisor_max_pages_to_scan',
      'advisor_target_scan_time',
    ],
    guestCounters: ofGuests,
    ksmStat: [...ofGuests, ...answers],
  });
});
