/** What the queries say of a fleet, against every page counted one by one. */
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Engine, Row } from '../../src/fleet/engine.js';
import { type Families, families } from '../../src/fleet/families.js';
import { FleetSize } from '../../src/fleet/fleet-size.js';
import { pairs } from '../../src/fleet/pairs.js';
import { QUERIES, statementsOf } from '../../src/fleet/queries.js';
import { report } from '../../src/fleet/report.js';
import { type Sketch, sketchOf } from '../../src/fleet/sketch.js';
import { FleetDirectory, fingerprintOf, type Guests } from './small-fleet.js';

let directory: FleetDirectory;

beforeEach(() => {
  directory = new FleetDirectory();
});
afterEach(() => directory.remove());

const WHOLE = { version: 1, keyId: '', sample: 1, pageSize: 4096 } as const;

/** By host. */
type Fleet = Readonly<Record<string, Guests>>;

async function addAll(fleet: Fleet, to = directory): Promise<void> {
  for (const [host, guests] of Object.entries(fleet))
    await to.add(to.record({ host }, [{ atMs: 0, guests }]));
}

const contentsOf = (pages: readonly number[]): Set<number> =>
  new Set(pages.filter((content) => content > 0));
const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);
const distinct = (guests: readonly (readonly number[])[]): number => contentsOf(guests.flat()).size;
const present = (guests: readonly (readonly number[])[]): number =>
  guests.flat().filter((content) => content > 0).length;
const halves = (content: number): { hi: string; lo: string } => {
  const bytes = fingerprintOf(content);
  return { hi: String(bytes.readBigInt64BE(0)), lo: String(bytes.readBigInt64BE(8)) };
};

const PAGES = fc.array(fc.integer({ min: -1, max: 12 }), { minLength: 1, maxLength: 24 });
const FLEET: fc.Arbitrary<Fleet> = fc.dictionary(
  fc.constantFrom('h1', 'h2', 'h3'),
  fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), PAGES, { minKeys: 1 }),
  { minKeys: 1 },
);

/** Others each time; what a fleet is made of takes longer than any question to it. */
const fleets = fc.sample(FLEET, 8).map((fleet) => ({ fleet, directory: new FleetDirectory() }));

beforeAll(async () => {
  for (const made of fleets) await addAll(made.fleet, made.directory);
});
afterAll(async () => {
  for (const made of fleets) await made.directory.remove();
});

/** Of each of them. */
async function held(check: (fleet: Fleet, engine: Engine) => Promise<void>): Promise<void> {
  for (const { fleet, directory: its } of fleets) await its.query((engine) => check(fleet, engine));
}

test('of hosts it is told what they have, and what is saved within guests and between them', () =>
  held(async (fleet, engine) => {
    const { hosts, together } = await report(engine, WHOLE);
    const all = Object.entries(fleet).sort(([a], [b]) => (a < b ? -1 : 1));
    expect(hosts).toEqual(
      all.map(([host, guests]) => {
        const pages = Object.values(guests);
        return expect.objectContaining({
          host,
          guests: pages.length,
          pages: pages.flat().length,
          zero_pages: pages.flat().filter((content) => content === 0).length,
          volatile_pages: pages.flat().filter((content) => content === -1).length,
          saved_pages: present(pages) - distinct(pages),
          between_guests_pages: sum(pages.map((each) => distinct([each]))) - distinct(pages),
          saved_error_pages: 0,
          between_guests_error_pages: 0,
        });
      }),
    );
    const everybody = all.flatMap(([, guests]) => Object.values(guests));
    expect(together).toEqual([
      {
        zero_pages: everybody.flat().filter((content) => content === 0).length,
        saved_pages: present(everybody) - distinct(everybody),
        saved_error_pages: 0,
        hosts_saved_error_pages: 0,
        hosts_between_guests_error_pages: 0,
        hosts_within_guests_error_pages: 0,
      },
    ]);
  }));

test('the contents that most pages have are told with guests and hosts', () =>
  held(async (fleet, engine) => {
    const { contents } = await report(engine, WHOLE);
    const counted = Array.from({ length: 12 }, (_, at) => at + 1)
      .map((content) => {
        const has = (guests: Guests): number[][] =>
          Object.values(guests).map((pages) => pages.filter((each) => each === content));
        const hosts = Object.values(fleet).map(has);
        return {
          ...halves(content),
          pages: hosts.flat(2).length,
          guests: hosts.flat().filter((pages) => pages.length > 0).length,
          hosts: hosts.filter((guests) => guests.flat().length > 0).length,
        };
      })
      .filter(({ pages }) => pages > 1)
      .sort((a, b) => b.pages - a.pages || (BigInt(a.hi) < BigInt(b.hi) ? -1 : 1));
    expect(contents).toEqual(counted.slice(0, 10));
  }));

interface Guest {
  readonly host: string;
  readonly guest: string;
  readonly pages: readonly number[];
}

/** In the order of their numbers. */
function guestsOf(fleet: Fleet): Guest[] {
  return Object.entries(fleet)
    .flatMap(([host, guests]) =>
      Object.entries(guests).map(([guest, pages]) => ({ host, guest, pages })),
    )
    .sort((a, b) => (`${a.host} ${a.guest}` < `${b.host} ${b.guest}` ? -1 : 1));
}

/** All pairs that have something in common, the best first. */
function pairsOf(fleet: Fleet): Row[] {
  const guests = guestsOf(fleet);
  return guests
    .flatMap((one, a) =>
      guests.slice(a + 1).map((other, at) => ({
        a: a + 1,
        a_host: one.host,
        a_guest: one.guest,
        b: a + at + 2,
        b_host: other.host,
        b_guest: other.guest,
        contents: [...contentsOf(one.pages)].filter((content) => other.pages.includes(content))
          .length,
      })),
    )
    .filter(({ contents }) => contents > 0)
    .sort((x, y) => y.contents - x.contents || x.a - y.a || x.b - y.b);
}

const ALL = sketchOf(WHOLE, 1, 1);

describe('pairs', () => {
  test.each([1, 2, 256])('are told exactly, whoever leads the groups: %i leaders', (leaders) =>
    held(async (fleet, engine) => {
      const { lowest, highest } = ALL;
      for (const rows of [1, 4, 100]) {
        const told = statementsOf('pairs', { leaders, lowest, highest, rows });
        expect(await engine.rows(told)).toEqual(pairsOf(fleet).slice(0, rows));
      }
    }),
  );

  test('of clones are told, that depart from nothing', async () => {
    const clones = Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`c${at}`, [1, 2, 3]]));
    const fleet = { h1: clones, h2: { other: [3, 4, 5], another: [4, 5, 6] } };
    await addAll(fleet);
    const told = await directory.query((engine) => pairs(engine, ALL, 40));
    expect(told).toEqual({ rows: pairsOf(fleet).slice(0, 40), missed: 0 });
  });

  test('of a sketch are sought in what a larger one has read', async () => {
    const [sketch, known] = [sketchOf(WHOLE, 1700, 500), sketchOf(WHOLE, 1700, 1000)];
    const run: string[] = [];
    const rows = async (statements: readonly string[]): Promise<Row[]> => {
      run.push(...statements);
      return [];
    };
    await pairs({ rows, close: async () => {} }, sketch, 2, known);
    const rangeOf = (view: string): string[] =>
      /BETWEEN (\S+) AND (\d+)/.exec(run.find((each) => each.includes(` ${view} AS`)) ?? '') ?? [];
    const ends = ({ lowest, highest }: Sketch): string[] => [String(lowest), String(highest)];
    expect(rangeOf('has').slice(1)).toEqual(ends(known));
    expect(rangeOf('compared').slice(1)).toEqual(ends(sketch));
    expect(ends(known)).not.toEqual(ends(sketch));
  });

  test('that a sketch has found are counted in all of the sample', async () => {
    const run = (from: number, pages: number): number[] =>
      Array.from({ length: pages }, (_, at) => from + at);
    const fleet = {
      h1: { a: run(1, 400), b: run(1, 300), c: run(1000, 400) },
      h2: { d: run(1000, 380), e: run(2000, 50), f: run(900, 150) },
    };
    await addAll(fleet);
    const told = await directory.query((engine, { identity }) =>
      pairs(engine, sketchOf(identity, 1700, 500), 2),
    );
    expect(told).toEqual({ rows: pairsOf(fleet).slice(0, 2), missed: 0 });
  });
});

test('of pairs that a sketch has missed it is told how much they may have', async () => {
  const names = Array.from({ length: 12 }, (_, at) => at);
  const guests = (host: string): Guests =>
    Object.fromEntries(names.map((at) => [`${host}${at}`, [at + 1]]));
  const fleet = { h1: guests('a'), h2: guests('b') };
  await addAll(fleet);
  const { rows, missed } = await directory.query((engine, { identity }) =>
    pairs(engine, sketchOf(identity, 4, 1), 20),
  );
  const left = pairsOf(fleet).filter(({ a }) => rows.every((row) => row.a !== a));
  expect(left.length).toBeGreaterThan(0);
  for (const { contents } of left) expect(contents).toBeLessThanOrEqual(missed);
});

const familiesThere = (): Promise<Families> =>
  directory.query(async (engine) => families(engine, await FleetSize.of(engine, WHOLE)));

test('families are found, and who is like nobody is in none', async () => {
  const run = (from: number, pages: number): number[] =>
    Array.from({ length: pages }, (_, at) => from + at);
  await addAll({
    h1: { a1: run(1, 60), b1: run(100, 60), alone: run(500, 60) },
    h2: { a2: [...run(1, 50), ...run(600, 10)], b2: run(105, 60), b3: run(110, 50) },
  });
  expect(await familiesThere()).toEqual({
    guests: 6,
    alike: [
      ['h1/b1', 'h2/b2', 'h2/b3'],
      ['h1/a1', 'h2/a2'],
    ],
  });
});

test('a chain of guests is no family', async () => {
  const run = (from: number, pages: number): number[] =>
    Array.from({ length: pages }, (_, at) => from + at);
  // Each shares all it has, the second with either of the others, which have nothing in common.
  await addAll({ h1: { a: run(1, 60), b: run(31, 60) }, h2: { c: run(61, 60), d: run(121, 60) } });
  await addAll({ h3: { e: run(1, 30), f: run(91, 30), g: run(121, 60) } });
  const { alike } = await familiesThere();
  expect(alike).toEqual([
    ['h1/a', 'h1/b'],
    ['h2/c', 'h3/f'],
    ['h2/d', 'h3/g'],
  ]);
});

const ASKED = fc.record({
  query: fc.constantFrom(...QUERIES.filter((query) => query !== 'common')),
  // Of fingerprints, about a half, or all.
  lowest: fc.constantFrom(0n, -(2n ** 63n)),
  leaders: fc.constantFrom(1, 128),
  rows: fc.constantFrom(2, 20),
});

test('a question is answered alike, whatever the engine was asked before', () =>
  held(async (_fleet, engine) => {
    const [asked = []] = fc.sample(fc.array(ASKED, { minLength: 8, maxLength: 12 }), 1);
    const questions = asked.map(({ query, ...choices }) => statementsOf(query, choices));
    const answers: Row[][] = [];
    for (const statements of questions) answers.push(await engine.rows(statements));
    const failing = statementsOf('pairs').with(-2, 'SELECT * FROM nothing');
    for (const [at, statements] of questions.entries()) {
      // Of one that fails nothing is taken for done, nor of the one before.
      await expect(engine.rows(failing)).rejects.toThrow('nothing');
      expect(await engine.rows(statements)).toEqual(answers[at]);
    }
  }));

test('a guest takes what is left of it once it is merged in itself', () =>
  held(async (fleet, engine) => {
    expect(await engine.rows(statementsOf('guests'))).toEqual(
      guestsOf(fleet).map(({ host, guest, pages }, at) => ({
        number: at + 1,
        host,
        guest,
        pages: pages.length,
        alone_pages: distinct([pages]) + pages.filter((content) => content === -1).length,
      })),
    );
  }));

test('a sketch is a part of the sample, and of a small fleet all of it', () => {
  const identity = { version: 1, keyId: '', sample: 64, pageSize: 4096 } as const;
  expect(sketchOf(identity, 1000, 1000)).toEqual({
    oneIn: 1,
    lowest: 0n,
    highest: 2n ** 58n - 1n,
  });
  expect(sketchOf(identity, 1001, 1000)).toMatchObject({ oneIn: 2, highest: 2n ** 57n - 1n });
  expect(ALL).toEqual({ oneIn: 1, lowest: -(2n ** 63n), highest: 2n ** 63n - 1n });
});
