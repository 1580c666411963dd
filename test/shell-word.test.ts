/** Words of command lines that people are told. */
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { shellWord } from '../src/printable.js';

test.each(['a b', "it's", '$HOME', '`id`', 'a"b', 'a\\b', '~', '*', '', 'a;b', '-n'])(
  '%j is one word of a shell',
  (text) => {
    const printed = execFileSync('sh', ['-c', `printf '<%s>' ${shellWord(text)}`]);
    expect(printed.toString()).toBe(`<${text}>`);
  },
);

test('what needs no quotes has none', () => {
  expect(shellWord('/var/lib/fleet-1')).toBe('/var/lib/fleet-1');
});
