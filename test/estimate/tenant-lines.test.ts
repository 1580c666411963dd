/** Whose guests are whose, against the same patterns as regular expressions. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tenantsBy } from '../../src/estimate/tenant-lines.js';

const text = (letters: string): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...letters), minLength: 1, maxLength: 6 });

test('the first pattern that fits says whose a guest is; * stands for anything', () => {
  fc.assert(
    fc.property(fc.array(text('ab.*'), { maxLength: 4 }), text('ab.'), (patterns, name) => {
      const lines = patterns.map((pattern, at) => `${pattern}\ttenant-${at}`);
      const wanted = patterns.findIndex((pattern) =>
        new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`).test(name),
      );
      const tenantOf = tenantsBy(['# whose', '', ...lines, '* others'].join('\n'), 'the lines');
      expect(tenantOf(name)).toBe(wanted === -1 ? 'others' : `tenant-${wanted}`);
    }),
  );
});

test('a pattern of very many parts that all but fits is passed by at once', () => {
  const tenantOf = tenantsBy(`${'*a'.repeat(200)}*b red\n* blue`, 'the lines');
  expect(tenantOf('a'.repeat(250))).toBe('blue');
  expect(tenantOf(`${'a'.repeat(250)}b`)).toBe('red');
});
