/** A line of the daemon's log, as people read it. */
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { logLines } from '../../../src/cli/terminal/log-line.js';

const AT = new Date(2026, 0, 2, 12, 3, 10);

function told(fields: object, now = AT, columns?: number): string {
  const line = JSON.stringify({ level: 'info', time: AT.toISOString(), ...fields });
  return stripVTControlCharacters(logLines(line, now, columns).join('\n'));
}

test.each([
  [{ guest: 'web-1', node: 0, msg: 'a guest is registered' }, 'guest web-1 is registered  node 0'],
  [
    { guest: 'web', region: 'memory', pages: 16_384, msg: 'a region is registered' },
    'region memory is registered  guest web, pages 16,384',
  ],
  [
    { kernel: '6.18', memoryBytes: 2 ** 30, pageSize: 4096, msg: 'memory reserved' },
    'memory reserved  kernel 6.18, memory 1 GiB, pages of 4 KiB',
  ],
  [{ full_scans: 3, msg: 'a full scan has ended' }, 'a full scan has ended  full_scans 3'],
  [{ afterMs: 211, level: 'warn', msg: 'it is back' }, 'warn it is back  after 211 ms'],
  [{ pid: 12_345, reason: 'a b', msg: 'm' }, 'm  pid 12345, reason "a b"'],
  [{ msg: 'stopped' }, 'stopped'],
])('%j', (fields, text) => {
  expect(told(fields)).toBe(`12:03:10 ${text}`);
});

test('of another day the day is told', () => {
  const next = new Date(2026, 0, 3, 0, 0, 1);
  expect(told({ msg: 'stopped' }, next)).toBe('Fri Jan 02 12:03:10 stopped');
});

test('of many fields the first are told, and how many more there are', () => {
  const many = Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`f${n}`, n]));
  expect(told({ msg: 'm', ...many })).toMatch(/ {2}f0 0, .*, f7 7, and 2 more \(--json\)$/);
});

test('what commands a terminal is shown', () => {
  expect(told({ msg: '\x1b[7m', file: '\x9b2J' })).toBe('12:03:10 \\u001b[7m  file \\u009b2J');
});

test.each([30, 40, 60])('at %i columns it breaks between words and fields, indented', (columns) => {
  const fields = { guest: 'web', region: 'memory', pages: 16_384, node: 0, memoryBytes: 2 ** 30 };
  const lines = told({ ...fields, msg: 'a region is registered' }, AT, columns).split('\n');
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
  for (const line of lines.slice(1)) expect(line).toMatch(/^ {4}\S/);
  for (const whole of ['guest web', 'pages 16,384', 'node 0', 'memory 1 GiB'])
    expect(lines.some((line) => line.includes(whole))).toBe(true);
  expect(lines.map((line) => line.trim()).join(' ')).toMatch(
    /^12:03:10 region memory is registered +guest web, pages 16,384, node 0, memory 1 GiB$/,
  );
});
