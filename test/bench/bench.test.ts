/**
 * The bench, small: every phase runs and does its work, so that none of it can rot. What it
 * measures is no business of a test.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mergingRows } from '../../bench/experiments/merging.js';
import { Progress } from '../../bench/progress.js';
import { PHASES, type Phase, type Row } from '../../bench/row.js';
import { workHash } from '../../bench/work.js';
import type { ProfileName } from '../../src/ksm/kernels.js';
import { type Outcome, run, TemporaryDirectory } from '../daemon-process.js';

const BENCH = fileURLToPath(new URL('../../bench/main.ts', import.meta.url));
const GUEST_PAGES = 512;
/** All phases take a quarter of a minute, and longer where others are at work. */
const ALL_PHASES_MS = 180_000;
/**
 * Of all phases at 2 MiB, profile 6.18, seed 1. It changes when a phase does other work or when KSM
 * merges otherwise, and then on purpose; never because something got faster.
 */
const WORK_HASH = '7a6813d158ed9714';

const directory = new TemporaryDirectory();
afterAll(() => directory.remove());

describe('all phases', () => {
  const json = directory.file('rows.json');
  const report = directory.file('report');
  let outcome: Outcome;
  let rows: (Row & { workHash: string; seed: number })[];
  beforeAll(async () => {
    const options = ['--size', '2MiB', '--json', json, '--report', report];
    outcome = await run(process.execPath, ['--import', 'tsx', BENCH, ...options]);
    expect(outcome.status, outcome.stderr).toBe(0);
    rows = JSON.parse(readFileSync(json, 'utf8'));
  }, ALL_PHASES_MS);
  const figure = (phase: Phase, name: string): unknown =>
    rows.find((row) => row.phase === phase)?.figures?.[name];

  test('writes a row for each, and merges what it should', () => {
    expect(rows.map(({ phase }) => phase).sort()).toEqual([...PHASES].sort());
    expect([
      figure('worst-2', 'pages_sharing'),
      figure('worst-3', 'pages_sharing'),
      figure('worst-4', 'pages_sharing'),
    ]).toEqual([512, 1024, 1536]);
    expect(figure('best-2', 'pages_sharing')).toBe(1020);
    expect(figure('rescan-unshared', 'pages_unshared')).toBe(512);
    expect(figure('overcommit', 'guests changed')).toBe(0);
    expect(figure('fingerprints', 'pages_unshared')).toBe(figure('fingerprints', 'pages'));
    const visits = rows.find(({ phase }) => phase === 'virtual-visits')?.work;
    expect(visits).toMatchObject({
      'merged pages_sharing': GUEST_PAGES,
      'merged pages_unshared': 0,
      'unshared pages_unshared': GUEST_PAGES,
      'unshared pages_skipped': 0,
    });
    expect(Number(visits?.['skipped pages_skipped'])).toBeGreaterThan(
      5 * Number(visits?.['skipped pages_scanned']),
    );
    // Two forks' pages among them, and all at rest.
    expect(rows.find(({ phase }) => phase === 'capture')?.work).toEqual({
      pages: GUEST_PAGES * 1.5,
      sweeps: 6,
      changedPages: 0,
    });
    expect(Number(figure('standing-start-worst', 'bookkeeping bytes a page'))).toBeLessThanOrEqual(
      64,
    );
    expect(Number(figure('daemon-worst', 'peak RSS MiB'))).toBeGreaterThan(4);
  });

  test('does exactly the work it always did', () => {
    expect(outcome.stdout).toContain(`hash of the work: ${WORK_HASH}`);
    expect(new Set(rows.map((row) => row.workHash))).toEqual(new Set([WORK_HASH]));
    expect(outcome.stdout).toContain('seed 1');
  });

  test('would show it if a phase had done less', () => {
    expect(workHash(rows)).toBe(WORK_HASH);
    expect(workHash(rows.slice(1))).not.toBe(WORK_HASH);
    for (const row of rows) {
      expect(Object.keys(row.work), row.phase).not.toEqual([]);
      const [name = '', count] = Object.entries(row.work).at(-1) ?? [];
      const less = typeof count === 'number' ? count - 1 : count?.slice(1);
      expect(
        workHash(
          rows.map((other) =>
            other === row ? { ...row, work: { ...row.work, [name]: less ?? '' } } : other,
          ),
        ),
        row.phase,
      ).not.toBe(WORK_HASH);
    }
  });

  test('leaves the KSM of the host alone, and says what would have it measured', () => {
    expect(outcome.stdout).toContain(
      'alone (--with-running-kernel switches this host’s KSM on and measures it too)',
    );
  });

  test('says what the seed measured', () => {
    for (const text of [
      '104 s: 8, then 96',
      'fits, 1 GiB left',
      'only logarithmically',
      'memcmp 76 % worst, 26 % best',
    ]) {
      expect(outcome.stdout).toContain(text);
    }
  });

  test('reports in Markdown, with a picture for each phase that frees memory', () => {
    const markdown = readFileSync(join(report, 'report.md'), 'utf8');
    const pictures = [...markdown.matchAll(/!\[[^\]]+\]\(([^)]+)\)/g)].map(
      ([, name]) => name ?? '',
    );
    const drawn = rows
      .filter((row) => row.ksmdSamples !== undefined)
      .map((row) => `${row.phase}.svg`);
    expect(pictures).toEqual(['worst-case.svg', ...drawn]);
    for (const picture of pictures) {
      expect(existsSync(join(report, picture)), picture).toBe(true);
      const svg = readFileSync(join(report, picture), 'utf8');
      expect(svg).toMatch(/^<svg .*prefers-color-scheme:dark/);
      expect(svg).toContain('>ksmd: ');
      expect(svg).not.toContain('NaN');
    }
    expect(markdown).toContain(WORK_HASH);
  });

  test('follows each phase from its first moment to its last', () => {
    for (const { phase, ksmdSamples: samples, ksmdSeconds } of rows) {
      if (samples === undefined) continue;
      expect([samples[0]?.seconds, samples.at(-1)?.seconds], phase).toEqual([0, ksmdSeconds]);
    }
  });
});

describe('the third copy of the worst case', () => {
  const scansUntilFirstMerge = async (profile: ProfileName): Promise<number> => {
    const wanted = new Set<Phase>(['worst-3']);
    const [row] = await mergingRows('worst', {
      wanted,
      copyPages: GUEST_PAGES,
      profile,
      runningKernel: false,
      progress: new Progress(() => {}),
    });
    return Number(row?.figures?.['full scans until the first page merged']);
  };

  test.each(['2.6.32', '6.1'] as const)(
    'frees memory in the first full scan on %s, which looks for the page in the stable tree first',
    async (profile) => {
      expect(await scansUntilFirstMerge(profile)).toBeLessThan(1);
    },
  );

  test.each(['6.12', '6.18'] as const)(
    'frees none before the second on %s, which takes its checksum first',
    async (profile) => {
      expect(await scansUntilFirstMerge(profile)).toBeGreaterThanOrEqual(1);
    },
  );
});

test('a wrong command line is refused before anything is measured', async () => {
  const wrong = [
    ['--size', '0MiB'],
    ['--kernel', '5.0'],
    ['--only', 'nothing'],
  ];
  const outcomes = await Promise.all(
    wrong.map((options) => run(process.execPath, ['--import', 'tsx', BENCH, ...options])),
  );
  expect(outcomes.map(({ status, stdout }) => [status, stdout])).toEqual(wrong.map(() => [1, '']));
});
