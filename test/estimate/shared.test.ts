/** Who shares with whom, against every page counted one by one. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Shared, type SharedOptions, shared } from '../../src/estimate/shared.js';
import { Sample } from '../../src/fingerprints/sample.js';
import {
  MAPPING_ADVISED,
  PAGE_CONTENT,
  PAGE_UNSAMPLED,
  PAGE_ZEROES,
} from '../../src/recording/format.js';
import type { SweepRecord } from '../../src/recording/records.js';
import { GUEST, HEADER, hostOf } from '../recording/small-recording.js';

/** Contents by number, 0 for zeroes, a page each; a guest each. */
type Guests = readonly (readonly number[])[];

function fingerprintOf(content: number): Buffer {
  return createHash('sha256').update(String(content)).digest().subarray(16);
}

function sharedOf(
  guests: Guests,
  options: Partial<SharedOptions> = {},
  oneIn = 1,
  labelOf = (at: number) => `of vm${at}`,
): Shared {
  const sample = new Sample(oneIn);
  const records = guests.flatMap((pages, at): SweepRecord[] => {
    const guest = at + 1;
    const where = { page: 0, pages: pages.length, flags: MAPPING_ADVISED, node: 0 };
    return [
      { ...GUEST, guest, name: `vm${at}` },
      ...(pages.length === 0
        ? []
        : [{ type: 'mapping', guest, ...where, label: labelOf(at) } as const]),
      ...pages.map((content, page): SweepRecord => {
        const fingerprints = fingerprintOf(content);
        const one = { type: 'pages', guest, page, pages: 1 } as const;
        if (content === 0) return { ...one, state: PAGE_ZEROES };
        if (!sample.has(fingerprints)) return { ...one, state: PAGE_UNSAMPLED };
        return { ...one, state: PAGE_CONTENT, fingerprints };
      }),
    ];
  });
  const host = hostOf(records, { ...HEADER, sample: oneIn });
  const all = [...host.guests.values()].map((told) => ({
    name: told.facts.name,
    told,
    isAdvisedOnly: true,
  }));
  return shared(host, all, options);
}

const run = (first: number, count: number): number[] =>
  Array.from({ length: count }, (_, at) => first + at);
const full = (pages: readonly number[]): number[] => pages.filter((content) => content !== 0);
const both = (a: readonly number[], b: readonly number[]): number =>
  [...new Set(full(a))].filter((content) => b.includes(content)).length;
const GUESTS = fc.array(fc.array(fc.nat(9), { maxLength: 30 }), { minLength: 1, maxLength: 5 });

test('each guest, each two and each content are counted exactly', () => {
  fc.assert(
    fc.property(GUESTS, (guests) => {
      const result = sharedOf(guests);
      const pagesOf = (at: number): readonly number[] =>
        guests[Number(result.guests[at]?.name.slice('vm'.length))] ?? [];
      expect(result.guests.map(({ name }) => name).sort()).toEqual(
        guests.map((_pages, at) => `vm${at}`),
      );
      for (const [at, guest] of result.guests.entries()) {
        const own = pagesOf(at);
        const others = new Set(guests.filter((pages) => pages !== own).flatMap(full));
        expect(guest).toMatchObject({
          pages: own.length,
          zeroPages: own.length - full(own).length,
          within: { pages: full(own).length - new Set(full(own)).size, error: 0 },
          withOthers: { pages: [...new Set(full(own))].filter((one) => others.has(one)).length },
        });
      }
      const pairs = new Map(result.pairs.map(({ a, b, pages }) => [`${a} ${b}`, pages]));
      for (let a = 0; a < guests.length; a++)
        for (let b = a + 1; b < guests.length; b++)
          expect(pairs.get(`${a} ${b}`) ?? 0).toBe(both(pagesOf(a), pagesOf(b)));
      const all = guests.flatMap(full);
      const distinct = guests.reduce((sum, pages) => sum + new Set(full(pages)).size, 0);
      expect(result.between.pages).toBe(distinct - new Set(all).size);
      for (const { fingerprint, pages, guests: whose } of result.contents) {
        const content = run(1, 9).find((one) => fingerprintOf(one).toString('hex') === fingerprint);
        expect(pages).toBe(times(all, content ?? 0));
        expect(whose).toEqual(
          run(0, guests.length).filter((at) => pagesOf(at).includes(content ?? 0)),
        );
      }
      const most = Math.max(0, ...[...new Set(all)].map((one) => times(all, one)));
      expect(result.contents[0]?.pages ?? 1).toBe(Math.max(most, 1));
    }),
  );
});

function times(all: readonly number[], content: number): number {
  return all.filter((each) => each === content).length;
}

test('what tenants keep, and what they have in common with others, is all that there is', () => {
  const owners = fc.array(fc.constantFrom('red', 'blue', 'green'), { minLength: 5, maxLength: 5 });
  fc.assert(
    fc.property(GUESTS, owners, (guests, tenants) => {
      const tenantOf = (name: string): string => tenants[Number(name.slice(2))] ?? '';
      const result = sharedOf(guests, { tenantOf });
      for (const { name, between } of result.tenants ?? []) {
        const own = guests.filter((_pages, at) => tenants[at] === name);
        expect(between.pages).toBe(sharedOf(own).between.pages);
      }
      const kept = (result.tenants ?? []).reduce((sum, { between }) => sum + between.pages, 0);
      expect(kept + result.acrossTenants.pages).toBe(result.between.pages);
    }),
  );
});

describe('of machines alike', () => {
  /** Two families of two, and one that has a little of each. */
  const FAMILIES = [
    [...run(1000, 60), ...run(1, 40)],
    [...run(2000, 70), ...run(100, 30)],
    [...run(1000, 60), ...run(200, 40)],
    [...run(2000, 70), ...run(300, 30)],
    [...run(400, 80), ...run(1000, 10), ...run(2000, 10)],
  ];

  test('families are told as groups, and stand together', () => {
    const { groups, guests } = sharedOf(FAMILIES);
    const names = groups.map((group) => group.map((at) => guests[at]?.name));
    expect(names).toEqual([
      ['vm1', 'vm3'],
      ['vm0', 'vm2'],
    ]);
    // Who has a little of each stands between them.
    expect(guests.map(({ name }) => name)).toEqual(['vm0', 'vm2', 'vm4', 'vm1', 'vm3']);
  });

  test('who has little is in no group with all that have the same', () => {
    const { groups } = sharedOf([
      [...run(1, 40), ...run(1000, 1460)],
      run(1, 40),
      [...run(1, 200), ...run(5000, 1300)],
    ]);
    expect(groups).toEqual([]);
  });

  test('a guest that moves away loses what it has in common with those that stay', () => {
    const here = sharedOf(FAMILIES).between.pages;
    const { guests } = sharedOf(FAMILIES);
    for (const { name, withOthers } of guests) {
      const rest = FAMILIES.filter((_pages, at) => `vm${at}` !== name);
      expect(here - sharedOf(rest).between.pages).toBe(withOthers.pages);
    }
  });

  test('mappings say what is lost if they alone are not advised, or come to be so', () => {
    // One mapping a guest, each of a label of its own: without one, all is as without its guest.
    const copied = FAMILIES.map((pages, at) => [...pages, ...pages.slice(0, at)]);
    const saved = (guests: Guests): number => {
      const all = guests.flat();
      return all.length - new Set(all).size;
    };
    const { mappings } = sharedOf(copied);
    expect(mappings).toHaveLength(copied.length);
    for (const { label, pages, advisedPages, saves } of mappings) {
      const at = Number(label.slice('of vm'.length));
      expect([pages, advisedPages]).toEqual([copied[at]?.length, copied[at]?.length]);
      expect(saves).toEqual({
        pages: saved(copied) - saved(copied.filter((_pages, guest) => guest !== at)),
        error: 0,
      });
    }
  });

  test('mappings of one label save all but one page of what they alone have', () => {
    const { mappings, between } = sharedOf(FAMILIES, {}, 1, () => 'heap');
    expect(mappings).toEqual([{ label: 'heap', pages: 500, advisedPages: 500, saves: between }]);
  });

  test('what a mapping saves is told within their error, also where few contents have many', () => {
    let within = 0;
    for (let salt = 0; salt < 40; salt++) {
      const guests = [
        run(salt * 100 + 1, 8).flatMap((content) => Array.from({ length: 50 }, () => content)),
      ];
      const [whole] = sharedOf(guests).mappings;
      const { pages, error } = sharedOf(guests, {}, 4).mappings[0]?.saves ?? { pages: 0, error: 0 };
      if (Math.abs(pages - (whole?.saves.pages ?? 0)) <= error) within++;
    }
    expect(within).toBeGreaterThanOrEqual(36);
  });

  test('a sample of them comes to the same within its error, 95 times in 100', () => {
    let within = 0;
    for (let salt = 0; salt < 40; salt++) {
      const guests = FAMILIES.map((pages) => pages.map((content) => content + salt * 10_000));
      const { pages, error } = sharedOf(guests, {}, 4).between;
      if (Math.abs(pages - sharedOf(guests).between.pages) <= error) within++;
    }
    expect(within).toBeGreaterThanOrEqual(38);
  });
});
