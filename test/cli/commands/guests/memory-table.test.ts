/** The table after registering: what is in it, and that it fits any terminal. */
import { expect, test } from 'vitest';
import { memoryTable } from '../../../../src/cli/commands/guests/memory-table.js';

const GIB = 2 ** 30;

test('a row a guest, a column a reason that any of them has', () => {
  const rows = [
    { guest: 'web', registeredBytes: 3 * GIB, advisedBytes: 3 * GIB, leftOut: { swap: 4096 } },
    { guest: 'database', registeredBytes: 40, advisedBytes: 0, leftOut: { shared: 4 * GIB } },
  ];
  expect(tableOf(rows)).toEqual([
    'GUEST     REGISTERED  ADVISED  LEFT OUT: SWAP  SHARED',
    'web            3 GiB    3 GiB           4 KiB     0 B',
    'database        40 B      0 B             0 B   4 GiB',
  ]);
});

test('where nothing is left out, nothing is said of it', () => {
  expect(tableOf([{ guest: 'a', registeredBytes: 4096, advisedBytes: 0, leftOut: {} }])).toEqual([
    'GUEST  REGISTERED  ADVISED',
    'a           4 KiB      0 B',
  ]);
});

test('what does not fit in 80 columns comes in a table below', () => {
  const reasons = ['file', 'shared', 'hugetlb', 'device', 'not advised', 'swap', 'zero page'];
  const leftOut = Object.fromEntries(reasons.map((reason) => [reason, 1000.5 * 2 ** 20]));
  const guest = 'a-machine-of-a-long-name';
  const lines = tableOf([{ guest, registeredBytes: GIB, advisedBytes: GIB, leftOut }]);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  for (const reason of reasons) expect(lines.join(' ')).toContain(reason.toUpperCase());
  expect(lines.filter((line) => line.startsWith(guest))).toHaveLength(lines.length / 2);
});

test.each([40, 60, 200])(
  'on a terminal of %i columns all is told, and no row goes on',
  (columns) => {
    const reasons = ['file', 'hugetlb', 'not advised', 'zero page'];
    const leftOut = Object.fromEntries(reasons.map((reason) => [reason, 1000.5 * 2 ** 20]));
    const guest = 'customer-database-replica-eu-1';
    const lines = tableOf([{ guest, registeredBytes: GIB, advisedBytes: GIB, leftOut }], columns);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
    for (const reason of reasons) expect(lines.join(' ')).toContain(reason.toUpperCase());
    expect(lines[1]).toMatch(
      columns === 40 ? /^custo\S*…\S*-1 / : /^customer-database-replica-eu-1 /,
    );
    expect(lines.length === 2).toBe(columns === 200);
  },
);

interface Row {
  readonly guest: string;
  readonly registeredBytes: number;
  readonly advisedBytes: number;
  readonly leftOut: Readonly<Record<string, number>>;
}

function tableOf(rows: readonly Row[], columns?: number): string[] {
  return memoryTable(
    rows.map(({ guest, registeredBytes, advisedBytes, leftOut }) => ({
      guest,
      registeredBytes,
      source: {
        facts: { advisedBytes },
        leftOut: Object.entries(leftOut).map(([reason, bytes]) => ({ reason, bytes })),
      },
    })),
    columns,
  );
}
