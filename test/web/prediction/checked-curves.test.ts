/** Which data of a file are curves that can be drawn. */
import { expect, test } from 'vitest';
import { curvesOf } from '../../../src/cli/commands/foresee/page/curves.js';
import { areCurves } from '../../../src/web/prediction/checked-curves.js';
import { run, samples } from './told.js';

/** As they come out of a file. */
const written = (): Record<string, unknown> & { runs: Record<string, unknown>[] } =>
  JSON.parse(
    JSON.stringify(
      curvesOf(
        [20, 100].map((pages) => run({ pages_to_scan: `${pages}` }, samples(9, 3, 40))),
        4096,
      ).drawn,
    ),
  );

test('what ksmd writes is', () => {
  expect(areCurves(written())).toBe(true);
});

const OTHERS: Readonly<Record<string, unknown>> = {
  labelled: [undefined, 7],
  label: [undefined, null, 7],
  colour: [undefined, 'red', 1.5],
  isDashed: [undefined, 'yes'],
  seconds: [
    undefined,
    [],
    'abc',
    [0, 1],
    [0, 1, 2, 3, 4, 5, 6, 8, 7],
    [0, 1, 2, 3, 4, 5, 6, 7, 1e15],
  ],
  savedBytes: [undefined, [], Array(9).fill('1'), Array(9).fill(null), Array(9).fill(1e300)],
  hugePages: [undefined, Array(10).fill(0)],
  kindBytes: [undefined, null, {}, { shared: [] }],
  processor: [
    undefined,
    null,
    { seconds: [0, 1], share: [null] },
    { seconds: [0, 1], share: [null, '1'] },
    { seconds: [1, 0], share: [null, 1] },
  ],
};

test.each(
  Object.entries(OTHERS).flatMap(([name, values]) =>
    (values as unknown[]).map((value) => [name, value] as const),
  ),
)('with another %s (%j) they are not', (name, value) => {
  const data = written();
  const [, second] = data.runs;
  Object.assign(name === 'labelled' ? data : (second ?? {}), { [name]: value });
  expect(areCurves(data)).toBe(false);
});

test('nor are none, more than anybody draws, and what is something else', () => {
  const { runs, labelled } = written();
  const [first] = runs;
  for (const data of [
    ...[undefined, null, 7, 'curves', [], {}, { labelled }, { labelled, runs: {} }],
    ...[
      { labelled, runs: [] },
      { labelled, runs: [null] },
    ],
    { labelled, runs: Array(65).fill(first) },
  ])
    expect(areCurves(data)).toBe(false);
  const long = Array.from({ length: 20_001 }, (_, at) => at);
  const kindBytes = Object.fromEntries(
    ['shared', 'sharing', 'zero', 'unshared', 'volatile'].map((kind) => [kind, long]),
  );
  const each = { ...first, seconds: long, savedBytes: long, hugePages: long, kindBytes };
  expect(areCurves({ labelled, runs: [each] })).toBe(false);
});
