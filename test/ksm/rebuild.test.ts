/**
 * A scanner that died anywhere is made good from frames and page tables: whatever guests had done
 * before, every byte is as it was, a recount agrees, what was merged still is, and scanning goes on
 * from there.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CTL_RUN } from '../../src/core/layout.js';
import { checkHost } from '../../src/inspect/check.js';
import { KERNEL_PROFILES } from '../../src/ksm/kernels.js';
import { Ksm } from '../../src/ksm/ksm.js';
import { rebuild } from '../../src/ksm/rebuild.js';
import { finish } from '../../src/machine/long-work.js';
import { HOLDER_SCANNER } from '../../src/machine/pte.js';
import { Snapshot } from '../../src/snapshot/capture.js';
import { Mortal } from '../machine/mortal.js';
import { BenchHost, times } from './bench-host.js';
import { PlainHost, step } from './plain-host.js';

describe.each(KERNEL_PROFILES.map(({ name }) => name))('Linux %s', (kernel) => {
  test('whatever was done, and wherever in a scan it died', () => {
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 10, maxLength: 50, size: 'max' }),
        fc.array(step, { maxLength: 15 }),
        fc.nat({ max: 1000 }),
        fc.boolean(),
        (steps, more, diesAt, isHeld) => {
          const plain = new PlainHost({ kernel, nodes: 2, frames: 200 });
          const { host } = plain;
          plain.take({ do: 'create', node: 0 });
          plain.take({ do: 'create', node: 1 });
          plain.take({ do: 'register', guest: 0, place: 0, pages: 12, mergeable: true });
          plain.take({ do: 'register', guest: 1, place: 0, pages: 12, mergeable: true });
          for (const each of steps) plain.take(each);
          const chunks = isHeld ? Snapshot.take(host).chunks() : undefined;
          new Mortal(host.machine.memory, HOLDER_SCANNER).run(diesAt, (machine) =>
            new Ksm(machine, host.profile, plain.clock).scan(500),
          );
          const used = host.machine.frames.used;
          finish(rebuild(host.ksm, plain.clock.now));
          expect(checkHost(host)).toEqual([]);
          plain.assertBytes();
          // Nothing was unmerged: it takes no frame more, but may give back those on their way when
          // the scanner died.
          expect(host.machine.frames.used).toBeLessThanOrEqual(used);
          chunks?.return?.();
          for (const each of more) {
            plain.take(each);
            expect(checkHost(host)).toEqual([]);
            plain.assertBytes();
          }
          plain.end();
          expect(checkHost(host)).toEqual([]);
          expect(host.machine.frames.used).toBe(0);
        },
      ),
      { numRuns: 150 },
    );
  });
});

test('what was merged stays merged, chains too, and what was not comes to be', () => {
  const bench = new BenchHost();
  bench.host.files.set('max_page_sharing', 4);
  bench.guest('a', [...times(10, 1), 2, 2, 3]);
  bench.guest('b', [1, 2, 4]);
  bench.fullScans(6);
  bench.put('a', 12, 4);
  const names = [
    'pages_shared',
    'pages_sharing',
    'stable_node_chains',
    'stable_node_dups',
  ] as const;
  const [before, used] = [bench.counters(...names), bench.host.machine.frames.used];
  expect(before).toEqual([4, 10, 1, 3]);
  finish(rebuild(bench.host.ksm, 0));
  expect(bench.counters(...names)).toEqual(before);
  expect(bench.host.machine.frames.used).toBe(used);
  bench.fullScans(6);
  expect(bench.counters('pages_shared', 'pages_sharing')).toEqual([5, 11]);
  expect(checkHost(bench.host)).toEqual([]);
});

test('a page of its own is not taken for merged because a snapshot holds it', () => {
  const bench = new BenchHost('2.6.32');
  bench.guest('a', [1, 1, 2]);
  const chunks = Snapshot.take(bench.host).chunks();
  finish(rebuild(bench.host.ksm, 0));
  expect(bench.counters('pages_shared', 'pages_sharing')).toEqual([0, 0]);
  expect(checkHost(bench.host)).toEqual([]);
  chunks.return?.();
  expect(checkHost(bench.host)).toEqual([]);
});

test('an unmerge that its scanner did not live to finish has stopped, and can be asked for again', () => {
  const bench = new BenchHost();
  bench.guest('a', times(8, 1));
  bench.fullScans(3);
  // As a scanner leaves it that dies right after it began.
  bench.host.machine.memory.i32[CTL_RUN] = 2;
  finish(rebuild(bench.host.ksm, 0));
  expect(bench.host.files.tunables().run).toBe(0);
  bench.host.files.set('run', 2);
  expect(bench.counters('pages_shared', 'pages_sharing')).toEqual([0, 0]);
});
