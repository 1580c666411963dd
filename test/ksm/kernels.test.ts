/** Which kernel has which files follows from the versions since which there are these. */
import { describe, expect, test } from 'vitest';
import { kernelProfile, nearestRecorded } from '../../src/ksm/kernels.js';
import { hasSince, versionOf } from '../../src/ksm/records/kernel-versions.js';

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

describe('a release is of the version that it begins with:', () => {
  test.each([
    ['6.8.0-45-generic', '6.8'],
    ['6.18', '6.18'],
    ['5.15.167.4-microsoft-standard-WSL2', '5.15'],
    ['2.6.32-754.el6.x86_64', '2.6.32'],
    ['2.6.9', '2.6.9'],
    ['6.19-rc1', '6.19'],
    ['six', undefined],
    ['', undefined],
    ['6', undefined],
    ['6.1234', undefined],
  ])('%s is %s', (release, version) => {
    expect(versionOf(release)).toBe(version);
  });
});

test.each(['2.6.31', '2.4.20', '1.0', 'host', '', '6.x'])('%s had no KSM', (release) => {
  expect(() => kernelProfile(release)).toThrow(
    expect.objectContaining({ code: 'EINVAL', message: expect.stringContaining('from 2.6.32 on') }),
  );
});

describe('what the recorded kernels do', () => {
  const OLD = {
    checksumFirst: false,
    smartScan: false,
    splitFreesZeroes: false,
    dontneedFreesTables: false,
    hugePageReuse: 'last',
    collapseNeedsWritable: true,
    forkInheritsCounts: true,
    prctlMerge: false,
  };
  const NEW = {
    checksumFirst: true,
    chains: 'any',
    zeroPages: 'counted',
    smartScan: true,
    napEndsOnChange: true,
    splitFreesZeroes: true,
    forkInheritsCounts: false,
    prctlMerge: true,
  };
  test.each([
    ['2.6.32', { ...OLD, chains: 'none', zeroPages: 'none', napEndsOnChange: false }],
    ['6.1', { ...OLD, chains: 'with-room', zeroPages: 'uncounted', napEndsOnChange: true }],
    [
      '6.12',
      { ...NEW, dontneedFreesTables: false, hugePageReuse: 'never', collapseNeedsWritable: true },
    ],
    [
      '6.18',
      {
        ...NEW,
        dontneedFreesTables: true,
        hugePageReuse: 'exclusive',
        collapseNeedsWritable: false,
      },
    ],
  ])('Linux %s', (name, behaviour) => {
    expect(kernelProfile(name)).toMatchObject(behaviour);
    expect(nearestRecorded(kernelProfile(name).name)).toBeUndefined();
  });
});

describe('other versions are like one of these, but for what came in between:', () => {
  test.each([
    ['3.10', '3.10', '2.6.32, with merge_across_nodes'],
    ['4.19.0-27-amd64', '4.19', '6.1, but without naps that end when sleep_millisecs changes'],
    ['5.15.0-91-generic', '5.15', '6.1'],
    [
      '6.8.12-4-pve',
      '6.8',
      '6.1, with PR_SET_MEMORY_MERGE and profits, counted zero pages, smart scan, the advisor',
    ],
    ['6.14', '6.14', '6.12, with page tables given back, but without counts of its own for a fork'],
  ])('%s is followed as %s, like %s', (release, followed, like) => {
    expect(kernelProfile(release).name).toBe(followed);
    expect(nearestRecorded(kernelProfile(release).name)).toBe(like);
  });

  test('what is newer than all of them is followed as the newest', () => {
    expect(kernelProfile('7.1.0').name).toBe('6.18');
  });

  test('5.15 looks in the stable tree first, and has none of the files of later ones', () => {
    const { checksumFirst, tunables } = kernelProfile('5.15');
    expect(checksumFirst).toBe(false);
    expect(tunables).toEqual(TUNABLES_OF_CHAINS);
  });

  test('6.8 has smart scan and the advisor, and takes the checksum as late as 6.1', () => {
    const { checksumFirst, smartScan, zeroPages, tunables } = kernelProfile('6.8');
    expect({ checksumFirst, smartScan, zeroPages }).toEqual({
      checksumFirst: false,
      smartScan: true,
      zeroPages: 'counted',
    });
    expect(tunables).toContain('advisor_mode');
  });
});
