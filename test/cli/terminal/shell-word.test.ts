/** What is told as a command line is one, whatever a file is called. */
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { shellWord } from '../../../src/cli/terminal/shell-word.js';

test.each(['host.rec', 'a b/c.rec', "it's", '$(id)', '*', 'ü', '`', 'a"b', '~'])(
  'a shell reads %s as it is',
  (path) => {
    expect(execFileSync('sh', ['-c', `printf %s ${shellWord(path)}`], { encoding: 'utf8' })).toBe(
      path,
    );
  },
);

test('a plain one stays as it is, and none is an option', () => {
  expect(shellWord('dir/host.rec')).toBe('dir/host.rec');
  expect(shellWord('-x.rec')).toBe('./-x.rec');
});
