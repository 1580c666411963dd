/** The colours of classes, and whether they can be told apart. */
import { expect, test } from 'vitest';
import type { PageClassing } from '../../../src/names.js';
import type { PageClass } from '../../../src/protocol/routes/page-classes.js';
import { looksOf } from '../../../src/web/map/class-looks.js';
import { APART, distance, SIGHTS, seenWith } from './sight.js';

const pages = 1;
const counted = (kind: 'mapped' | 'age', firsts: readonly number[]): PageClass[] =>
  firsts.map((least, i) => ({ kind, least, most: (firsts[i + 1] ?? least + 100) - 1, pages }));
const CLASSES: Record<PageClassing, PageClass[]> = {
  sharers: [
    { kind: 'untouched', pages },
    { kind: 'zero', pages },
    ...counted('mapped', [1, 2, 3, 5, 17, 65, 257]),
  ],
  zeroes: (['untouched', 'zero', 'other', 'merged', 'zeroes', 'zeroesMerged'] as const).map(
    (kind) => ({ kind, pages }),
  ),
  age: [
    { kind: 'untouched', pages },
    { kind: 'merged', pages },
    { kind: 'unknown', pages },
    ...counted('age', [0, 3, 6, 9, 64, 255]),
  ],
  guest: [
    ...(['untouched', 'zero', 'apart', 'alone'] as const).map((kind) => ({ kind, pages })),
    ...['a', 'b', 'c', 'd', 'e'].map((guest) => ({ kind: 'partner' as const, guest, pages })),
    { kind: 'partners', pages },
  ],
};
const ALL = Object.keys(CLASSES) as PageClassing[];
const THEMES = ['light', 'dark'] as const;

test.each(
  ALL.flatMap((by) =>
    THEMES.flatMap((theme) => SIGHTS.map((sight) => [by, theme, sight] as const)),
  ),
)('by %s, on a %s page, all classes can be told apart with %s', (by, theme, sight) => {
  const looks = looksOf(by, CLASSES[by], 'vm1');
  const seen = looks.map((look) => [look.label, seenWith(sight, look[theme])] as const);
  for (const [i, [label, colour]] of seen.entries())
    for (const [other, otherColour] of seen.slice(i + 1))
      expect(distance(colour, otherColour), `${label} and ${other}`).toBeGreaterThan(APART);
});

test.each(
  THEMES.flatMap((theme) => (['sharers', 'age'] as const).map((by) => [theme, by] as const)),
)('on a %s page the order of %s is seen without hues', (theme, by) => {
  const ramp = looksOf(by, CLASSES[by])
    .filter((_, i) => {
      const { kind, most } = CLASSES[by][i] ?? {};
      return kind === 'age' || (kind === 'mapped' && most !== 1);
    })
    .map((look) => seenWith('trichromacy', look[theme])[0]);
  expect(ramp.length).toBe(6);
  for (const [i, lightness] of ramp.slice(1).entries()) {
    const step = lightness - (ramp[i] ?? 0);
    expect(theme === 'light' ? -step : step).toBeGreaterThan(0.04);
  }
});

test('classes say what they are', () => {
  const said = (by: PageClassing, kind: string): string[] =>
    looksOf(by, CLASSES[by], 'vm1')
      .filter((_, i) => CLASSES[by][i]?.kind === kind)
      .map(({ label, meaning }) => `${label}: ${meaning}`);
  expect(said('sharers', 'mapped').slice(0, 3)).toEqual([
    'its own: no other page maps its frame',
    '2: its frame is mapped by 2 pages',
    '3 to 4: its frame is mapped by 3 to 4 pages',
  ]);
  expect(said('age', 'age')[3]).toBe(
    '9 to 63: not merged in 9 to 63 visits; with smart scan, left out of 8 full scans between ' +
      'two visits',
  );
  expect(said('guest', 'partner')[0]).toBe('with a: vm1 and a map the same frame');
});
