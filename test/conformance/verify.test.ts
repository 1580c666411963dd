/**
 * Verifying finds the first thing that differs, and what a replay observes is what verifying it
 * agrees with.
 */
import { describe, expect, test } from 'vitest';
import { profileOf } from '../../src/conformance/player.js';
import {
  type Observation,
  type Op,
  parseScenario,
  type Scenario,
} from '../../src/conformance/scenario.js';
import { observed, verify } from '../../src/conformance/verify.js';
import { KERNEL_PROFILES, kernelProfile } from '../../src/ksm/kernels.js';

const BARE: Scenario = {
  name: 'bare',
  ops: [
    { op: 'guest', guest: 'a' },
    { op: 'region', guest: 'a', region: 'a0', addr: '0x10000', pages: 8 },
    { op: 'fill', region: 'a0', count: 6, content: 'rand', arg: 7, step: 0 },
    { op: 'scan', pages: 100, times: 3 },
    { op: 'store', region: 'a0', page: 2, offset: 8, value: 1 },
    { op: 'scan', pages: 100 },
    { op: 'set', name: 'max_page_sharing', value: 1 },
    { op: 'set', name: 'run', value: 2 },
    { op: 'madvise', region: 'a0', page: 0, count: 2, advice: 'dontneed' },
    { op: 'unmap', region: 'a0' },
    { op: 'exit', guest: 'a' },
  ],
};

test.each(KERNEL_PROFILES)(
  'a scenario with its own observations agrees with itself: $name',
  (profile) => {
    const seen = observed(BARE, profile);
    const verdict = verify(seen, profile);
    expect(verdict.difference).toBeUndefined();
    // Scans, madvise, unmap, exit and the set of run observe: nine times, the guest's counters but
    // for the last.
    expect(verdict.compared).toBe(8 * profile.counters.length + 7 * profile.guestCounters.length);
    // And so it does once it was written to a file and read again.
    expect(parseScenario(JSON.stringify(seen))).toEqual(seen);
  },
);

test('observations stand where a recording has them, and the errno of a refused set', () => {
  const { ops } = observed(BARE, kernelProfile('6.18'));
  expect(ops.map((step) => ('expect' in step ? step.op : '-'))).toEqual([
    '-',
    '-',
    '-',
    'scan',
    '-',
    'scan',
    '-',
    'set',
    'madvise',
    'unmap',
    'exit',
  ]);
  expect(ops[6]).toEqual({ op: 'set', name: 'max_page_sharing', value: 1, error: 'EINVAL' });
  const scan = ops[3] as Extract<Op, { op: 'scan' }>;
  expect(
    Array.isArray(scan.expect)
      ? scan.expect.map(({ counters }) => [counters.pages_shared, counters.pages_sharing])
      : [],
  ).toEqual([
    [0, 0],
    [1, 5],
    [1, 5],
  ]);
});

test('an observation that differs is named: the step, the batch, the counter and both values', () => {
  const { ops } = observed(BARE, kernelProfile('6.18'));
  const scan = structuredClone(ops[3]) as Extract<Op, { op: 'scan' }>;
  if (!Array.isArray(scan.expect)) throw new Error('a scan with times has a list of observations');
  scan.expect[1].counters.pages_sharing = 4;
  const changed = { ops: ops.with(3, scan) };
  expect(verify(changed, kernelProfile('6.18')).difference).toEqual({
    step: 3,
    op: 'scan',
    batch: 1,
    what: 'pages_sharing',
    kernel: '4',
    ksmd: '5',
  });
});

test("a guest's counter that differs is named with its guest", () => {
  const { ops } = observed(BARE, kernelProfile('6.18'));
  const scan = structuredClone(ops[5]) as Extract<Op, { op: 'scan' }>;
  if (scan.expect === undefined || Array.isArray(scan.expect))
    throw new Error('a single scan has one observation');
  scan.expect.guests.a.ksm_merging_pages = 99;
  const { difference } = verify({ ops: ops.with(5, scan) }, kernelProfile('6.18'));
  expect(difference).toMatchObject({
    step: 5,
    what: 'guest a, ksm_merging_pages',
    kernel: '99',
    ksmd: '5',
  });
});

test('a counter or a guest that is called as what every object has is not there', () => {
  const { ops } = observed(BARE, kernelProfile('6.18'));
  const scan = structuredClone(ops[5]) as Extract<Op, { op: 'scan' }>;
  const difference = (expect: Observation) =>
    verify({ ops: ops.with(5, { ...scan, expect }) }, kernelProfile('6.18')).difference;
  expect(difference({ counters: { constructor: 1 }, guests: {} })?.ksmd).toBe('no such counter');
  expect(difference({ counters: {}, guests: { toString: { length: 0 } } })?.ksmd).toBe(
    'no such counter',
  );
});

test('a set that is refused where the kernel took it, or the other way round, differs', () => {
  const refused: Scenario = { ops: [{ op: 'set', name: 'run', value: 1, error: 'EINVAL' }] };
  expect(verify(refused, kernelProfile('6.18')).difference).toMatchObject({
    step: 0,
    what: 'run=1',
    kernel: 'EINVAL',
    ksmd: 'taken',
  });
  const taken: Scenario = { ops: [{ op: 'set', name: 'run', value: 3 }] };
  expect(verify(taken, kernelProfile('6.18')).difference).toMatchObject({
    step: 0,
    what: 'run=3',
    kernel: 'taken',
    ksmd: 'EINVAL',
  });
});

describe('huge pages and forks', () => {
  const HUGE: Scenario = {
    ops: [
      { op: 'guest', guest: 'a' },
      { op: 'region', guest: 'a', region: 'h', addr: '0x200000', pages: 1000, huge: true },
      { op: 'store', region: 'h', page: 700, offset: 0, value: 1 },
      { op: 'fill', region: 'h', count: 3, content: 'rand', arg: 7, step: 0 },
      { op: 'madvise', region: 'h', advice: 'collapse' },
      { op: 'madvise', region: 'h', page: 600, count: 100, advice: 'collapse' },
      { op: 'fork', guest: 'a', child: 'b' },
      { op: 'scan', pages: 5000, times: 3 },
      { op: 'exit', guest: 'a' },
    ],
  };
  const FOLLOWED = kernelProfile('6.18');
  const { ops } = observed(HUGE, FOLLOWED);
  const differing = (step: number, changed: Op) =>
    verify({ ops: ops.with(step, changed) }, FOLLOWED).difference;

  test.each(KERNEL_PROFILES)('agree with themselves, written and read again: $name', (profile) => {
    const seen = observed(HUGE, profile);
    const { difference, compared } = verify(seen, profile);
    expect(difference).toBeUndefined();
    // Six times the counters; of one guest twice, of two thrice, and of one again; two figures of
    // memory with each.
    const figures = profile.guestCounters.length + 2;
    expect(compared).toBe(6 * profile.counters.length + 9 * figures);
    expect(parseScenario(JSON.stringify(seen))).toEqual(seen);
  });

  test('are told with what is resident of each guest, and the errno of a refused madvise', () => {
    const memory = ops.map((step) => ('expect' in step ? step.expect : undefined));
    expect(ops[4]).not.toHaveProperty('error');
    expect(memory[4]).toMatchObject({ memory: { a: { rss: 1000 - 488 + 1, huge: 1 } } });
    expect(ops[5]).toMatchObject({ op: 'madvise', error: 'EINVAL' });
    const scans = memory[7];
    if (!Array.isArray(scans)) throw new Error('a scan with times has a list of observations');
    expect(scans.map((seen) => seen.memory)).toEqual([
      { a: { rss: 513, huge: 1 }, b: { rss: 513, huge: 1 } },
      { a: { rss: 4, huge: 0 }, b: { rss: 4, huge: 0 } },
      { a: { rss: 4, huge: 0 }, b: { rss: 4, huge: 0 } },
    ]);
    expect(memory[8]).toMatchObject({ memory: { b: { rss: 4, huge: 0 } } });
  });

  test('that differ in what is resident are named with the guest', () => {
    const exit = structuredClone(ops[8]) as Extract<Op, { op: 'exit' }>;
    if (exit.expect?.memory === undefined) throw new Error('an exit tells what is resident');
    exit.expect.memory.b.huge = 1;
    expect(differing(8, exit)).toMatchObject({
      step: 8,
      what: 'guest b, huge',
      kernel: '1',
      ksmd: '0',
    });
    exit.expect.memory = { constructor: { rss: 0, huge: 0 } };
    expect(differing(8, exit)?.ksmd).toBe('no such counter');
  });

  test('that are refused where the kernel took them, or the other way round, differ', () => {
    const { error: _error, ...taken } = ops[5] as Extract<Op, { op: 'madvise' }>;
    expect(differing(5, taken)).toMatchObject({
      what: 'collapse',
      kernel: 'taken',
      ksmd: 'EINVAL',
    });
    expect(differing(5, { ...taken, error: 'EAGAIN' })).toMatchObject({
      kernel: 'EAGAIN',
      ksmd: 'EINVAL',
    });
    const refused = { ...(ops[4] as Extract<Op, { op: 'madvise' }>), error: 'ENOMEM' };
    expect(differing(4, refused)).toMatchObject({ step: 4, kernel: 'ENOMEM', ksmd: 'taken' });
  });

  test('are not told of where there are none', () => {
    for (const step of observed(BARE, FOLLOWED).ops)
      if ('expect' in step) expect(step.expect).not.toHaveProperty('memory');
  });
});

test('a scan with fewer observations than batches differs', () => {
  const { ops } = observed(BARE, kernelProfile('6.18'));
  const scan = { ...(ops[3] as Extract<Op, { op: 'scan' }>), times: 4 };
  expect(verify({ ops: ops.with(3, scan) }, kernelProfile('6.18')).difference).toMatchObject({
    step: 3,
    what: 'batches',
    kernel: '3',
    ksmd: '4',
  });
});

test('the profile follows the kernel that was recorded', () => {
  const of = (kernel: string) => profileOf({ kernel, ops: [] }).name;
  expect([of('6.18.44'), of('6.12'), of('6.1.0-39-amd64')]).toEqual(['6.18', '6.12', '6.1']);
  expect(profileOf({ ops: [] }).name).toBe('6.18');
  expect(profileOf({ kernel: '6.18.44', ops: [] }, '6.1').name).toBe('6.1');
  expect(of('6.10.3')).toBe('6.10');
  expect(() => of('Linux')).toThrow(expect.objectContaining({ code: 'EINVAL' }));
});
