/**
 * The manual's pages: of what is in the command table, and as the tools that print them want them.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { manual } from '../../packaging/man/page.js';
import { VERBS } from '../../src/cli/commands.js';
import { FATAL } from '../../src/daemon/fatal.js';
import { run, TemporaryDirectory } from '../daemon-process.js';
import { removeTools, tool } from '../debian-tool.js';

const DATE = '2026-01-31';
const pages = new Map(manual(DATE).map(({ file, roff }) => [file, roff]));

let directory: TemporaryDirectory;
beforeAll(() => {
  directory = new TemporaryDirectory();
  for (const [file, roff] of pages) writeFileSync(directory.file(file), roff);
});
afterAll(async () => {
  directory.remove();
  await removeTools();
});

/** A page without its escapes, as one reads it in the source. */
function plain(file: string): string {
  return (pages.get(file) ?? '')
    .replace(/\\f[BIR]/g, '')
    .replaceAll('\\-', '-')
    .replaceAll('\\(aq', "'")
    .replaceAll('\\(ti', '~')
    .replaceAll('\\&', '')
    .replaceAll('\\e', '\\');
}

test('ksmd(1) names every verb, and every verb has a page', () => {
  expect([...pages.keys()].sort()).toEqual(
    ['ksmd.1', ...VERBS.map(({ name }) => `ksmd-${name}.1`)].sort(),
  );
  for (const { name } of VERBS) expect(plain('ksmd.1')).toContain(`ksmd-${name}(1)`);
});

// npm makes no such list of a folder (`directories.man`) when it installs a packed file.
test('package.json lists every page, as npm wants it to put them where man looks', () => {
  const { man } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  ) as { man: string[] };
  expect(man).toEqual([...pages.keys()].sort().map((file) => `dist/man/${file}`));
});

test('the build has made the pages of this table', () => {
  const built = fileURLToPath(new URL('../../dist/man/', import.meta.url));
  expect(readdirSync(built).sort()).toEqual([...pages.keys()].sort());
  const undated = (roff: string) => roff.replace(/\d{4}-\d\d-\d\d/, DATE);
  for (const [file, roff] of pages) expect(undated(readFileSync(built + file, 'utf8'))).toBe(roff);
});

describe('the page of', () => {
  test.each(VERBS.map((verb) => [verb.name, verb] as const))(
    '%s has its options, hints and examples',
    (name, verb) => {
      const page = plain(`ksmd-${name}.1`);
      for (const { flags, defaultValue, defaultValueDescription } of verb.options) {
        expect(page).toContain(`.TP\n${flags.replace(/[<>[\]]/g, '')}\n`);
        if (defaultValue !== undefined)
          expect(page).toContain(
            `default: ${defaultValueDescription ?? JSON.stringify(defaultValue)}`,
          );
      }
      for (const code of Object.keys(verb.hints)) expect(page).toContain(`.TP\n${code}\n`);
      for (const example of verb.examples) expect(page).toContain(`\n${example}\n`);
      for (const heading of [
        'NAME',
        'SYNOPSIS',
        'DESCRIPTION',
        'OPTIONS',
        'EXIT STATUS',
        'EXAMPLES',
        'SEE ALSO',
      ]) {
        expect(page).toContain(`\n.SH ${heading}\n`);
      }
    },
  );

  test('start has every exit status of the daemon', () => {
    for (const { exitStatus } of Object.values(FATAL))
      expect(plain('ksmd-start.1')).toContain(`.TP\n${exitStatus}\n`);
  });
});

test('groff has no warning about any page', async (context) => {
  const { path, env } = await tool(context, 'groff', ['groff-base', 'libuchardet0']);
  for (const file of pages.keys()) {
    expect(
      await run(path, ['-man', '-ww', '-z', '-Tutf8', directory.file(file)], { env }),
      file,
    ).toEqual({ status: 0, stdout: '', stderr: '' });
  }
});

test('mandoc has no warning about any page, but has one about a page with a mistake in it', async (context) => {
  const { path, env } = await tool(context, 'mandoc', ['mandoc']);
  const lint = (...files: string[]) => run(path, ['-Tlint', '-Wwarning', ...files], { env });
  expect(await lint(...[...pages.keys()].map((file) => directory.file(file)))).toEqual({
    status: 0,
    stdout: '',
    stderr: '',
  });
  mkdirSync(directory.file('wrong'));
  writeFileSync(directory.file('wrong/ksmd.1'), `${pages.get('ksmd.1')}.RE\n.XX\n`);
  expect((await lint(directory.file('wrong/ksmd.1'))).status).toBeGreaterThan(0);
});
