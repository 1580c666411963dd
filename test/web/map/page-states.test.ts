/** The colours of page states, and whether they can be told apart. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { PAGE_STATES } from '../../../src/names.js';
import { pixelOf, type Theme } from '../../../src/web/map/look.js';
import { STATE_LOOKS, STATE_ORDER } from '../../../src/web/map/page-states.js';

type Triple = readonly [number, number, number];

/**
 * What a colour comes to for people who lack one kind of cone: Machado, Oliveira and Fernandes
 * 2009, on linear RGB.
 */
const SIGHTS: Record<string, readonly Triple[]> = {
  trichromacy: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};
/** Distance in OKLab of colours that are told apart side by side without effort. */
const APART = 0.1;

function dot(row: Triple, [x, y, z]: Triple): number {
  return row[0] * x + row[1] * y + row[2] * z;
}

function linear(colour: string): Triple {
  const channel = (from: number): number => {
    const value = Number.parseInt(colour.slice(from, from + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [channel(1), channel(3), channel(5)];
}

function oklab(rgb: Triple): Triple {
  const cones: Triple = [
    Math.cbrt(dot([0.4122214708, 0.5363325363, 0.0514459929], rgb)),
    Math.cbrt(dot([0.2119034982, 0.6806995451, 0.1073969566], rgb)),
    Math.cbrt(dot([0.0883024619, 0.2817188376, 0.6299787005], rgb)),
  ];
  return [
    dot([0.2104542553, 0.793617785, -0.0040720468], cones),
    dot([1.9779984951, -2.428592205, 0.4505937099], cones),
    dot([0.0259040371, 0.7827717662, -0.808675766], cones),
  ];
}

function distance(a: Triple, b: Triple): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

test.each(
  (['light', 'dark'] as const).flatMap((theme) =>
    Object.keys(SIGHTS).map((sight) => [theme, sight] as const),
  ),
)('on a %s page all states can be told apart with %s', (theme, sight) => {
  const seen = STATE_ORDER.map((state) => {
    const colour = linear(STATE_LOOKS[state][theme]);
    const [red, green, blue] = (SIGHTS[sight] ?? []).map((row) =>
      Math.min(1, Math.max(0, dot(row, colour))),
    );
    return [state, oklab([red ?? 0, green ?? 0, blue ?? 0])] as const;
  });
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
