/** What `ksmd shared` and `ksmd calibrate` tell, at several widths: no row goes on below. */
import { describe, expect, test } from 'vitest';
import { calibrationScreen } from '../../../../src/cli/commands/foresee/calibration-screen.js';
import { sharedScreen } from '../../../../src/cli/commands/foresee/shared-screen.js';
import type { SharedTold } from '../../../../src/cli/commands/foresee/shared-told.js';
import { DEFAULT_PRICES } from '../../../../src/prices/default-prices.js';

const SCREENS = new URL('../../../fixtures/screens/', import.meta.url);
const WIDTHS = [40, 60, 80, 200];
const MIB_PAGES = 256;

const NAMES = [
  'customer-database-replica-eu-1',
  'customer-database-replica-eu-2',
  ...Array.from({ length: 10 }, (_, at) => `web-${at}`),
];
const SHARED: SharedTold = {
  hosts: ['here'],
  pageSize: 4096,
  sample: 64,
  unadvisedPages: 0,
  advisedPages: 0,
  guests: NAMES.map((name, at) => ({
    name,
    pages: (400 + at) * MIB_PAGES,
    zeroPages: 17,
    within: { pages: 3 * MIB_PAGES, error: 7 },
    withOthers: { pages: 100 * MIB_PAGES, error: 2000 },
  })),
  pairs: NAMES.flatMap((_name, a) =>
    NAMES.flatMap((_other, b) =>
      a < b && (a + b) % 3 > 0 ? [{ a, b, pages: 123_456, error: 9 }] : [],
    ),
  ),
  groups: [[0, 1], NAMES.map((_, at) => at).slice(2)],
  contents: [{ fingerprint: '0123456789abcdef'.repeat(2), pages: 12_345, guests: [0, 1, 2, 3] }],
  mappings: [
    {
      ...{ label: '/usr/lib/x86_64-linux-gnu/libc.so.6', pages: 99_999, advisedPages: 0 },
      saves: { pages: 5, error: 1 },
    },
    { label: '', pages: 1000, advisedPages: 500, saves: { pages: 400, error: 1 } },
  ],
  between: { pages: 100 * MIB_PAGES, error: 2000 },
  tenants: [{ name: 'a-tenant-of-a-long-name', guests: 12, between: { pages: 5, error: 1 } }],
  acrossTenants: { pages: 5, error: 1 },
};

const fitted = (kind: string, isLearnedFrom: boolean) => ({
  ...{ kind, visits: 100, measuredNs: 200_000, pricedNs: 190_000, isLearnedFrom },
});
const CALIBRATION = {
  prices: DEFAULT_PRICES,
  fit: [
    fitted('merged', true),
    fitted('unshared, beside 100,000 of the stable tree', true),
    fitted('all of it mixed', false),
  ],
  ownWriteNs: 42,
};

describe.each(WIDTHS)('at %i columns', (columns) => {
  test.each<[name: string, lines: readonly string[]]>([
    ['shared-matrix', sharedScreen(SHARED, true, columns)],
    ['calibrate', calibrationScreen(CALIBRATION, columns)],
  ])('%s: as it is kept', async (name, lines) => {
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
    const kept = new URL(`${name}-${columns}.txt`, SCREENS).pathname;
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(kept);
  });
});

test('a matrix in parts has each two guests once in each direction', () => {
  const cells = (columns?: number): string[] =>
    sharedScreen(SHARED, true, columns)
      .filter((line) => /^\d+ /.test(line) && !line.includes(' guests, '))
      .flatMap((line) => line.match(/ (·|-|482\.2 MiB)/g) ?? []);
  expect(cells()).toHaveLength(144);
  for (const columns of WIDTHS) expect(cells(columns)).toHaveLength(144);
});

test('a file or a pipe has all of a matrix in one', () => {
  const heads = sharedScreen(SHARED, true).filter((line) => /^ +1 .* 12$/.test(line));
  expect(heads).toHaveLength(1);
});

test('the narrowest has what matters for who is to leave', () => {
  const screen = sharedScreen(SHARED, false, 40).join('\n');
  expect(screen).toMatch(/^GUEST .* LOST IF IT LEAVES$/m);
  const short = { ...SHARED, guests: SHARED.guests.map((one, at) => ({ ...one, name: `w${at}` })) };
  expect(sharedScreen(short, false, 40).join('\n')).toMatch(
    /^GUEST +LOST IF IT LEAVES +MOST WITH$/m,
  );
});

test.each([
  [0, 20, 'no', 'advise'],
  [0, 19, 'no', 'leave'],
  [1000, 20, 'yes', 'keep'],
  [1000, 19, 'yes', 'no use'],
  [250, 20, '25.0 %', 'advise'],
])(
  'a mapping of 1000 pages, %i advised, that saves %i: %s, %s',
  (advisedPages, pages, is, verdict) => {
    const mapping = { label: 'heap', pages: 1000, advisedPages, saves: { pages, error: 0 } };
    const screen = sharedScreen({ ...SHARED, mappings: [mapping] }, false).join('\n');
    expect(screen).toMatch(new RegExp(`^heap +3\\.9 MiB +\\S+ KiB +${is} +${verdict}$`, 'm'));
  },
);
