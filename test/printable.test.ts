/** Text from elsewhere commands no terminal, and what is quoted of it stays one line. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KsmdError, systemError, traced } from '../src/errors.js';
import { printable, printableLines, quoted } from '../src/printable.js';

const HOSTILE = [
  ['an escape sequence', '\x1b]0;owned\x07', '\\u001b]0;owned\\u0007'],
  ['the same in one character', '\x9b2J', '\\u009b2J'],
  ['a line of its own', 'a\nksmd: all is well', 'a\\nksmd: all is well'],
  ['a line that is overwritten', 'a\rb\x7f', 'a\\rb\\u007f'],
  ['a line by another name', 'a\u2028b\u2029c\x85d', 'a\\u2028b\\u2029c\\u0085d'],
  ['what reads from right to left', 'a\u202ecod.exe\u2066', 'a\\u202ecod.exe\\u2066'],
  ['what is not seen', 'a\u200bb\ufeff\u{e0041}', 'a\\u200bb\\ufeff\\udb40\\udc41'],
  ['half a character', '\ud83d!', '\\ud83d!'],
] as const;

test.each(HOSTILE)('%s is written as JSON writes it', (_what, text, written) => {
  expect(printable(text)).toBe(written);
});

test('what people write stays as it is', () => {
  const text = 'grüße, 東京 – “ok” … 😀 <b>&amp;\\';
  expect(printable(text)).toBe(text);
});

test('lines stay lines where there may be several', () => {
  expect(printableLines('a\nb\x1b\n')).toBe('a\nb\\u001b\n');
});

test('JSON says the same as before', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string({ unit: 'binary' }), (value, text) => {
      const json = JSON.stringify({ value, text });
      expect(JSON.parse(printable(json))).toEqual(JSON.parse(json));
    }),
  );
});

test('a word too long for a sentence is cut, a name never', () => {
  expect(quoted('n'.repeat(64))).toBe(`'${'n'.repeat(64)}'`);
  expect(quoted('n'.repeat(1e6))).toBe(`'${'n'.repeat(64)}…'`);
});

test.each(HOSTILE)('an error that quotes %s is one printable line', (_what, text, written) => {
  expect(new KsmdError('EINVAL', `no guest '${text}'`).line).toBe(`EINVAL: no guest '${written}'`);
  expect(systemError(new Error(text), 'unreadable').message).toBe(`unreadable: ${written}`);
});

test('a fault is told in one line, with where it came from', () => {
  expect(traced(new Error('broken'))).toMatch(/^Error: broken; at .*printable\.test\.ts/);
  expect(traced('thrown')).toBe('thrown');
});
