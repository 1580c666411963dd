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
): GuestSample {
  return {
    takenAt: new Date(2026, 0, 1, 12, 3, 10),
    status: {
      ...status,
      totals: { ...status.totals, pagesScanned },
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
    expect(lines.slice(0, 24).join('\n')).toMatch(/^Keys\n(.*\n)+Columns\n/);
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
  const sharesIn = (scans: FullScans, now: GuestSample): number[] =>
    guestUsage(now, undefined, scans.last).map(({ scannerShare }) => scannerShare);

  test('is of the last whole full scan, wherever the scanner is in the next', () => {
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
    expect(scans.doneShare).toBe(0.4);
  });

  test('is of all time until a whole full scan was seen', () => {
    const scans = new FullScans();
    const first = look(4, 1000, [900, 100, 0, 0, 0, 0]);
    scans.see(first);
    scans.see(look(5, 2000, [900, 1100, 0, 0, 0, 0]));
    expect(scans.last).toBeUndefined();
    expect(scans.doneShare).toBeUndefined();
    expect(sharesIn(scans, first)).toEqual([0.9, 0.1, 0, 0, 0, 0]);
  });

  test('of full scans shorter than a look it is not said how far one is', () => {
    const scans = new FullScans();
    for (const each of [look(4, 1000), look(5, 2000), look(50, 9000)]) scans.see(each);
    expect(scans.last).toBeDefined();
    expect(scans.doneShare).toBeUndefined();
  });
});
