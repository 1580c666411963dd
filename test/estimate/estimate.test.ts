import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { estimate } from '../../src/estimate/estimate.js';
import { Sample } from '../../src/fingerprints/sample.js';
import {
  MAPPING_ADVISED,
  PAGE_CONTENT,
  PAGE_HUGE,
  PAGE_SHARED,
  PAGE_UNSAMPLED,
  PAGE_ZEROES,
} from '../../src/recording/format.js';
import type { RecordedHost } from '../../src/recording/recorded-host.js';
import type { SweepRecord } from '../../src/recording/records.js';
import { GUEST, HEADER, hostOf } from '../recording/small-recording.js';

/** Contents by number, 0 for zeroes, a page each; a guest each. */
type Guests = readonly (readonly number[])[];

const IMAGE_MAPPING = { type: 'mapping', pages: 1, node: 0, label: '' } as const;

function fingerprintOf(content: number): Buffer {
  return createHash('sha256').update(String(content)).digest().subarray(0, 16);
}

function hostWith(
  guests: Guests,
  { oneIn = 1, node = (_page: number): number | undefined => 0 } = {},
): RecordedHost {
  const sample = new Sample(oneIn);
  const records = guests.flatMap((pages, at): SweepRecord[] => [
    { ...GUEST, guest: at + 1, name: `vm${at + 1}` },
    ...pages.flatMap((content, page): SweepRecord[] => {
      const where = { guest: at + 1, page: page * 2, pages: 1 };
      const fingerprints = fingerprintOf(content);
      const state =
        content === 0 ? PAGE_ZEROES : sample.has(fingerprints) ? PAGE_CONTENT : PAGE_UNSAMPLED;
      return [
        { type: 'mapping', ...where, flags: 0, node: node(page), label: '' },
        state === PAGE_CONTENT
          ? { type: 'pages', ...where, state, fingerprints }
          : { type: 'pages', ...where, state },
      ];
    }),
  ]);
  return hostOf(records, { ...HEADER, sample: oneIn });
}

const distinct = (contents: readonly number[]): number => new Set(contents).size;

describe('an estimate', () => {
  it('of all pages counts what is equal, exactly', () => {
    const guests = fc.array(fc.array(fc.nat(12), { maxLength: 40 }), { maxLength: 4 });
    fc.assert(
      fc.property(guests, (contents) => {
        const result = estimate(hostWith(contents), { selection: 'auto', maxPageSharing: 3 });
        const full = contents.map((pages) => pages.filter((content) => content !== 0));
        const all = full.flat();
        const within = full.reduce((sum, pages) => sum + pages.length - distinct(pages), 0);
        const saved = all.length - distinct(all);
        expect(result.zeroPages).toBe(contents.flat().length - all.length);
        expect(result.saved).toEqual({ pages: saved, error: 0 });
        expect(result.within).toEqual({ pages: within, error: 0 });
        expect(result.between).toEqual({ pages: saved - within, error: 0 });
        const frames = (count: number): number => Math.max(Math.ceil(count / 3) - 1, 0);
        const counts = [...new Set(all)].map((one) => all.filter((each) => each === one).length);
        expect(result.lostToSharingLimit.pages).toBe(
          counts.reduce((sum, count) => sum + frames(count), frames(result.zeroPages)),
        );
        full.forEach((pages, at) => {
          const elsewhere = new Set(full.flatMap((others, other) => (other === at ? [] : others)));
          expect(result.guests[at]?.within.pages).toBe(pages.length - distinct(pages));
          expect(result.guests[at]?.elsewhere.pages).toBe(
            [...new Set(pages)].filter((content) => elsewhere.has(content)).length,
          );
        });
      }),
      { numRuns: 100 },
    );
  });

  it('knows what nodes take away', () => {
    const host = hostWith([[1, 1, 2, 3, 2]], { node: (page) => page % 2 });
    expect(estimate(host, { selection: 'all' }).lostToNodes?.pages).toBe(1);
  });

  it('tells all nodes apart that a kernel can have', () => {
    const contents = fc.array(fc.nat(5), { minLength: 1, maxLength: 60 });
    const nodes = fc.array(fc.constantFrom(0, 1, 31, 32, 33, 64, 1023), {
      minLength: 60,
      maxLength: 60,
    });
    fc.assert(
      fc.property(contents, nodes, (pages, nodeOf) => {
        const host = hostWith([pages], { node: (page) => nodeOf[page] ?? 0 });
        const full = [...new Set(pages)].filter((content) => content !== 0);
        const lost = full.map((one) => {
          const on = pages.flatMap((content, page) => (content === one ? [nodeOf[page]] : []));
          return new Set(on).size - 1;
        });
        const { lostToNodes } = estimate(host, { selection: 'all' });
        expect(lostToNodes?.pages).toBe(lost.reduce((sum, each) => sum + each, 0));
      }),
    );
  });

  it('knows what each tenant keeps, and what only tenants with one another have', () => {
    const guests = fc.array(fc.array(fc.nat(12), { maxLength: 30 }), { maxLength: 5 });
    const owners = fc.array(fc.constantFrom('red', 'blue', 'green'), {
      minLength: 5,
      maxLength: 5,
    });
    const nodes = fc.array(fc.constantFrom(0, 1, 33, undefined), { minLength: 30, maxLength: 30 });
    fc.assert(
      fc.property(guests, owners, nodes, (contents, tenants, nodeOf) => {
        const tenantOf = (name: string): string => tenants[Number(name.slice(2)) - 1] ?? '';
        const host = hostWith(contents, { node: (page) => nodeOf[page] });
        const result = estimate(host, { selection: 'all', tenantOf });
        const own = (tenant: string): number[] =>
          contents.flatMap((pages, at) => (tenants[at] === tenant ? pages : []));
        const savedOf = (pages: readonly number[]): number => {
          const full = pages.filter((content) => content !== 0);
          return full.length - distinct(full);
        };
        const names = [...new Set(tenants.slice(0, contents.length))];
        expect(
          result.tenants?.each.map(({ name, pages, saved }) => [name, pages, saved.pages]).sort(),
        ).toEqual(names.map((name) => [name, own(name).length, savedOf(own(name))]).sort());
        const kept = names.reduce((sum, name) => sum + savedOf(own(name)), 0);
        expect(result.tenants?.lostToIsolation).toEqual({
          pages: result.saved.pages - kept,
          error: 0,
        });
        // On each node, of what lies there: what all have less what each tenant has.
        const across = [0, 1, 33].map((node) => {
          const on = contents.map((pages) => pages.filter((_one, page) => nodeOf[page] === node));
          const within = names.map((name) =>
            savedOf(on.flatMap((pages, at) => (tenants[at] === name ? pages : []))),
          );
          return savedOf(on.flat()) - within.reduce((sum, each) => sum + each, 0);
        });
        expect(result.tenants?.saved).toEqual({ pages: kept, error: 0 });
        expect(result.tenants?.onNodes).toEqual({
          saved: { pages: result.saved.pages - (result.lostToNodes?.pages ?? 0), error: 0 },
          acrossTenants: { pages: across.reduce((sum, each) => sum + each, 0), error: 0 },
        });
      }),
    );
  });

  it('takes nothing away for pages whose node nobody knows', () => {
    const lost = (...nodes: (number | undefined)[]): number | undefined => {
      const host = hostWith([nodes.map(() => 1)], { node: (page) => nodes[page] });
      return estimate(host, { selection: 'all' }).lostToNodes?.pages;
    };
    expect(lost(undefined, undefined)).toBe(0);
    expect(lost(3, undefined, 3)).toBe(0);
    expect(lost(3, undefined, 0)).toBe(1);
  });

  it('of a sample is within its error 95 times in 100, with contents that very many have', () => {
    let within = 0;
    const tries = 100;
    for (let seed = 0; seed < tries; seed++) {
      const base = seed * 1_000_000 + 1;
      // A tenth of all pages have one content; the others are alone, in pairs, or in sixes.
      const of = (guest: number): number[] =>
        Array.from({ length: 400 }, (_, page) =>
          page < 200
            ? base
            : base + (page % 3 === 0 ? page : page * 10 + (guest % ((page % 5) + 1))),
        );
      const guests = [of(0), of(1), of(2), of(3)];
      const whole = guests.flat().length - distinct(guests.flat());
      const { pages, error } = estimate(hostWith(guests, { oneIn: 16 }), {
        selection: 'all',
      }).saved;
      if (Math.abs(pages - whole) <= error) within++;
    }
    // Contents are made from their numbers: it is the same every time.
    expect(within).toBeGreaterThanOrEqual(95);
  });

  it('goes by what is advised, if anything is', () => {
    const host = hostWith([[1, 1, 1]]);
    host.apply({
      type: 'mapping',
      guest: 1,
      page: 2,
      pages: 3,
      flags: MAPPING_ADVISED,
      node: 0,
      label: '',
    });
    host.apply({ type: 'mapping-gone', guest: 1, page: 4 });
    const auto = estimate(host, { selection: 'auto' });
    expect(auto).toMatchObject({ isAdvised: true, pages: 2, saved: { pages: 1 } });
    expect(auto.unadvisedPages).toBe(1);
    expect(estimate(host, { selection: 'all' }).saved.pages).toBe(2);
  });

  it('counts all of images, whether a process has advised anything or not', () => {
    const host = hostWith([[1, 1], [1]]);
    for (const page of [0, 2])
      host.apply({ ...IMAGE_MAPPING, guest: 1, page, flags: page === 0 ? MAPPING_ADVISED : 0 });
    host.apply({ ...GUEST, guest: 1, name: 'image', pid: 0 });
    const nobody = estimate(host, { selection: 'auto' });
    expect(nobody).toMatchObject({ isAdvised: false, pages: 3, saved: { pages: 2 } });
    host.apply({ ...IMAGE_MAPPING, guest: 2, page: 0, flags: MAPPING_ADVISED });
    const one = estimate(host, { selection: 'auto' });
    expect(one).toMatchObject({ isAdvised: true, pages: 3, saved: { pages: 2 } });
    expect(one.unadvisedPages).toBe(0);
  });

  it('leaves out machines that a device may write to', () => {
    const host = hostWith([
      [1, 1],
      [1, 2],
    ]);
    host.apply({ ...GUEST, guest: 2, isPinned: true });
    const result = estimate(host, { selection: 'auto' });
    expect(result).toMatchObject({ pages: 2, pinnedPages: 2, saved: { pages: 1 } });
  });
});

it('has a huge page that forks share once, as frames, and in each guest that maps it', () => {
  const of = { page: 512, pages: 512 };
  const where = { ...of, flags: 0, node: 0, label: '' };
  const host = hostOf([
    ...[1, 2, 3].flatMap((guest): SweepRecord[] => [
      { ...GUEST, guest, name: `vm${guest}` },
      { type: 'mapping', guest, ...where },
    ]),
    { type: 'pages', guest: 1, ...of, state: PAGE_ZEROES | PAGE_HUGE },
    ...[2, 3].map(
      (guest): SweepRecord => ({
        ...{ type: 'pages', guest, ...of, owner: 1, state: PAGE_SHARED | PAGE_HUGE },
      }),
    ),
  ]);
  const { inHugePages, framesInUse, guests } = estimate(host, { selection: 'all' });
  expect({ inHugePages, framesInUse }).toEqual({ inHugePages: 512, framesInUse: 512 });
  expect(guests.map(({ hugePages }) => hugePages)).toEqual([1, 1, 1]);
});
