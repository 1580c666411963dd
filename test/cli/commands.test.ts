/** The command table, the help and README say the same. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { markdownList, VERB_GROUPS, VERBS } from '../../src/cli/commands.js';
import { FATAL } from '../../src/daemon/fatal.js';
import { ksmd } from '../daemon-process.js';

/** However wide the formatter makes the columns of a table. */
function plain(markdown: string): string {
  return markdown.replace(/ +/g, ' ').replace(/-{3,}/g, '---');
}

const README = plain(readFileSync(new URL('../../README.md', import.meta.url), 'utf8'));

test('README lists the commands of the table', () => {
  expect(README).toContain(plain(`<!-- commands -->\n\n${markdownList()}\n\n<!-- /commands -->`));
});

test('README lists the exit status of each fatal condition', () => {
  for (const { exitStatus, meaning } of Object.values(FATAL))
    expect(README).toContain(plain(`| ${exitStatus} | ${meaning} |`));
  expect(new Set(Object.values(FATAL).map(({ exitStatus }) => exitStatus)).size).toBe(
    Object.keys(FATAL).length,
  );
});

test('the help lists the commands of the table', async () => {
  const { status, stdout } = await ksmd(['--help']);
  expect(status).toBe(0);
  for (const { name, summary } of VERBS)
    expect(stdout.replace(/\s+/g, ' ')).toMatch(
      new RegExp(`${name} .*${summary.replace(/[().]/g, '\\$&')}`),
    );
});

test('the help has every command once, under what it is for', async () => {
  const named = VERB_GROUPS.flatMap(({ verbs }) => verbs.map(({ name }) => name));
  expect(named.toSorted()).toEqual(VERBS.map(({ name }) => name).sort());
  const { stdout } = await ksmd(['--help']);
  for (const { heading, verbs } of VERB_GROUPS) {
    const [, under = ''] = stdout.split(`\n${heading}:\n`);
    const names = [...(under.split('\n\n')[0] ?? '').matchAll(/^ {2}([a-z]+)/gm)];
    expect(names.map(([, name]) => name).filter((name) => name !== 'help')).toEqual(
      verbs.map(({ name }) => name),
    );
  }
});

describe('the help of', () => {
  test.each(VERBS.map((verb) => [verb.name, verb] as const))(
    '%s has its arguments, options and an example',
    async (name, verb) => {
      const { status, stdout } = await ksmd([name, '--help']);
      expect(status).toBe(0);
      const flags = [
        ...verb.options.map(({ long }) => long),
        ...(verb.json ? ['--json'] : []),
        ...(verb.socket ? ['--socket'] : []),
        '--help',
      ];
      expect(
        (stdout.match(/^ {2}(?:-\w, )?(--[\w-]+)/gm) ?? [])
          .map((line) => line.trim().replace(/^-\w, /, ''))
          .sort(),
      ).toEqual(flags.sort());
      for (const argument of verb.arguments) expect(stdout).toContain(argument.name());
      for (const example of verb.examples) expect(stdout).toContain(`  ${example}\n`);
    },
  );
});
