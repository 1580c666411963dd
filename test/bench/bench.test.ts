/** The bench, small: every phase runs and does its work, so that none of it can rot. What it measures is no business of a test. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { PHASES, type Row } from '../../bench/row.js';
import { run, TemporaryDirectory } from '../daemon-process.js';

const BENCH = fileURLToPath(new URL('../../bench/main.ts', import.meta.url));
const directory = new TemporaryDirectory();
afterAll(() => directory.remove());

test('every phase of the bench runs, merges what it should and writes its row', async () => {
  const file = directory.file('rows.json');
  const { status, stderr } = await run(process.execPath, ['--import', 'tsx', BENCH, '--size', '2MiB', '--no-kernel', '--json', file]);
  expect(status, stderr).toBe(0);
  const rows = JSON.parse(readFileSync(file, 'utf8')) as Row[];
  expect(rows.map(({ phase }) => phase).sort()).toEqual([...PHASES].sort());
  const figure = (phase: string, name: string): unknown => rows.find((row) => row.phase === phase)?.figures?.[name];
  expect([figure('worst-2', 'pages_sharing'), figure('worst-3', 'pages_sharing'), figure('worst-4', 'pages_sharing')]).toEqual([512, 1024, 1536]);
  expect(figure('best-2', 'pages_sharing')).toBe(1020);
  expect(figure('rescan-unshared', 'pages_unshared')).toBe(512);
  expect(figure('overcommit', 'guests changed')).toBe(0);
  expect(Number(figure('standing-start-worst', 'bookkeeping bytes a page'))).toBeLessThanOrEqual(64);
});
