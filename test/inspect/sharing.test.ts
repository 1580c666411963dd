/** Whose pages are equal: within a guest, between guests, and zeroes, which are told apart. */
import { expect, test } from 'vitest';
import { countForkSharing, families } from '../../src/inspect/fork-sharing.js';
import { savings } from '../../src/inspect/savings.js';
import { takeSharing } from '../../src/inspect/sharing.js';
import { finish } from '../../src/machine/long-work.js';
import { BenchHost, times } from '../ksm/bench-host.js';

test('each page that needs no frame counts once, by whose like it is', () => {
  const bench = new BenchHost();
  bench.guest('a', [1, 1, 1, 2, 3, 0, 0]);
  bench.guest('b', [1, 2, 2, 4, 0]);
  bench.fullScans(3);
  const sharing = finish(takeSharing(bench.host));
  expect(sharing).toEqual({ zeroPages: 2, withinGuestPages: 3, betweenGuestsPages: 2 });
  expect(bench.counters('pages_sharing')).toEqual([7]);
});

test('pages that map the zero page are zeroes too', () => {
  const bench = new BenchHost();
  bench.host.files.set('use_zero_pages', 1);
  bench.guest('a', [...times(5, 0), 1]);
  bench.fullScans(3);
  expect(finish(takeSharing(bench.host))).toEqual({
    zeroPages: 5,
    withinGuestPages: 0,
    betweenGuestsPages: 0,
  });
});

test('what has not merged is none of it', () => {
  const bench = new BenchHost();
  bench.guest('a', [0, 0, 1, 1]);
  expect(finish(takeSharing(bench.host))).toEqual({
    zeroPages: 0,
    withinGuestPages: 0,
    betweenGuestsPages: 0,
  });
});

test('it adds up to what is saved where max_page_sharing parts what forks share', () => {
  for (let limit = 2; limit <= 8; limit++)
    for (let pages = 1; pages <= 7; pages++) {
      const bench = new BenchHost();
      bench.host.files.set('max_page_sharing', limit);
      bench.guest('parent', [...times(pages, 7), 1, 0, 0]);
      bench.host.fork('parent', 'child');
      bench.host.fork('child', 'grandchild');
      bench.guest('other', [1, 7]);
      bench.fullScans(20);
      const sharing = finish(takeSharing(bench.host));
      if (sharing === undefined) throw new Error('nobody changes regions here');
      const forked = finish(countForkSharing(bench.host, families(bench.host))) ?? 0;
      const told = Object.values(sharing).reduce((sum, part) => sum + part, 0);
      expect([limit, pages, told]).toEqual([limit, pages, savings(bench.host, forked).pages]);
    }
});

test('pages that forks have written alike at the same place are equal between guests', () => {
  const bench = new BenchHost();
  bench.guest('parent', [1, 2, 2]);
  for (const child of ['one', 'two', 'three']) bench.host.fork('parent', child);
  for (const child of ['one', 'two', 'three']) bench.put(child, 0, 9);
  bench.fullScans(4);
  const sharing = finish(takeSharing(bench.host));
  expect(sharing).toEqual({ zeroPages: 0, withinGuestPages: 1, betweenGuestsPages: 2 });
});

test('what a fork shares is none of it: what is left adds up to what is saved', () => {
  const bench = new BenchHost();
  bench.host.files.set('use_zero_pages', 1);
  bench.guest('parent', [1, 1, 2, 0, 3]);
  bench.host.fork('parent', 'child');
  bench.host.fork('child', 'grandchild');
  bench.guest('other', [2]);
  bench.fullScans(4);
  const sharing = finish(takeSharing(bench.host));
  expect(sharing).toEqual({ zeroPages: 1, withinGuestPages: 1, betweenGuestsPages: 1 });
  const forked = finish(countForkSharing(bench.host, families(bench.host))) ?? 0;
  expect(savings(bench.host, forked).pages).toBe(3);
});
