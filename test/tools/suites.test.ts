/**
 * LTP's and the kernel's own tests of KSM, asked of ksmd: all that is required is so, and whatever
 * was seen is what the kernel showed; and docs/conformance.md has just these rows and figures.
 *
 * The running kernel itself is asked only with KSMD_RUNNING_KERNEL=1, as nothing else may use its
 * KSM meanwhile.
 */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { hasSince, type KernelVersion } from '../../src/ksm/records/kernel-versions.js';
import { type Check, failures, tally } from '../../tools/suites/checks.js';
import { Stage, whyNot } from '../../tools/suites/play.js';
import { isPlayed, LTP, type PlayedRow, type Row, SELFTESTS } from '../../tools/suites/rows.js';
import type { WayName } from '../../tools/suites/ways/open.js';
import { needs } from '../daemon/sysfs/carriers.js';
import { readDocument, tableUnder } from '../docs/markdown.js';

type Seen = readonly (readonly [what: string, seen: Check['seen']])[];

/** What `npm run suites -- --on kernel --json` wrote there: by kernel, by test. */
const RECORDED = new URL('../fixtures/suites/', import.meta.url);
const KERNELS: ReadonlyMap<string, Readonly<Record<string, Seen>>> = new Map(
  ['6.18.44', '6.12.115', '6.1.192'].map((kernel) => [
    `Linux ${kernel}`,
    JSON.parse(readFileSync(new URL(`linux-${kernel}.json`, RECORDED), 'utf8')),
  ]),
);
const DOCUMENT = readDocument('docs/conformance.md');
const COLUMNS = [...KERNELS.keys(), 'ksmd, socket', 'ksmd, files'];
const PLAYED = [...LTP, ...SELFTESTS].filter(isPlayed);

const ways: readonly WayName[] = [
  'socket',
  'files',
  ...(process.env.KSMD_RUNNING_KERNEL === '1' ? (['kernel'] as const) : []),
];

describe.each(ways)('by %s', (way) => {
  const stage = new Stage(way);
  afterAll(() => stage.close());

  test.for(PLAYED)('$test: $requires', async (row, context) => {
    const reason = whyNot(row, way);
    if (reason !== undefined) return context.skip(reason);
    if (way === 'files') await needs(context, 'mount');
    const checks = await stage.play(row);
    expect(failures(checks)).toEqual([]);
    for (const [kernel, tests] of KERNELS)
      if (tests[row.test] !== undefined)
        expect(
          checks.map(({ what, seen }) => [what, seen]),
          kernel,
        ).toEqual(tests[row.test]);
    if (way !== 'kernel') expect(documented(row, `ksmd, ${way}`)).toBe(tally(checks));
  });
});

describe('docs/conformance.md', () => {
  test.each([
    ['ltp', LTP],
    ['the-kernels-selftests', SELFTESTS],
  ])('has each test under %s, with what it requires', (anchor, rows) => {
    expect(tableUnder(DOCUMENT, anchor).map(([name, requires]) => [name, requires])).toEqual(
      rows.filter(isPlayed).map(({ test: name, requires }) => [`\`${name}\``, requires]),
    );
  });

  test('says of each what kernels showed, and which of them were not asked', () => {
    for (const row of PLAYED)
      for (const [kernel, tests] of KERNELS) {
        const seen = tests[row.test];
        const cell = seen === undefined ? unasked(row, kernel) : `${seen.length} of ${seen.length}`;
        expect(documented(row, kernel), `${row.test}, ${kernel}`).toBe(cell);
      }
  });

  test('says of the others why they are not played', () => {
    expect(tableUnder(DOCUMENT, 'what-cannot-be-said').map(([name, , why]) => [name, why])).toEqual(
      [...LTP, ...SELFTESTS].flatMap((row) =>
        isPlayed(row) ? [] : [[`\`${row.test}\``, row.why]],
      ),
    );
  });
});

/** Why that kernel was not asked. */
function unasked({ since }: PlayedRow, kernel: string): string {
  const version = kernel.replace('Linux ', '') as KernelVersion;
  return since !== undefined && !hasSince(version, since) ? `since ${since}` : 'two nodes';
}

function documented(row: Row, column: string): string | undefined {
  return ['ltp', 'the-kernels-selftests']
    .flatMap((anchor) => tableUnder(DOCUMENT, anchor))
    .find(([name]) => name === `\`${row.test}\``)
    ?.slice(2)[COLUMNS.indexOf(column)];
}
