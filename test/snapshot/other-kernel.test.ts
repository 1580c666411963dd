/**
 * A snapshot brought back under another kernel than it was taken of: all that this one knows is
 * there again, the rest is left out and told.
 */
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { checkHost } from '../../src/inspect/check.js';
import { ManualClock } from '../../src/ksm/clock.js';
import { Host } from '../../src/ksm/host.js';
import type { ProfileName } from '../../src/ksm/kernels.js';
import { BenchHost, PAGE, times } from '../ksm/bench-host.js';
import { PlainHost, step } from '../ksm/plain-host.js';
import { Directory, snapshotOf, visibleIn } from './files.js';

const directory = new Directory();
afterAll(() => directory.remove());

/** The host that comes of it as that kernel, and what is told. */
function restoredAs(kernel: ProfileName, file: Uint8Array): { host: Host; leftOut: string[] } {
  return directory.open(file, (snapshot) => {
    const { pageSize } = snapshot.header;
    const sizes = { memoryBytes: 400 * pageSize, pageSize, guestPages: 600 };
    const host = Host.create({ ...sizes, kernel }, new ManualClock());
    return { host, leftOut: snapshot.restoreTo(host, 0) };
  });
}

/** What guests see: that they may ask for all of it to merge is the kernel's to say. */
function seenIn(host: Host): object[] {
  return visibleIn(host).map(({ mergesAny: _asked, ...guest }) => guest);
}

const OLDER: readonly [from: ProfileName, to: ProfileName][] = [
  ['6.18', '6.12'],
  ['6.18', '6.8'],
  ['6.12', '6.1'],
  ['6.18', '4.11'],
  ['6.18', '2.6.32'],
  ['6.1', '2.6.32'],
  ['2.6.32', '6.18'],
  ['6.1', '6.18'],
];

describe.each(OLDER)('of Linux %s, under %s', (from, to) => {
  test('any host comes back with what guests see, and goes on', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 10, maxLength: 60, size: 'max' }), (steps) => {
        const plain = new PlainHost({ kernel: from, nodes: 2, frames: 200 });
        plain.take({ do: 'create', node: 0 });
        plain.take({ do: 'create', node: 1 });
        plain.take({ do: 'register', guest: 0, place: 0, pages: 12, mergeable: true });
        plain.take({ do: 'register', guest: 1, place: 0, pages: 12, mergeable: true });
        for (const each of steps) plain.take(each);
        const seen = seenIn(plain.host);
        const { host } = restoredAs(to, snapshotOf(plain.host));
        expect(checkHost(host)).toEqual([]);
        expect(seenIn(host)).toEqual(seen);
        expect(host.machine.frames.used).toBeLessThanOrEqual(plain.host.machine.frames.used);
        for (let scan = 0; scan < 4; scan++) host.ksm.scan(5000);
        expect(seenIn(host)).toEqual(seen);
        expect(checkHost(host)).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });
});

describe('it tells of', () => {
  test('tunables that the kernel has not, and keeps those it has', () => {
    const bench = new BenchHost('6.18');
    bench.host.files.set('pages_to_scan', 777);
    const { host, leftOut } = restoredAs('6.1', snapshotOf(bench.host));
    expect(leftOut).toEqual([
      'Linux 6.1 has no smart_scan, advisor_mode, advisor_max_cpu, advisor_min_pages_to_scan, ' +
        'advisor_max_pages_to_scan, advisor_target_scan_time: left out',
    ]);
    expect(host.files.tunables()).toMatchObject({ pages_to_scan: 777, max_page_sharing: 256 });
    expect(host.files.tunables()).not.toHaveProperty('smart_scan');
  });

  test('PR_SET_MEMORY_MERGE: what is mergeable stays so', () => {
    const bench = new BenchHost('6.18');
    bench.host.createGuest('g');
    bench.host.prctl('g', true);
    bench.host.map('g', 'r', 2);
    const { host, leftOut } = restoredAs('6.1', snapshotOf(bench.host));
    expect(leftOut[1]).toBe(
      'Linux 6.1 has no PR_SET_MEMORY_MERGE: what is mergeable stays so, and what g will map ' +
        'is not',
    );
    expect(checkHost(host)).toEqual([]);
  });

  test('KSM pages of one content, which become one where there is no max_page_sharing', () => {
    const bench = new BenchHost('6.18');
    bench.host.files.set('max_page_sharing', 2);
    bench.guest('a', times(8, 5));
    bench.fullScans(3);
    expect(bench.counters('pages_shared', 'pages_sharing')).toEqual([4, 4]);
    const { host, leftOut } = restoredAs('2.6.32', snapshotOf(bench.host));
    expect(leftOut.at(-1)).toBe(
      'Linux 2.6.32 shares no content in two frames: 6 pages moved to another',
    );
    expect(host.files.counters()).toMatchObject({ pages_shared: 1, pages_sharing: 7 });
    expect(host.machine.frames.used).toBe(1);
    const page = new Uint8Array(PAGE);
    host.memory.load('a', PAGE, page);
    expect(page[PAGE - 1]).toBe(5);
    expect(checkHost(host)).toEqual([]);
  });

  test('nothing where nothing is left out', () => {
    const bench = new BenchHost('6.12');
    bench.guest('a', times(4, 5));
    bench.fullScans(3);
    expect(restoredAs('6.18', snapshotOf(bench.host)).leftOut).toEqual([]);
  });
});
