/** A sample of a fleet, against all of it: what is told lies within the errors that are told. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Scale, Summed } from '../../src/estimate/scale.js';
import type { Row } from '../../src/fleet/engine.js';
import { families } from '../../src/fleet/families.js';
import { FleetSize } from '../../src/fleet/fleet-size.js';
import { statementsOf } from '../../src/fleet/queries.js';
import { report } from '../../src/fleet/report.js';
import { sketchOf } from '../../src/fleet/sketch.js';
import { MadeUpFleet } from '../../tools/fleet/made-up-fleet.js';
import { fileName, record } from '../../tools/fleet/recording.js';
import { FleetDirectory } from './small-fleet.js';

const ONE_IN = 16;
/** Fewer than a sample has. */
const PART_PAGES = 4000;
const FLEET = { seed: 3, hosts: 5, guestsAHost: 6, pages: 4096, sample: 1, families: 4 };
/** Bars that hold 95 times in 100 of so many figures, or a little less by bad luck. */
const HELD = 0.9;

interface Told {
  readonly hosts: readonly Row[];
  readonly together: readonly Row[];
  readonly guests: readonly Row[];
  readonly pairs: readonly Row[];
  readonly families: readonly (readonly string[])[];
}

const fleet = new MadeUpFleet(FLEET);
let whole: FleetDirectory;
let sampled: FleetDirectory;
let all: Told;
let some: Told;

beforeAll(async () => {
  whole = new FleetDirectory();
  sampled = new FleetDirectory();
  for (let host = 0; host < FLEET.hosts; host++) {
    const at = { host, day: 0, sweeps: 1 };
    const path = join(whole.path, fileName(at));
    record(fleet, at, path);
    await whole.add(path, 1);
    await sampled.add(path, ONE_IN);
  }
  all = await told(whole);
  some = await told(sampled);
});
afterAll(async () => {
  await whole.remove();
  await sampled.remove();
});

function told(directory: FleetDirectory): Promise<Told> {
  return directory.query(async (engine, { identity }) => {
    const sketch = sketchOf(identity, 1);
    const choices = { lowest: sketch.lowest, highest: sketch.highest, rows: 1000 };
    const { hosts, together } = await report(engine, identity);
    const guests = await engine.rows(statementsOf('guests'));
    const pairs = await engine.rows(statementsOf('pairs', choices));
    const { alike } = await families(engine, await FleetSize.of(engine, identity));
    return { hosts, together, guests, pairs, families: alike };
  });
}

/** Whether a figure of the sample lies within its error of the whole's. */
const isWithin = (one: Row, other: Row, name: string, error: string): boolean =>
  Math.abs(Number(one[name]) - Number(other[name])) <= Number(other[error]);

test('what hosts save', () => expectHosts(some));

test('what hosts save, by a part of the sample', async () => {
  const part = await sampled.query((engine, { identity }) => report(engine, identity, PART_PAGES));
  const oneIn = Number(part.hosts[0]?.sample) / ONE_IN;
  expect(oneIn).toBeGreaterThan(1);
  expectHosts(part);
  const error = (told: Pick<Told, 'hosts'>): number => Number(told.hosts[0]?.saved_error_pages);
  // As much more as the root of what is left out.
  expect(error(part) / error(some)).toBeGreaterThan(0.8 * Math.sqrt(oneIn));
});

function expectHosts(told: Pick<Told, 'hosts' | 'together'>): void {
  const within = (row: Row): number =>
    Math.max(Number(row.saved_pages) - Number(row.between_guests_pages), 0);
  const held = all.hosts.flatMap((row, at) => {
    const other = told.hosts[at] ?? {};
    expect(other).toMatchObject({ host: row.host, pages: row.pages, zero_pages: row.zero_pages });
    return [
      isWithin(row, other, 'saved_pages', 'saved_error_pages'),
      isWithin(row, other, 'between_guests_pages', 'between_guests_error_pages'),
      Math.abs(within(row) - within(other)) <= Number(other.within_guests_error_pages),
    ];
  });
  expect(held.filter(Boolean).length).toBeGreaterThanOrEqual(held.length * HELD);
  const [row = {}] = all.together;
  const [together = {}] = told.together;
  expect(isWithin(row, together, 'saved_pages', 'saved_error_pages')).toBe(true);
  for (const name of ['saved', 'between_guests']) {
    const sum = (column: string, rows: readonly Row[]): number =>
      rows.reduce((total, each) => total + Number(each[column]), 0);
    const error = Number(together[`hosts_${name}_error_pages`]);
    const off = sum(`${name}_pages`, told.hosts) - sum(`${name}_pages`, all.hosts);
    expect(Math.abs(off)).toBeLessThanOrEqual(error);
    expect(error).toBeLessThan(sum(`${name}_error_pages`, told.hosts));
  }
}

test('what is saved between guests is never more than all that is saved', async () => {
  const directory = new FleetDirectory();
  try {
    // Both guests of a host have the same: a sample with more than its share of that tells too
    // little of all that is saved, and too much of what is between the two.
    for (let host = 0; host < 8; host++) {
      const pages = Array.from({ length: 40 }, (_, at) => 1 + 40 * host + at);
      const guests = { a: pages, b: pages };
      await directory.add(directory.record({ host: `h${host}` }, [{ atMs: 0, guests }]), 4);
    }
    const { hosts } = await directory.query((engine, { identity }) => report(engine, identity));
    const parts = hosts.map(({ between_guests_pages, saved_pages }) => [
      Number(between_guests_pages),
      Number(saved_pages),
    ]);
    expect(parts.filter(([between = 0, saved = 0]) => between > saved)).toEqual([]);
    expect(parts.filter(([between, saved]) => between === saved)).not.toEqual([]);
  } finally {
    await directory.remove();
  }
});

test('what guests take at most', () => {
  const held = all.guests.map((row, at) => {
    expect(some.guests[at]).toMatchObject({ guest: row.guest, pages: row.pages });
    const most = Number(some.guests[at]?.alone_pages);
    return Number(row.alone_pages) <= most && most <= Number(row.pages);
  });
  expect(held.filter(Boolean).length).toBeGreaterThanOrEqual(held.length * HELD);
});

test('what guests have in common', () => {
  const pairOf = ({ a, b }: Row): string => `${a} ${b}`;
  const counted = new Map(some.pairs.map((row) => [pairOf(row), Number(row.contents)]));
  const scale = new Scale(ONE_IN);
  const held = all.pairs.map((row) => {
    const contents = new Summed();
    contents.addEach(1, counted.get(pairOf(row)) ?? 0);
    const { pages, error } = scale.of(contents);
    return Math.abs(pages - Number(row.contents)) <= error;
  });
  const guests = FLEET.hosts * FLEET.guestsAHost;
  expect(held).toHaveLength((guests * (guests - 1)) / 2);
  expect(held.filter(Boolean).length).toBeGreaterThanOrEqual(held.length * HELD);
});

test('who is alike: the families that are known', () => {
  const guests = Array.from({ length: fleet.guests }, (_, guest) => guest);
  // Guests are numbered by host and name, which tells the family.
  const named = guests
    .map((guest) => ({ guest, host: Math.floor(guest / FLEET.guestsAHost) }))
    .sort((a, b) => a.host - b.host || (fleet.nameOf(a.guest) < fleet.nameOf(b.guest) ? -1 : 1));
  const known = new Map<number, number[]>();
  for (const [at, { guest }] of named.entries()) {
    const family = fleet.familyOf(guest);
    known.set(family, [...(known.get(family) ?? []), at + 1]);
  }
  const wanted = [...known.values()]
    .filter(({ length }) => length > 1)
    .sort((a, b) => b.length - a.length || (a[0] ?? 0) - (b[0] ?? 0))
    .map((family) => family.map((number) => all.guests[number - 1]))
    .map((family) => family.map((row) => `${row?.host}/${row?.guest}`));
  expect(all.families).toEqual(wanted);
  expect(some.families).toEqual(wanted);
});
