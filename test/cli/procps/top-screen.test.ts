/** The screens of `ksmd top` at several widths, and what the scanner spends on whom. */
import { readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { FullScans } from '../../../src/cli/procps/full-scans.js';
import { type GuestSample, guestUsage } from '../../../src/cli/procps/guest-usage.js';
import { DEFAULT_ORDER } from '../../../src/cli/procps/top-columns.js';
import { helpLines } from '../../../src/cli/procps/top-help.js';
import { topLines } from '../../../src/cli/procps/top-screen.js';
import type { GuestSummary } from '../../../src/protocol/routes/guests.js';
import type { Status } from '../../../src/protocol/routes/status.js';

const SCREENS = new URL('../../fixtures/screens/', import.meta.url);
const WIDTHS = [40, 60, 80, 200];

const { status, guests } = JSON.parse(
  readFileSync(new URL('status-at-work.json', SCREENS), 'utf8'),
) as { status: Status; guests: GuestSummary[] };

/** A look after so many full scans and pages scanned, and visits of each guest. */
function look(
  fullScans: number,
  pagesScanned: number,
  visits: readonly number[] = [],
  fullScanShare?: number,
): GuestSample {
  return {
    takenAt: new Date(2026, 0, 1, 12, 3, 10),
    status: {
      ...status,
      totals: { ...status.totals, pagesScanned },
      scanner: {
        ...status.scanner,
        ...(fullScanShare === undefined ? {} : { fullScanShare }),
      },
      counters: { ...status.counters, full_scans: fullScans },
    },
    guests: guests.map((guest, at) => ({ ...guest, visits: visits[at] ?? guest.visits })),
    workloads: [],
  };
}

const plain = (lines: readonly string[]): string[] =>
  lines.map((line) => stripVTControlCharacters(line));

describe.each(WIDTHS)('at %i columns', (columns) => {
  const view = { columns, order: DEFAULT_ORDER, screen: { rows: 24, first: 0 } };

  test('as it is kept', async () => {
    const lines = plain(topLines({ now: look(31, 500_000), doneShare: 0.45 }, view));
    expect(lines).toHaveLength(24);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
    const kept = new URL(`top-${columns}.txt`, SCREENS).pathname;
    const text = lines.map((line) => `${line.trimEnd()}\n`).join('');
    await expect(text).toMatchFileSnapshot(kept);
  });

  test('the help, as it is kept, has all keys on one screen', async () => {
    const lines = plain(helpLines(columns));
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
    expect(lines.length).toBeLessThanOrEqual(24);
    expect(lines.join('\n')).toMatch(/^Keys\n(.*\n)+Columns\n(.*\n)+Bars\n/);
    const kept = new URL(`top-help-${columns}.txt`, SCREENS).pathname;
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(kept);
  });
});

test('a short screen has the bars alone, and so room for guests', () => {
  const view = { columns: 80, order: DEFAULT_ORDER, screen: { rows: 12, first: 0 } };
  const lines = plain(topLines({ now: look(31, 500_000) }, view));
  expect(lines).toHaveLength(12);
  expect(lines.filter((line) => /^(CPU|Mem|Scan) +\[/.test(line))).toHaveLength(3);
  expect(lines.at(-1)).toMatch(/^1-4 of 6 /);
});

test.each([
  [8, 'all 6'],
  [6, '1-4 of 6'],
  [2, '0 of 6'],
])('a screen of %i rows has guests and keys, and no summary', (rows, told) => {
  const lines = plain(
    topLines(
      { now: look(31, 500_000) },
      { columns: 80, order: DEFAULT_ORDER, screen: { rows, first: 0 } },
    ),
  );
  expect(lines).toHaveLength(rows);
  expect(lines[0]).toContain('GUEST');
  expect(lines.at(-1)?.startsWith(`${told}  by`)).toBe(true);
});

test('memory that would not do without KSM has a bar as long as what would be used', () => {
  const now = look(31, 500_000);
  const bytes = 2 * now.status.memory.totalBytes;
  const saved = { ...now.status.saved, bytes };
  const [bar = ''] = plain(
    topLines({ now: { ...now, status: { ...now.status, saved } } }, { columns: 80, order: 'RES' }),
  ).filter((line) => line.startsWith('Mem'));
  expect(bar).toMatch(/^Mem {2}\[\|+#+-{20,}\] /);
});

describe('%SCAN', () => {
  const sharesIn = (scans: FullScans, now: GuestSample): (number | undefined)[] =>
    guestUsage(now, undefined, scans.last).map(({ scannerShare }) => scannerShare);

  test('is of the last whole full scans, wherever the scanner is in the next', () => {
    const scans = new FullScans();
    const looks = [
      look(4, 1000, [900, 100, 0, 0, 0, 0]),
      look(5, 2000, [1000, 100, 0, 0, 0, 0]),
      look(5, 2500, [1500, 100, 0, 0, 0, 0]),
      look(6, 3000, [1500, 600, 0, 0, 0, 0]),
      // It is with the first guest again.
      look(6, 3400, [1900, 600, 0, 0, 0, 0]),
    ];
    for (const each of looks) scans.see(each);
    expect(sharesIn(scans, looks[4] as GuestSample)).toEqual([0.5, 0.5, 0, 0, 0, 0]);
  });

  test('is of nine of them: smart scan has none visit all', () => {
    const scans = new FullScans();
    // All in the first that is seen whole, which falls out of the nine; then a guest each.
    const looks = Array.from({ length: 12 }, (_, scan) =>
      look(scan, 0, [scan < 2 ? 0 : 9000, Math.max(0, scan - 2), 0, 0, 0, 0]),
    );
    for (const each of looks.slice(0, 4)) scans.see(each);
    expect(sharesIn(scans, looks[3] as GuestSample)[0]).toBeGreaterThan(0.99);
    for (const each of looks.slice(4)) scans.see(each);
    expect(sharesIn(scans, looks[11] as GuestSample)).toEqual([0, 1, 0, 0, 0, 0]);
  });

  test('is of all time until a whole full scan was seen', () => {
    const scans = new FullScans();
    const first = look(4, 1000, [900, 100, 0, 0, 0, 0]);
    scans.see(first);
    scans.see(look(5, 2000, [900, 1100, 0, 0, 0, 0]));
    expect(scans.last).toBeUndefined();
    expect(sharesIn(scans, first)).toEqual([0.9, 0.1, 0, 0, 0, 0]);
  });

  test('is of nobody where nothing was looked at', () => {
    const now = look(4, 1000, [0, 0, 0, 0, 0, 0]);
    expect(sharesIn(new FullScans(), now)[0]).toBeUndefined();
    const lines = plain(topLines({ now }, { columns: 80, order: DEFAULT_ORDER }));
    expect(lines.filter((line) => / {4}- \S+$/.test(line))).toHaveLength(6);
  });
});

describe('how far a full scan is', () => {
  const doneAfter = (...seen: readonly (readonly [scans: number, share: number])[]) => {
    const scans = new FullScans();
    for (const [fullScans, share] of seen) scans.see(look(fullScans, 0, [], share));
    return scans.doneShare;
  };

  test('is said from the first look on', () => {
    expect(doneAfter([0, 0.4])).toBe(0.4);
    expect(doneAfter([7, 0.4], [7, 0.5])).toBe(0.5);
    expect(doneAfter([7, 0.95], [8, 0.05], [8, 0.15])).toBe(0.15);
  });

  test('is not said of full scans of fewer than five looks', () => {
    expect(doneAfter([7, 0.1], [7, 0.7])).toBeUndefined();
    expect(doneAfter([7, 0.1], [7, 0.7], [8, 0.3])).toBeUndefined();
    expect(doneAfter([7, 0.1], [50, 0.1])).toBeUndefined();
  });

  test('is said again of a full scan that was fast for a look only', () => {
    expect(doneAfter([7, 0.1], [7, 0.15], [7, 0.2], [7, 0.25], [7, 0.55])).toBe(0.55);
  });
});
