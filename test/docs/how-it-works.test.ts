/** docs/how-it-works.md says of each kernel what its profile says. */
import { expect, test } from 'vitest';
import { KERNEL_PROFILES, type KernelProfile } from '../../src/ksm/kernels.js';
import { readDocument, tableUnder } from './markdown.js';

/** Row by row. */
const DIFFERENCES: readonly ((profile: KernelProfile) => boolean)[] = [
  ({ tunables }) => tunables.includes('merge_across_nodes'),
  ({ zeroPages }) => zeroPages !== 'none',
  ({ chains }) => chains !== 'none',
  ({ napEndsOnChange }) => napEndsOnChange,
  ({ prctlMerge }) => prctlMerge,
  ({ zeroPages }) => zeroPages === 'counted',
  ({ smartScan }) => smartScan,
  ({ tunables }) => tunables.includes('advisor_mode'),
  ({ hugePageReuse }) => hugePageReuse !== 'last',
  ({ checksumFirst }) => checksumFirst,
  ({ chains }) => chains === 'any',
  ({ splitFreesZeroes }) => splitFreesZeroes,
  ({ dontneedFreesTables }) => dontneedFreesTables,
  ({ hugePageReuse }) => hugePageReuse === 'exclusive',
  ({ collapseNeedsWritable }) => !collapseNeedsWritable,
  ({ forkInheritsCounts }) => !forkInheritsCounts,
];

test('its table of kernels is that of the profiles', () => {
  const listed = tableUnder(
    readDocument('docs/how-it-works.md'),
    'what-differs-between-kernels',
  ).map(([, , ...kernels]) => kernels);
  expect(listed).toEqual(
    DIFFERENCES.map((has) => KERNEL_PROFILES.map((profile) => (has(profile) ? 'yes' : 'no'))),
  );
});
