/** What forks share, and what is saved besides, held against the frames that came free. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countForkSharing, families } from '../../src/inspect/fork-sharing.js';
import { savings } from '../../src/inspect/savings.js';
import { finish } from '../../src/machine/long-work.js';
import { BenchHost, times } from '../ksm/bench-host.js';

function saved({ host }: BenchHost): number {
  return savings(host, finish(countForkSharing(host, families(host))) ?? 0).pages;
}

test('a content that takes several frames is saved once, whoever shares it by a fork', () => {
  const bench = new BenchHost();
  bench.host.files.set('smart_scan', 0);
  bench.host.files.set('max_page_sharing', 4);
  bench.guest('parent', times(40, 1));
  bench.host.fork('parent', 'one');
  bench.host.fork('parent', 'two');
  const { used } = bench.host.machine.frames;
  expect(saved(bench)).toBe(0);
  bench.fullScans(6);
  const left = bench.host.machine.frames.used;
  expect(left).toBeLessThan(used);
  expect(left).toBeGreaterThan(1);
  expect(saved(bench)).toBe(used - left);
});

test('no more is ever saved than frames came free', () => {
  const contents = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 25 });
  fc.assert(
    fc.property(
      contents,
      contents,
      fc.integer({ min: 2, max: 6 }),
      fc.integer({ min: 1, max: 8 }),
      (parent, other, limit, scans) => {
        const bench = new BenchHost();
        bench.host.files.set('smart_scan', 0);
        bench.host.files.set('max_page_sharing', limit);
        bench.guest('parent', parent);
        bench.guest('other', other);
        for (const child of ['one', 'two', 'three']) bench.host.fork('parent', child);
        const { used } = bench.host.machine.frames;
        bench.fullScans(scans);
        expect(saved(bench)).toBe(used - bench.host.machine.frames.used);
      },
    ),
  );
});
