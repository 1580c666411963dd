/** A file that is no scenario is refused in one line that names the place. */
import { describe, expect, test } from 'vitest';
import { parseScenario } from '../../src/conformance/scenario.js';
import { isKsmdError } from '../../src/errors.js';
import { NAME_RULE } from '../../src/names.js';

const START = [
  { op: 'guest', guest: 'a' },
  { op: 'region', guest: 'a', region: 'r', addr: '0x10000', pages: 4 },
];

function refusal(text: string): string {
  try {
    parseScenario(text);
  } catch (error) {
    if (isKsmdError(error, 'EINVAL')) return error.message;
    throw error;
  }
  return 'taken';
}

/** What is said of a scenario that goes on with `step`. */
function refusalOf(step: unknown): string {
  return refusal(JSON.stringify({ ops: [...START, step] }));
}

test('what is no JSON, or no scenario, is refused', () => {
  expect(refusal('{')).toMatch(/^is no JSON: /);
  expect(refusal('[]')).toMatch(/^scenario: /);
  expect(refusal('{}')).toBe("scenario: lacks 'ops'");
  expect(refusal('{"ops":[],"opz":1}')).toBe("scenario: has no field 'opz'");
  expect(refusal('{"ops":[{}]}')).toBe("scenario, ops.0: lacks 'op'");
  expect(refusal('{"ops":[],"kernel":6}')).toMatch(/^scenario, kernel: /);
});

test.each([
  [{ op: 'jump' }, /^ops\[2\]: there is no op 'jump' \(there are set, guest,/],
  [{ op: 'toString' }, /^ops\[2\]: there is no op 'toString'/],
  [{ op: 'scan' }, /^ops\[2\] \(scan\): lacks 'pages'$/],
  [{ op: 'scan', pages: 0 }, /^ops\[2\] \(scan\), pages: /],
  [{ op: 'scan', pages: 1.5 }, /^ops\[2\] \(scan\), pages: /],
  [{ op: 'scan', pages: 1, time: 2 }, /^ops\[2\] \(scan\): has no field 'time'$/],
  [{ op: 'set', name: 'run' }, /^ops\[2\] \(set\): lacks 'value'$/],
  [{ op: 'fill', region: 'r', content: 'noise' }, /^ops\[2\] \(fill\), content: /],
  [{ op: 'madvise', region: 'r', advice: 'hugepage' }, /^ops\[2\] \(madvise\), advice: /],
  [{ op: 'store', region: 'r', page: 0, offset: 4089, value: 1 }, /^ops\[2\] \(store\), offset: /],
  [
    { op: 'region', guest: 'a', region: 's', addr: '65536', pages: 1 },
    /^ops\[2\] \(region\), addr: /,
  ],
  [{ op: 'guest', guest: 'b', node: 16 }, /^ops\[2\] \(guest\), node: /],
  [
    { op: 'region', guest: 'a', region: 's', addr: '0x200000', pages: 512, huge: 'yes' },
    /^ops\[2\] \(region\), huge: /,
  ],
  [{ op: 'fork', guest: 'a' }, /^ops\[2\] \(fork\): lacks 'child'$/],
  [
    { op: 'madvise', region: 'r', advice: 'collapse', error: 'because' },
    /^ops\[2\] \(madvise\), error: /,
  ],
  [
    { op: 'unmap', region: 'r', expect: { counters: {}, guests: {}, memory: { a: { rss: 1 } } } },
    /^ops\[2\] \(unmap\), expect\.memory\.a: lacks 'huge'$/,
  ],
])('a step with a wrong op, field or value: %j', (step, message) => {
  expect(refusalOf(step)).toMatch(message);
});

test.each([
  [{ op: 'guest', guest: 'a' }, "ops[2] (guest): guest 'a' exists already"],
  [{ op: 'exit', guest: 'b' }, "ops[2] (exit): there is no guest 'b' at this point"],
  [
    { op: 'region', guest: 'b', region: 's', addr: '0x1000', pages: 1 },
    "ops[2] (region): there is no guest 'b' at this point",
  ],
  [
    { op: 'region', guest: 'a', region: 'r', addr: '0x1000', pages: 1 },
    "ops[2] (region): region 'r' exists already",
  ],
  [{ op: 'unmap', region: 's' }, "ops[2] (unmap): there is no region 's' at this point"],
  [
    { op: 'fill', region: 'r', page: 3, count: 2, content: 'zero' },
    "ops[2] (fill): pages 3 to 4 of 'r', which has 4",
  ],
  [{ op: 'fork', guest: 'b', child: 'c' }, "ops[2] (fork): there is no guest 'b' at this point"],
  [{ op: 'fork', guest: 'a', child: 'a' }, "ops[2] (fork): guest 'a' exists already"],
  [{ op: 'unmap', region: 'r@b' }, "ops[2] (unmap): there is no region 'r@b' at this point"],
  [
    { op: 'madvise', region: 'r', page: 4, advice: 'dontneed' },
    "ops[2] (madvise): pages 4 to 3 of 'r', which has 4",
  ],
  [
    { op: 'store', region: 'r', page: 4, offset: 0, value: 1 },
    "ops[2] (store): page 4 of 'r', which has 4",
  ],
])('a step that names what is not there: %j', (step, message) => {
  expect(refusalOf(step)).toBe(message);
});

test('a region goes with its guest, and its name may be taken again', () => {
  const after = (step: object) =>
    refusal(JSON.stringify({ ops: [...START, { op: 'exit', guest: 'a' }, step] }));
  expect(after({ op: 'unmap', region: 'r' })).toBe(
    "ops[3] (unmap): there is no region 'r' at this point",
  );
  expect(after({ op: 'guest', guest: 'a' })).toBe('taken');
});

describe('what a fork makes', () => {
  const FORKED = [...START, { op: 'fork', guest: 'a', child: 'b' }];
  const saidOf = (...steps: readonly object[]) =>
    refusal(JSON.stringify({ ops: [...FORKED, ...steps] }));
  const EXIT_A = { op: 'exit', guest: 'a' };

  test("is a guest of its own, whose regions are the parent's with its name to them", () => {
    expect(
      saidOf(
        { op: 'fill', region: 'r@b', page: 3, content: 'zero' },
        { op: 'store', region: 'r@b', page: 0, offset: 0, value: 1 },
        EXIT_A,
        { op: 'madvise', region: 'r@b', advice: 'collapse' },
        { op: 'fork', guest: 'b', child: 'a' },
        { op: 'unmap', region: 'r@b@a' },
        { op: 'unmap', region: 'r@b' },
        { op: 'exit', guest: 'b' },
      ),
    ).toBe('taken');
    expect(saidOf({ op: 'store', region: 'r@b', page: 4, offset: 0, value: 1 })).toBe(
      "ops[3] (store): page 4 of 'r@b', which has 4",
    );
  });

  test('goes when that guest does, and not with its parent', () => {
    expect(saidOf(EXIT_A, { op: 'unmap', region: 'r' })).toBe(
      "ops[4] (unmap): there is no region 'r' at this point",
    );
    expect(saidOf({ op: 'exit', guest: 'b' }, { op: 'unmap', region: 'r@b' })).toBe(
      "ops[4] (unmap): there is no region 'r@b' at this point",
    );
  });

  test("has no region that the parent had not, nor the parent one of the child's", () => {
    const later = { op: 'region', guest: 'a', region: 's', addr: '0x200000', pages: 1 };
    expect(saidOf(later, { op: 'unmap', region: 's@b' })).toMatch(/there is no region 's@b'/);
    expect(saidOf({ ...later, guest: 'b' }, { op: 'unmap', region: 's' })).toBe('taken');
  });

  test.each(['r@', '@b', 'r@b c', `r${'@b'.repeat(17)}`])('is not called %j', (region) => {
    expect(saidOf({ op: 'unmap', region })).toBe(`ops[3] (unmap), region: must be ${NAME_RULE}`);
  });

  test('is at most so many regions at a time', () => {
    const regions = Array.from({ length: 128 }, (_, number) => ({
      op: 'region',
      guest: 'a',
      region: `r${number}`,
      addr: '0x100000',
      pages: 1,
    }));
    const forks = (count: number) =>
      Array.from({ length: count }, (_, number) => ({
        op: 'fork',
        guest: 'a',
        child: `c${number}`,
      }));
    const asked = (count: number) =>
      refusal(JSON.stringify({ ops: [{ op: 'guest', guest: 'a' }, ...regions, ...forks(count)] }));
    expect(asked(127)).toBe('taken');
    expect(asked(128)).toBe('ops[256] (fork): more than 16384 regions at a time');
  });
});

test('a scenario is read as it is written', () => {
  const scenario = {
    name: 'n',
    about: 'a',
    kernel: '6.18.1',
    ops: [
      ...START,
      { op: 'region', guest: 'a', region: 'h', addr: '0x200000', pages: 512, huge: true },
      { op: 'fork', guest: 'a', child: 'b' },
      {
        op: 'madvise',
        region: 'h@b',
        advice: 'collapse',
        error: 'EINVAL',
        expect: { counters: {}, guests: {}, memory: { a: { rss: 0, huge: 0 } } },
      },
      { op: 'scan', pages: 3, times: 2 },
    ],
  };
  expect(parseScenario(JSON.stringify(scenario))).toEqual(scenario);
});

describe('names are those that the socket takes', () => {
  const rule = `must be ${NAME_RULE}`;

  test.each(['\x1b]0;owned\x07', '<b>', 'a b', '..', '', 'n'.repeat(65)])('not %j', (name) => {
    expect(refusalOf({ op: 'guest', guest: name })).toBe(`ops[2] (guest), guest: ${rule}`);
    expect(refusalOf({ op: 'region', guest: 'a', region: name, addr: '0x1000', pages: 1 })).toBe(
      `ops[2] (region), region: ${rule}`,
    );
  });

  test('nor in what a kernel is said to have done', () => {
    const expected = (expect: object) => refusalOf({ op: 'scan', pages: 1, expect });
    expect(expected({ counters: {}, guests: { '\x1b[2J': {} } })).toMatch(
      /^ops\[2\] \(scan\), expect/,
    );
    expect(expected({ counters: { '\x1b[2J': 1 }, guests: {} })).toMatch(
      /^ops\[2\] \(scan\), expect/,
    );
    expect(refusalOf({ op: 'set', name: 'run', value: 1, error: '\x1b[2J' })).toMatch(
      /^ops\[2\] \(set\), error: /,
    );
    expect(refusalOf({ op: 'set', name: 'r\n', value: 1 })).toMatch(/^ops\[2\] \(set\), name: /);
  });
});

test('what is quoted of a file is printable and short', () => {
  const said = [
    refusalOf({ op: '\x1b[2J'.repeat(1000) }),
    refusalOf({ op: 'guest', guest: 'b', ['\x1b[2J'.repeat(1000)]: 1 }),
    refusalOf({ op: 'guest', guest: 'b', ...Object.fromEntries(Array(1000).entries()) }),
    refusalOf({
      op: 'scan',
      pages: 1,
      expect: { counters: {}, guests: { ['g'.repeat(1e6)]: {} } },
    }),
    refusal('{"ops": [\n\x1b[2J'),
  ];
  for (const sentence of said) expect(sentence).toMatch(/^[\x20-\x7e…]{1,400}$/);
});

test.each([
  [
    { op: 'scan', pages: 2 ** 24, times: 100_000 },
    { op: 'region', guest: 'a', region: 's', addr: '0x100000', pages: 2 ** 20 },
    /visits more than 268435456 pages in all$/,
  ],
  [
    { op: 'scan', pages: 1, times: 100_000 },
    { op: 'guest', guest: 'b' },
    /more than 262144 observations in all$/,
  ],
  [
    { op: 'scan', pages: 1, times: 100_000 },
    { op: 'fork', guest: 'a', child: 'b' },
    /more than 262144 observations in all$/,
  ],
  [
    { op: 'khugepaged', pages: 2 ** 24, times: 100_000 },
    { op: 'region', guest: 'a', region: 's', addr: '0x100000', pages: 2 ** 20 },
    /visits more than 268435456 pages in all$/,
  ],
])(
  'a scenario that asks for too much is refused before a step is taken: %j',
  (step, before, said) => {
    expect(refusal(JSON.stringify({ ops: [...START, before, step] }))).toMatch(said);
  },
);

test('pages that a fork copies are visited too, and are so many more', () => {
  const region = { op: 'region', guest: 'a', region: 's', addr: '0x100000', pages: 2 ** 20 };
  const scan = { op: 'scan', pages: 2 ** 24, times: 200 };
  const fork = { op: 'fork', guest: 'a', child: 'b' };
  const said = (...steps: readonly object[]) =>
    refusal(JSON.stringify({ ops: [...START, ...steps] }));
  expect(said(region, scan)).toBe('taken');
  expect(said(region, fork, scan)).toMatch(/visits more than 268435456 pages in all$/);
  // Nothing is copied of what is mapped later, or of a guest that is gone and comes again.
  expect(said(fork, region, scan)).toBe('taken');
  const again = [region, { op: 'exit', guest: 'a' }, { op: 'guest', guest: 'a' }];
  expect(said(...again, fork, scan)).toBe('taken');
});
