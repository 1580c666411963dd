/**
 * The cursor: every page is met once in a full scan, in order of address, wherever a batch ends and
 * whatever lies between.
 */

import { expect, test } from 'vitest';
import { SLOT_WORDS } from '../../src/core/layout.js';
import { checkHost } from '../../src/inspect/check.js';
import { BenchHost, PAGE, times } from './bench-host.js';

test('no page is passed over behind untouched memory, in whatever order regions were mapped', () => {
  const bench = new BenchHost();
  bench.host.createGuest('g');
  // By address `low` ends where `high` begins; by slots it is the other way round, and the group
  // behind `low` is untouched.
  bench.host.map('g', 'high', 64, { address: 65 * PAGE });
  bench.host.map('g', 'low', 1, { address: 64 * PAGE });
  expect(bench.host.guests.firstSlot('g', 'low') - bench.host.guests.firstSlot('g', 'high')).toBe(
    64 * SLOT_WORDS,
  );
  bench.host.memory.store('g', 65 * PAGE, new Uint8Array(64 * PAGE).fill(1));
  bench.fullScans();
  expect(bench.counters('pages_scanned', 'pages_volatile')).toEqual([64, 64]);
  expect(checkHost(bench.host)).toEqual([]);
});

test('however large the batches, a full scan takes as many pages', () => {
  for (const batch of [1, 2, 3, 7, 64, 100]) {
    const bench = new BenchHost();
    bench.host.files.set('smart_scan', 0);
    bench.guest('a', [1, 1, 2]);
    bench.guest('b', times(70, 1));
    bench.host.createGuest('c');
    bench.host.map('c', 'empty', 100, { address: PAGE });
    let scanned = 0;
    while (bench.counters('full_scans')[0] !== 3) scanned += bench.host.ksm.scan(batch);
    expect(scanned, `batches of ${batch}`).toBe(3 * 73);
    expect(
      bench.counters('pages_scanned', 'pages_shared', 'pages_sharing', 'pages_unshared'),
    ).toEqual([3 * 73, 1, 71, 1]);
  }
});

test('a guest without mergeable memory is forgotten once its rmap items are gone', () => {
  const bench = new BenchHost();
  bench.guest('g', [1, 2]);
  bench.fullScans(2);
  bench.host.madvise('g', PAGE, 2 * PAGE, 'unmergeable');
  bench.fullScans();
  expect(bench.counters('full_scans', 'pages_unshared')).toEqual([3, 0]);
  expect(bench.host.files.guestCounters('g')).toMatchObject({ ksm_rmap_items: 0 });
  // Nobody is left to be scanned.
  bench.fullScans();
  expect(bench.counters('full_scans')).toEqual([3]);
});
