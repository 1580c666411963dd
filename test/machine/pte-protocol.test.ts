/**
 * The protocol of the pte: two writers, the scanner and a reader over two pages of the same bytes,
 * in every interleaving of their steps, and with each of them killed at every step. Also what
 * happens where a step is taken in another order: each rule of the protocol is there for something.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Frames } from '../../src/machine/frames.js';
import { PageAccess } from '../../src/machine/page-access.js';
import { GuestPatience } from '../../src/machine/patience.js';
import { explore } from './explorer.js';
import {
  COUNT,
  DIRTY,
  FRAME,
  frame,
  HOLDER,
  MINE,
  PRESENT,
  type Program,
  pte,
  type Scenario,
  WAIT,
} from './protocol.js';
import { SCANNER_STEPS } from './protocol-scanner.js';
import { READER, WRITER } from './protocol-steps.js';

const PROGRAMS = [WRITER, WRITER, SCANNER_STEPS, READER];

const ONE_PAGE: Scenario = {
  name: 'both writers at one page, which is read meanwhile',
  start: [1, 1],
  stores: [[{ page: 0, low: 2 }], [{ page: 0, low: 3, high: 3 }]],
  visits: [0, 1, 0],
  reads: [0],
};
const TWO_PAGES: Scenario = {
  name: 'a writer at each page, which write what makes them equal again',
  start: [1, 1],
  stores: [
    [
      { page: 0, low: 2 },
      { page: 0, low: 1 },
    ],
    [{ page: 1, low: 1, high: 1 }],
  ],
  visits: [0, 1, 1],
  reads: [0],
};
const APART: Scenario = {
  ...TWO_PAGES,
  name: 'pages merged and written apart',
  stores: [[{ page: 0, low: 2 }], [{ page: 1, high: 3 }]],
  visits: [0, 1],
  reads: [1],
};
const AGAIN: Scenario = {
  name: 'a merged page written, made equal again, and written',
  start: [1, 1],
  stores: [[2, 1, 2].map((low) => ({ page: 0, low })), []],
  visits: [0, 1, 0],
  reads: [],
};
const WHOLE: Scenario = {
  ...AGAIN,
  name: 'a merged page written whole',
  stores: [[{ page: 0, low: 2, high: 2 }], []],
  visits: [0, 1],
};
const ZERO_PAGES: Scenario = {
  name: 'pages of zeroes, which KSM maps to the zero page',
  start: [0, 0],
  stores: [[{ page: 0, low: 2 }], [{ page: 0, low: 0, high: 0 }]],
  visits: [0, 1, 0],
  reads: [0],
  zeroPages: true,
};

const FORKED: Scenario = {
  ...TWO_PAGES,
  name: 'pages that a fork has shared, written apart, and made equal again',
  forked: true,
};

describe('every interleaving: each byte stored is there, readers see whole stores, frames are counted, somebody can go on', () => {
  test.each([
    { scenario: ONE_PAGE, merges: 'none' },
    { scenario: TWO_PAGES, merges: 'merged' },
    { scenario: AGAIN, merges: 'none' },
    { scenario: ZERO_PAGES, merges: 'zeroed' },
    { scenario: FORKED, merges: 'merged' },
  ])('$scenario.name', ({ scenario, merges }) => {
    const explored = explore(PROGRAMS, scenario, false);
    expect(explored.violation).toBeUndefined();
    // Whatever the order, it comes to one of several ends.
    expect(explored.ends).toBeGreaterThan(1);
    expect(explored.merged > 0).toBe(merges === 'merged');
    expect(explored.zeroed > 0).toBe(merges === 'zeroed');
  });
});

describe('one actor killed at any step of any interleaving, and cleared up after: the same', () => {
  test.each([ONE_PAGE, APART, AGAIN, ZERO_PAGES, { ...APART, forked: true }])(
    '$name',
    (scenario) => {
      const { violation, ends } = explore(PROGRAMS, scenario, true);
      expect(violation).toBeUndefined();
      expect(ends).toBeGreaterThan(0);
    },
  );
});

/** A program with some of its steps replaced. */
function altered(program: Program, steps: Record<string, Program[string]['run']>): Program {
  const changed = Object.entries(steps).map(([name, run]) => [
    name,
    { mirrors: program[name].mirrors, run },
  ]);
  return { ...program, ...Object.fromEntries(changed) };
}

type Mutant = readonly [
  what: string,
  scenario: Scenario,
  kill: boolean,
  writer: Program,
  scanner: Program,
  violation: RegExp,
];
const stepOf = (program: Program, name: string): Program[string]['run'] => program[name].run;

describe('each rule is needed: without it, something is lost', () => {
  test.each<Mutant>([
    [
      'DIRTY set as the lock is let go, not as it is taken',
      TWO_PAGES,
      false,
      altered(WRITER, {
        lock: ({ state, page, holder }) => {
          if (state[pte(page) + HOLDER] !== 0) return WAIT;
          state[pte(page) + HOLDER] = holder;
          return 'look';
        },
      }),
      SCANNER_STEPS,
      /^page \d reads/,
    ],
    [
      'a merge of twins that does not look at DIRTY again under the locks',
      TWO_PAGES,
      false,
      WRITER,
      altered(SCANNER_STEPS, { 'twins: known?': () => 'twins: get' }),
      /^page \d reads/,
    ],
    [
      'a merge into a stable node that does not look at DIRTY under the lock',
      AGAIN,
      false,
      WRITER,
      altered(SCANNER_STEPS, { 'stable: dirty?': () => 'stable: name' }),
      /^page \d reads/,
    ],
    [
      'a merge that does not write-protect',
      APART,
      false,
      WRITER,
      altered(SCANNER_STEPS, {
        'twins: release': ({ state, page }) => {
          state[pte(page) + HOLDER] = 0;
          return 'twins: put twin’s';
        },
      }),
      /^page \d may be written in place, and shares frame/,
    ],
    [
      'a frame that a fork has shared written in place by the second to write',
      { ...APART, forked: true },
      false,
      altered(WRITER, { 'own: mapped once?': () => 'own: no KSM page?' }),
      SCANNER_STEPS,
      /^page \d (reads|may be written in place, and shares frame)/,
    ],
    [
      'the old frame dropped before the new one is named',
      APART,
      false,
      altered(WRITER, {
        name: ({ state, me, page }) => {
          state[me + MINE + 1] = state[pte(page) + PRESENT] !== 0 ? state[pte(page) + FRAME] : 0;
          return state[me + MINE + 1] !== 0 ? 'drop old' : 'release';
        },
        release: (m) => {
          m.state[pte(m.page) + FRAME] = m.state[m.me + MINE];
          return stepOf(WRITER, 'release')(m);
        },
      }),
      SCANNER_STEPS,
      /^frame \d (is free|has no reference) while page \d maps it/,
    ],
    [
      'a new frame named before it holds what was stored',
      WHOLE,
      true,
      altered(WRITER, {
        'take, count': (m) => {
          stepOf(WRITER, 'take, count')(m);
          return 'name';
        },
        name: (m) => {
          stepOf(WRITER, 'name')(m);
          return 'put';
        },
        'put, high': (m) => (stepOf(WRITER, 'put, high')(m) === 'release' ? 'release' : 'drop old'),
      }),
      SCANNER_STEPS,
      /^a writer that died left/,
    ],
    [
      'a KSM page referred to only after a pte maps it',
      TWO_PAGES,
      false,
      WRITER,
      altered(SCANNER_STEPS, {
        'stable: get': (m) => {
          m.state[m.me + MINE + 2] = m.state[frame(0) + COUNT];
          return 'stable: node still?';
        },
      }),
      /^(page|frame) \d/,
    ],
  ])('%s', (_what, scenario, kill, writer, scanner, violation) => {
    expect(explore([writer, writer, scanner, READER], scenario, kill).violation).toMatch(violation);
  });
});

test('each step is a step of a method or of a function of the core that there is', () => {
  const classes = { Frames, GuestPatience, PageAccess };
  const methods = new Set(
    Object.entries(classes).flatMap(([name, { prototype }]) =>
      Object.getOwnPropertyNames(prototype).map((m) => `${name}.${m}`),
    ),
  );
  const mirrored = [WRITER, READER, SCANNER_STEPS].flatMap((program) =>
    Object.values(program).map(({ mirrors }) => mirrors),
  );
  const isInCore = (mirrors: string): boolean => {
    const [, file, name] = /^([\w/-]+\.ts) (\w+)$/.exec(mirrors) ?? [];
    return (
      file !== undefined &&
      readFileSync(new URL(`../../src/core/${file}`, import.meta.url), 'utf8').includes(
        `function ${name}(`,
      )
    );
  };
  expect(mirrored.filter((step) => !methods.has(step) && !isInCore(step))).toEqual([]);
  // The steps that a writer and the scanner cannot do without; DIRTY comes with the lock, in one.
  expect(mirrored).toEqual(
    expect.arrayContaining([
      'memory/pte.ts pteTake',
      'memory/references.ts framePut',
      'PageAccess.ownsFrame',
      'memory/pte.ts pteTryTakeMapping',
      'scan/merge.ts mergeTwins',
      'scan/merge.ts mergeIntoStable',
    ]),
  );
  expect(DIRTY).not.toBe(HOLDER);
});
