/** The colours of page states, and whether they can be told apart. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { PAGE_STATES } from '../../../src/names.js';
import { pixelOf, type Theme } from '../../../src/web/map/look.js';
import { STATE_LOOKS, STATE_ORDER } from '../../../src/web/map/page-states.js';
import { APART, distance, SIGHTS, seenWith } from './sight.js';

test.each(
  (['light', 'dark'] as const).flatMap((theme) => SIGHTS.map((sight) => [theme, sight] as const)),
)('on a %s page all states can be told apart with %s', (theme, sight) => {
  const seen = STATE_ORDER.map(
    (state) => [state, seenWith(sight, STATE_LOOKS[state][theme])] as const,
  );
  for (const [i, [state, colour]] of seen.entries()) {
    for (const [other, otherColour] of seen.slice(i + 1)) {
      expect(distance(colour, otherColour), `${state} and ${other}`).toBeGreaterThan(APART);
    }
  }
});

test('every state that there is has a look, and the legend the colours of the map', () => {
  expect([...STATE_ORDER].sort()).toEqual([...PAGE_STATES].sort());
  const [light = '', dark = ''] = readFileSync(
    new URL('../../../src/web/style.css', import.meta.url),
    'utf8',
  ).split('prefers-color-scheme: dark');
  const styles: Record<Theme, string> = { light, dark };
  for (const state of STATE_ORDER) {
    for (const theme of ['light', 'dark'] as const)
      expect(styles[theme]).toContain(`--state-${state}: ${STATE_LOOKS[state][theme]};`);
  }
});

test('a pixel has the colour of its class, or fades into the ground', () => {
  const { light } = STATE_LOOKS.shared;
  const byte = (value: number): string => value.toString(16).padStart(2, '0');
  const bytes = (pixel: number): string =>
    ['#', ...[0, 8, 16].map((shift) => byte((pixel >> shift) & 255))].join('');
  expect(bytes(pixelOf(light, '#ffffff', 0))).toBe(light);
  expect(bytes(pixelOf(light, '#123456', 1))).toBe('#123456');
  expect(pixelOf(light, '#ffffff', 0) >>> 24).toBe(255);
});
