/**
 * Every console block of README and docs/, run as it stands: the blocks of a file in order, in one
 * shell.
 *
 * A command ends with status 0, unless the next one is `echo $?`. A block with `needs=WHAT` is left
 * out, visibly, where that is not to be had.
 */
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PHASES } from '../../bench/row.js';
import { run } from '../daemon-process.js';
import { matches, stepsOf } from './console.js';
import { CHECKOUT, DOCUMENTS, parse, readDocument, WALKED } from './markdown.js';
import { Shell } from './shell.js';

const PTRACE_SCOPE = '/proc/sys/kernel/yama/ptrace_scope';
const isRoot = process.getuid?.() === 0;

/** What a block may need, and why it cannot be had here; undefined if it can. */
const MISSING: Readonly<Record<string, string | undefined>> = {
  root: isRoot ? undefined : 'only root may do this',
  'process-memory':
    isRoot || !existsSync(PTRACE_SCOPE) || readFileSync(PTRACE_SCOPE, 'latin1').trim() === '0'
      ? undefined
      : `only root may read another process's memory here: see ${PTRACE_SCOPE}`,
};

async function missing(need: string): Promise<string | undefined> {
  if (need in MISSING) return MISSING[need];
  return (await run('bash', ['-c', `command -v ${need}`])).status === 0
    ? undefined
    : `there is no ${need} on the path`;
}

const documents = WALKED.map(readDocument).filter(({ blocks }) =>
  blocks.some(({ language }) => language === 'console'),
);

describe.each(documents)('$path', ({ path, blocks }) => {
  let shell: Shell;
  let failed = false;
  beforeAll(() => {
    shell = new Shell();
  });
  afterAll(() => shell.end());

  for (const block of blocks.filter(({ language }) => language === 'console')) {
    const need = block.attributes.get('needs');
    test(`line ${block.line}`, async ({ skip }) => {
      const reason = need === undefined ? undefined : await missing(need);
      if (reason !== undefined) skip(reason);
      if (failed) skip('a block before it did not go as it is written');
      failed = true;
      const steps = stepsOf(block);
      for (const [index, { line, command, output }] of steps.entries()) {
        const outcome = await shell.run(command);
        const at = `${path}:${line}: ${command}`;
        if (!matches(output, outcome.output, block.attributes.get('numbers') === 'vary'))
          expect(outcome.output, at).toBe(`${output.join('\n')}\n`);
        if (steps[index + 1]?.command !== 'echo $?') expect(outcome.status, at).toBe(0);
      }
      failed = false;
    });
  }
});

test('README and every file of docs/ has something to run', () => {
  expect(documents.map(({ path }) => path)).toEqual(WALKED);
});

describe('the harness', () => {
  test('takes commands, those of several lines too, and what they print', () => {
    const { blocks } = parse(
      'x.md',
      'text\n```console needs=root\n$ echo a\na\n$ cat <<E\n> b\n> E\nb\n```\n```sh\n$ no\n```\n',
    );
    expect(
      blocks.map(({ language, attributes, line }) => [language, attributes.get('needs'), line]),
    ).toEqual([
      ['console', 'root', 3],
      ['sh', undefined, 11],
    ]);
    expect(blocks[0] && stepsOf(blocks[0])).toEqual([
      { line: 3, command: 'echo a', output: ['a'] },
      { line: 5, command: 'cat <<E\nb\nE', output: ['b'] },
    ]);
  });

  test.each([
    [['a 1'], 'a 1\n', true],
    [['a 1'], 'a 2\n', false],
    [['a …'], 'a 2\n', true],
    [['a […]'], 'a [2]\n', true],
    [['a [...] b'], 'a 1 2 b\n', true],
    [['a …'], 'a 2\nb\n', false],
    [['a', '…'], 'a\nb\nc\n', true],
    [['a', '…', 'c'], 'a\nc\n', true],
    [['a', '…', 'c'], 'a\nb\n', false],
    [['a.c'], 'abc\n', false],
    [[], '', true],
    [[], 'a\n', false],
  ])('%j for %j: %j', (wanted, output, expected) => {
    expect(matches(wanted, output)).toBe(expected);
  });

  test('takes any number for a number where they vary', () => {
    const shown = ['vm-1: 5,802 pages (22.6 MiB) at 0x10', '  1m  23k vm-1'];
    expect(matches(shown, 'vm-42: 61 pages (1 MiB) at 0xabc\n   12m   3k vm-42\n', true)).toBe(
      true,
    );
    expect(matches(shown, 'vm-42: 61 pages (1 KiB) at 0xabc\n   12m   3k vm-42\n', true)).toBe(
      false,
    );
    expect(matches(shown, 'vm-42: 61 pages (1 MiB) at 0xabc\n   12m   3k vm-42\n')).toBe(false);
  });

  test('keeps what the commands of a shell share, and how each ends', async () => {
    const shell = new Shell();
    expect(await shell.run('a=1; cat; echo "$a"; echo e >&2')).toEqual({
      status: 0,
      output: '1\ne\n',
    });
    expect(await shell.run('(exit 3)')).toEqual({ status: 3, output: '' });
    expect(await shell.run('echo $? $a')).toEqual({ status: 0, output: '3 1\n' });
    expect((await shell.run('command -v ksmd')).output).toMatch(/\/bin\/ksmd\n$/);
    const { output } = await shell.run('tail -f /dev/null & echo $!');
    await shell.end();
    expect(existsSync(`/proc/${output.trim()}`)).toBe(false);
  });
});

test('only scripts and phases of the bench that there are, are named', () => {
  const { scripts } = JSON.parse(readFileSync(`${CHECKOUT}package.json`, 'utf8')) as {
    scripts: Record<string, string>;
  };
  for (const { path, text } of DOCUMENTS.map(readDocument)) {
    for (const [, name = ''] of text.matchAll(/npm run (?:--silent )?([a-z][\w:-]*)/g))
      expect(Object.keys(scripts), path).toContain(name);
    for (const [, phase = ''] of text.matchAll(/--only ([\w-]+)/g))
      expect(PHASES, path).toContain(phase);
  }
});
