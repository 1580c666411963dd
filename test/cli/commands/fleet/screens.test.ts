/** What `ksmd fleet` tells, at several widths: no row goes on in the next line. */
import { describe, expect, test } from 'vitest';
import { familyLines, pairLines } from '../../../../src/cli/commands/fleet/pairs.js';
import { type PlacementTold, placementScreen } from '../../../../src/cli/commands/fleet/place.js';
import { reportScreen } from '../../../../src/cli/commands/fleet/report.js';
import type { FleetIdentity } from '../../../../src/fleet/dataset.js';
import type { FleetReport } from '../../../../src/fleet/report.js';

const SCREENS = new URL('../../../fixtures/screens/', import.meta.url);
const WIDTHS = [40, 60, 80, 200];
const MIB_PAGES = 256;

const NAMES = [
  'production-rack-7-host-1/customer-database-replica-eu-1',
  'production-rack-7-host-2/customer-database-replica-eu-2',
  'h3/web-3',
];
const IDENTITY: FleetIdentity = { version: 1, pageSize: 4096, sample: 64, keyId: '0'.repeat(64) };

const REPORT: FleetReport = {
  hosts: ['production-rack-7-host-1', 'production-rack-7-host-2', 'h3'].map((host, at) => ({
    ...{ host, day: '2026-11-28', guests: 120 - at, page_size: 4096, sample: 64 },
    ...{ pages: 123_456_789 - at, merged_pages: 1_234_567, saved_pages: 23_456_789 },
    ...{ saved_error_pages: 345_678, zero_pages: 4_567_890, between_guests_pages: 12_345_678 },
    within_guests_error_pages: 445_678,
    ...{ between_guests_error_pages: 234_567, volatile_pages: 3_456_789, changed_pages: 987_654 },
    advised_pages: 100_000_000,
  })),
  together: [
    {
      ...{ zero_pages: 13_703_670, saved_pages: 99_456_789, saved_error_pages: 745_678 },
      ...{ hosts_saved_error_pages: 945_678, hosts_between_guests_error_pages: 634_567 },
      hosts_within_guests_error_pages: 1_245_678,
    },
  ],
  contents: [
    { hi: '-81985529216486896', lo: '81985529216486895', pages: 40_000, guests: 360, hosts: 3 },
  ],
};

function guest(x: 'a' | 'b', at: number): Record<string, string> {
  const [host = '', name = ''] = (NAMES[at] ?? '').split('/');
  return { [`${x}_host`]: host, [`${x}_guest`]: name };
}

const PAIRS = {
  rows: [
    { ...guest('a', 0), ...guest('b', 1), contents: 51_234 },
    { ...guest('a', 1), ...guest('b', 2), contents: 17 },
  ],
  missed: 12,
};

const host = (guests: number, tenants: number, usedMib: number, savedMib: number) => ({
  ...{ guests, tenants, usedPages: usedMib * MIB_PAGES },
  saved: { pages: savedMib * MIB_PAGES, error: MIB_PAGES * 17 },
});
const figures = (hosts: readonly ReturnType<typeof host>[]) => ({
  hosts,
  saved: {
    pages: hosts.reduce((sum, { saved }) => sum + saved.pages, 0),
    error: 33 * MIB_PAGES,
  },
});

const PLACEMENT: PlacementTold = {
  placement: {
    ...figures([host(12, 1, 250_000, 99_999), host(9, 1, 123_456, 7)]),
    hostOf: new Int32Array([0, 0, 1]),
    moves: [
      { guest: 1, from: 1, to: 0 },
      { guest: 2, from: 0, to: 1 },
    ],
    today: figures([host(11, 2, 300_000, 99), host(10, 3, 290_000, 5)]),
    byChance: undefined,
    byMemory: figures([host(11, 1, 200_000, 99), host(10, 1, 200_000, 5)]),
  },
  names: ['production-rack-7-host-1', 'h2'],
  guests: NAMES.map((name) => ({ name })) as unknown as PlacementTold['guests'],
  identity: IDENTITY,
  memory: 2 ** 38,
  oneIn: 1,
  margin: 0.1,
  advised: 0.031,
};

describe.each(WIDTHS)('at %i columns', (columns) => {
  test.each<[name: string, lines: readonly string[]]>([
    ['fleet-report', reportScreen(REPORT, 2, columns)],
    [
      'fleet-pairs',
      [
        ...familyLines([NAMES, NAMES.slice(1)], 1000, 20, columns),
        ...pairLines(PAIRS, IDENTITY, 20, columns),
      ],
    ],
    ['fleet-place', placementScreen(PLACEMENT, 20, columns)],
  ])('%s: as it is kept', async (name, lines) => {
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
    const kept = new URL(`${name}-${columns}.txt`, SCREENS).pathname;
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(kept);
  });
});

test('however narrow the terminal is, it is told what is saved, and both ends of names', () => {
  expect(reportScreen(REPORT, 2, 40)).toContainEqual(
    expect.stringMatching(/^prod.*-1 .* 106\.9 GiB/),
  );
  expect(pairLines(PAIRS, IDENTITY, 20, 40)[1]).toMatch(/^pr\S*-1 +pr\S*-2 .*GiB$/);
  const placed = placementScreen(PLACEMENT, 20, 40);
  expect(placed).toContainEqual(expect.stringMatching(/^prod\S*-1 .*97\.6 GiB/));
  expect(placed.join(' ')).toContain('as today: 2 hosts too full, 2 hosts of several tenants');
});

test('hosts that were not captured on the newest day are named, the oldest first', () => {
  const hosts = ['2026-11-28', '2026-11-03', '2026-11-27'].map((day, at) => ({
    ...REPORT.hosts[at],
    day,
  }));
  expect(reportScreen({ ...REPORT, hosts }, 2).slice(4, 5)).toEqual([
    '  2 hosts not captured since 2026-11-28: production-rack-7-host-2 (2026-11-03), ' +
      'h3 (2026-11-27); who has moved from there since counts twice',
  ]);
  expect(reportScreen(REPORT, 2).join('\n')).not.toContain('captured since');
});

test('hosts are named of which files old and new may tell of one guest twice', () => {
  const hosts = [1, 0, 3].map((guests_by_name, at) => ({ ...REPORT.hosts[at], guests_by_name }));
  expect(reportScreen({ ...REPORT, hosts }, 2).slice(4, 5)).toEqual([
    '  2 hosts with files of before guests were told apart by more than names: ' +
      'production-rack-7-host-1, h3; who is in these and in others counts twice: remove them, ' +
      'and add their recordings again',
  ]);
  expect(reportScreen(REPORT, 2).join('\n')).not.toContain('counts twice');
});

test('what is used is told no lower than it is, as it has to fit', () => {
  const { placement } = PLACEMENT;
  const usedPages = 3703;
  const hosts = placement.hosts.map((each) => ({ ...each, usedPages }));
  const told = { ...PLACEMENT, placement: { ...placement, hosts }, memory: 14_808 * 1024 };
  const lines = placementScreen(told, 20);
  expect(lines[0]).toContain(' of 14.4 MiB: ');
  expect(lines).toContainEqual(expect.stringMatching(/^h2 .* 14\.5 MiB /));
});

test('where nobody limits lines, what is said below a placement has no long ones', () => {
  for (const margin of [0, 0.1, 1]) {
    const lines = placementScreen({ ...PLACEMENT, margin }, 20);
    for (const line of lines.slice(lines.lastIndexOf(''))) expect(line.length).toBeLessThan(81);
  }
});

test('a file or a pipe has all of it', () => {
  expect(pairLines(PAIRS, IDENTITY, 20)[1]).toContain(`${NAMES[0]}  ${NAMES[1]}`);
  expect(reportScreen(REPORT, 2).join('\n')).toMatch(/RESTLESS +CHANGED$/m);
});
