/** What forks share, and what is saved besides, held against the frames that came free. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkHost } from '../../src/inspect/check.js';
import { countForkSharing, families } from '../../src/inspect/fork-sharing.js';
import { savings } from '../../src/inspect/savings.js';
import { finish } from '../../src/machine/long-work.js';
import { BenchHost, PAGE, times } from '../ksm/bench-host.js';

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

/** A thing done to a family of twelve pages each, of which some guests may not be there. */
type Deed = (bench: BenchHost) => void;

const guest = fc.nat(3).map(String);
const page = fc.nat(11);
const deed = fc.oneof(
  fc.record({ guest, page, content: fc.nat(4) }).map(({ guest, page, content }): Deed => {
    return (bench) => {
      if (isThere(bench, guest)) bench.put(guest, page, content);
    };
  }),
  fc.record({ guest, child: guest }).map(({ guest, child }): Deed => {
    return (bench) => {
      if (isThere(bench, guest) && !isThere(bench, child)) bench.host.fork(guest, child);
    };
  }),
  fc.record({ guest, page }).map(({ guest, page }): Deed => {
    return (bench) => {
      if (isThere(bench, guest)) bench.host.madvise(guest, (1 + page) * PAGE, PAGE, 'dontneed');
    };
  }),
  guest.map((name): Deed => {
    return (bench) => {
      if (isThere(bench, name) && bench.host.guests.names().length > 1) bench.host.exitGuest(name);
    };
  }),
);
const scan = fc.record({ scanned: fc.integer({ min: 1, max: 60 }) });

function isThere({ host }: BenchHost, name: string): boolean {
  return host.guests.names().includes(name);
}

test('whoever writes, forks and exits meanwhile, saved is what an unscanned host uses more', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(deed, scan), { minLength: 20, maxLength: 60, size: 'max' }),
      fc.integer({ min: 0, max: 1 }),
      (deeds, zeroPages) => {
        const [scanned, idle] = [new BenchHost(), new BenchHost()];
        for (const bench of [scanned, idle]) {
          bench.host.files.set('smart_scan', 0);
          bench.host.files.set('use_zero_pages', zeroPages);
          bench.guest('0', [1, 1, 2, 2, 3, 3, 0, 0, 1, 2, 3, 4]);
        }
        for (const each of deeds) {
          if (typeof each === 'function') for (const bench of [scanned, idle]) each(bench);
          else scanned.host.ksm.scan(each.scanned);
          const cameFree = idle.host.machine.frames.used - scanned.host.machine.frames.used;
          // A write to a page that KSM has merged leaves its frame there: one more may be in use.
          expect(saved(scanned)).toBe(Math.max(0, cameFree));
          expect(checkHost(scanned.host)).toEqual([]);
        }
      },
    ),
  );
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
