/**
 * Lines of code and comments are 100 columns wide at most: what biome's formatter leaves alone,
 * strings and comments, included. Let be: what cannot be broken, as a regular expression or an
 * address in the web, and a test's title, which the formatter keeps on the line of its `test(`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const REPOSITORY = fileURLToPath(new URL('..', import.meta.url));
const FOLDERS = ['src', 'test', 'bench', 'tools', 'packaging', 'bin'];
const COLUMNS = 100;
const UNBREAKABLE = [/^\s*(test|describe)\(/, /^\s*\/[^*/].*\/\w*[,;]?$/, /https?:\/\//];

/** Places of lines that are too long. */
function tooLong(path: string, text: string): string[] {
  return text
    .split('\n')
    .map((line, index) => ({ line, place: `${path}:${index + 1}` }))
    .filter(
      ({ line }) => [...line].length > COLUMNS && !UNBREAKABLE.some((like) => like.test(line)),
    )
    .map(({ place }) => place);
}

function files(folder: string): string[] {
  return readdirSync(join(REPOSITORY, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => join(folder, path))
    .filter((path) => /\.(ts|js|mjs|css|html)$/.test(path) && !path.includes('fixtures'));
}

test('a line of 101 columns is found, code or comment, and one of 100 is let be', () => {
  const long = `// ${'x'.repeat(98)}`;
  expect(tooLong('a.ts', `${long.slice(1)}\n${long}\n`)).toEqual(['a.ts:2']);
  expect(tooLong('a.ts', `const text = '${long}';`)).toEqual(['a.ts:1']);
});

test('no line is longer than 100 columns', () => {
  const all = FOLDERS.flatMap(files);
  expect(all.length).toBeGreaterThan(FOLDERS.length);
  expect(
    all.flatMap((path) => tooLong(path, readFileSync(join(REPOSITORY, path), 'utf8'))),
  ).toEqual([]);
});
