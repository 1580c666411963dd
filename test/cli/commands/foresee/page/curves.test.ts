/** What a page's curves are drawn from. */
import { expect, test } from 'vitest';
import { curvesOf } from '../../../../../src/cli/commands/foresee/page/curves.js';
import { run, samples } from '../../../../web/prediction/told.js';

test('few samples are drawn as they are, and the share of a processor is that between two', () => {
  const { drawn, oneIn, averaged } = curvesOf([run({}, samples(3, 1, 5))], 4096);
  expect([oneIn, averaged]).toEqual([1, 1]);
  expect(drawn.runs).toEqual([
    {
      label: "the kernel's own",
      colour: 1,
      isDashed: false,
      seconds: [0, 1, 2],
      savedBytes: [2 ** 20, 2 ** 20 + 2 ** 23, 2 ** 20 + 3 * 2 ** 22],
      processor: { seconds: [0, 1, 2], share: [null, 0.45, 0.25] },
      hugePages: [5, 4, 3],
      kindBytes: {
        shared: [0, 2 ** 21, 3 * 2 ** 20],
        sharing: [0, 2 ** 23, 3 * 2 ** 22],
        zero: [0, 0, 0],
        unshared: [2 ** 23, 2 ** 23, 2 ** 23],
        volatile: [2 ** 22, 2 ** 22, 2 ** 22],
      },
    },
  ]);
});

test.each([2000, 2001, 3998, 3999, 10_000])(
  'of %i samples no more are drawn than a chart shows, the first and the last among them',
  (count) => {
    const predicted = samples(count, 100);
    const { drawn, oneIn } = curvesOf([run({}, predicted)], 4096);
    const [curves] = drawn.runs;
    expect(curves?.seconds.length).toBeLessThanOrEqual(2000);
    expect(curves?.seconds.length).toBeGreaterThanOrEqual(1000);
    expect(curves?.seconds.slice(0, 2)).toEqual([0, oneIn]);
    expect(curves?.seconds.at(-1)).toBe(count - 1);
    expect(curves?.savedBytes.at(-1)).toBe(predicted.at(-1)?.freed_bytes);
  },
);

test('averages of the processor time come to all of it', () => {
  const all = [run({ smart_scan: '0' }, samples(1000, 7)), run({}, samples(1000, 3))];
  const { drawn, averaged } = curvesOf(all, 4096);
  expect(averaged).toBe(9);
  for (const [at, { processor }] of drawn.runs.entries()) {
    expect(processor.seconds.length).toBeLessThanOrEqual(120);
    const total = processor.share.reduce<number>(
      (sum, share, i) =>
        sum + (share ?? 0) * ((processor.seconds[i] ?? 0) - (processor.seconds[i - 1] ?? 0)),
      0,
    );
    expect(total).toBeCloseTo(all[at]?.predicted.samples.at(-1)?.kernel_cpu_seconds ?? 0, 2);
  }
});

test('a legend names what tells settings apart, by values alone where that is much', () => {
  const of = (...settings: Record<string, string>[]) => {
    const { drawn } = curvesOf(
      settings.map((each) => run(each, samples(2, 1))),
      4096,
    );
    return [drawn.labelled, ...drawn.runs.map(({ label }) => label)];
  };
  expect(of({ run: '1', smart_scan: '0' })).toEqual(['', 'run=1 smart_scan=0']);
  expect(of({ run: '1', smart_scan: '0' }, { run: '1', smart_scan: '1' })).toEqual([
    '',
    'smart_scan=0',
    'smart_scan=1',
  ]);
  expect(of({ run: '0', smart_scan: '0' }, { run: '1' })).toEqual([
    '',
    'run=0 smart_scan=0',
    'run=1',
  ]);
  expect(of({ run: '0', smart_scan: '0' }, { run: '1', smart_scan: '1' })).toEqual([
    'run · smart_scan',
    '0 · 0',
    '1 · 1',
  ]);
  expect(of({ run: '1' }, { run: '1' })).toEqual(['', 'run=1', 'run=1']);
});

test('no two curves look the same', () => {
  const { drawn } = curvesOf(
    Array.from({ length: 40 }, (_, at) => run({ pages_to_scan: String(at) }, samples(2, 1))),
    4096,
  );
  const looks = drawn.runs.map(({ colour, isDashed }) => `${colour} ${isDashed}`);
  expect(looks).toHaveLength(16);
  expect(new Set(looks).size).toBe(16);
});
