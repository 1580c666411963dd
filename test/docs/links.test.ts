/** What the documentation points at is there: files, headings, commands and their options. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';
import { VERBS } from '../../src/cli/commands.js';
import { CHECKOUT, codeSpans, DOCUMENTS, readDocument, WALKED } from './markdown.js';

const documents = DOCUMENTS.map(readDocument);

/** A path of this repository, as prose names it; in capitals is what the reader puts in. */
const OWN_PATH =
  /^(?:src|test|bench|docs|bin|contrib|\.ci)\/(?:(?!\b[A-Z]{3,}\b)[\w./-])*$|^[A-Z]+\.md$|^package\.json$/;

/** Flags that commander gives every command. */
const COMMON_FLAGS = ['--help', '--json', '--socket'];

describe.each(documents)('$path', ({ path, links, prose, text, blocks }) => {
  test('links to files and headings that are there', () => {
    for (const link of links.filter((target) => !/^[a-z]+:/.test(target))) {
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? path : normalize(join(dirname(path), file));
      expect(existsSync(CHECKOUT + target), `${link} is there`).toBe(true);
      if (anchor !== undefined)
        expect(readDocument(target).anchors, `${link} is a heading`).toContain(anchor);
    }
  });

  test('names files that are there', () => {
    const tokens = blocks.flatMap(({ lines }) => lines.flatMap((line) => line.split(/\s+/)));
    for (const named of [...codeSpans(prose), ...tokens].filter((token) => OWN_PATH.test(token))) {
      expect(existsSync(CHECKOUT + named), `${named} is there`).toBe(true);
    }
  });

  test('names commands and options that are there', () => {
    for (const [line, name = '', rest = ''] of text.matchAll(
      /\bksmd ([a-z]+)\b((?: +[^\s`|&;#)]+)*)/g,
    )) {
      const verb = VERBS.find((known) => known.name === name);
      if (verb === undefined) continue;
      const flags = [...verb.options.flatMap(({ long, short }) => [long, short]), ...COMMON_FLAGS];
      for (const [flag] of rest.matchAll(/(?<=\s)--?[a-z][\w-]*/g))
        expect(flags, line).toContain(flag);
    }
    for (const code of codeSpans(prose)) {
      const [, name] = /^ksmd ([a-z]+)/.exec(code) ?? [];
      if (name !== undefined)
        expect(
          VERBS.map((verb) => verb.name),
          code,
        ).toContain(name);
    }
  });
});

test('every file of docs/ is linked from README', () => {
  const linked = readDocument('README.md').links.map((link) => link.split('#')[0]);
  for (const path of WALKED.slice(1)) expect(linked).toContain(path);
});

test('every file of docs/ leads to another one', () => {
  for (const path of WALKED.slice(1))
    expect(
      readDocument(path).links.some((link) => /^[\w-]+\.md/.test(link)),
      path,
    ).toBe(true);
});

test('each drawing is there for light and for dark, the same but for its colours', () => {
  for (const name of ['merge', 'trees']) {
    const [light, dark] = ['light', 'dark'].map((scheme) =>
      readFileSync(`${CHECKOUT}docs/${name}-${scheme}.svg`, 'utf8'),
    );
    expect(dark).not.toBe(light);
    expect(dark?.replace(/#[0-9a-f]{6}/g, '#')).toBe(light?.replace(/#[0-9a-f]{6}/g, '#'));
  }
});
