/** The tables of `ksmd guests` and `ksmd ps` at several widths: no row goes on in the next line. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { guestTable, regionTable } from '../../../../src/cli/commands/guests/guest-tables.js';
import { workloadTable } from '../../../../src/cli/commands/workloads/ps.js';
import type { GuestSummary, Region } from '../../../../src/protocol/routes/guests.js';
import type { Workload } from '../../../../src/protocol/routes/workloads.js';

const SCREENS = new URL('../../../fixtures/screens/', import.meta.url);
const WIDTHS = [40, 60, 80, 200];
const PAGE = 4096;

const { guests } = JSON.parse(readFileSync(new URL('status-at-work.json', SCREENS), 'utf8')) as {
  guests: readonly GuestSummary[];
};
/** A large one with a long name, whose figures are as wide as they come. */
const LARGE: GuestSummary = {
  ...(guests[0] as GuestSummary),
  name: 'customer-database-replica-eu-1',
  registeredPages: 33_554_432,
  presentPages: 33_123_456,
  hugePages: 12_345,
  mergesAny: true,
  ksm_stat: { ksm_merging_pages: 12_345_678 },
};

const REGIONS: readonly Region[] = [
  { name: 'the-only-region-that-is-huge', address: 0x7f0000000000, pages: 33_554_432, huge: true },
  { name: 'r', address: 0x100000000, pages: 16, huge: false, node: 1 },
];

const WORKLOADS: readonly Workload[] = [
  {
    id: 1,
    workload: 'dirty',
    guest: 'customer-database-replica-eu-1',
    region: 'the-only-region-that-is-huge',
    state: 'running',
    stores: 123_456_789,
    loads: 98_765_432,
    verified: 222_222_221,
    wrong: 0,
    foreign: 17,
    retries: 1234,
    cpuMs: 60_000,
  },
  {
    id: 12,
    workload: 'boot',
    guest: 'vm-2',
    region: 'memory',
    state: 'stopped',
    stores: 16_384,
    loads: 0,
    verified: 16_384,
    wrong: 1,
    foreign: 0,
    retries: 0,
    cpuMs: 12,
  },
];

describe.each(WIDTHS)('at %i columns', (columns) => {
  test.each<[name: string, lines: readonly string[]]>([
    ['guests', guestTable([LARGE, ...guests], PAGE, columns)],
    ['regions', regionTable(REGIONS, PAGE, columns)],
    ['ps', workloadTable(WORKLOADS, columns)],
  ])('%s: as it is kept', async (name, lines) => {
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
    const kept = new URL(`${name}-${columns}.txt`, SCREENS).pathname;
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(kept);
  });
});

test('what is merged, and what was lost, is told however narrow the terminal is', () => {
  expect(guestTable([LARGE], PAGE, 40)[1]).toMatch(/ 12,345,678$/);
  expect(workloadTable(WORKLOADS, 40)[2]).toMatch(/ 1$/);
});

test('a file or a pipe has all of it', () => {
  const whole = workloadTable(WORKLOADS, Number.POSITIVE_INFINITY);
  expect(whole[1]).toContain('customer-database-replica-eu-1  the-only-region-that-is-huge');
  expect(whole[0]).toMatch(/FOREIGN {2}RETRIES$/);
});
