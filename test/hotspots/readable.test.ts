import { expect, test } from 'vitest';
import { readable } from '../../src/hotspots/readable.js';
import { profileOf } from './profiles.js';

const SAFEPOINT = 'file:///srv/dist/machine/safepoint.js';

test('a wasm function without a name is named after the function that called it', () => {
  const profile = profileOf(
    [
      [1, '(root)', '', [2, 5]],
      [2, 'h64Raw', 'file:///srv/node_modules/xxhash-wasm/esm/xxhash-wasm.js', [3]],
      [3, 'wasm-function[5]', 'wasm://wasm/e454c672', [4]],
      [4, 'wasm-function[6]', 'wasm://wasm/e454c672'],
      [5, 'src/core/memory/compare/mismatch', 'wasm://wasm/dd3b4bb2'],
    ],
    [3, 4, 5],
  );
  const { nodes, samples } = readable(profile);
  expect(nodes.map(({ callFrame }) => callFrame.functionName)).toEqual([
    '(root)',
    'h64Raw',
    'h64Raw (wasm)',
    'h64Raw (wasm)',
    'src/core/memory/compare/mismatch',
  ]);
  expect(samples).toEqual([3, 4, 5]);
});

test('sleep at a safepoint is idle, below the root; standing still there is not', () => {
  const profile = profileOf(
    [
      [1, '(root)', '', [2]],
      [2, 'loop', 'file:///srv/dist/daemon/scanner-thread.js', [3, 5]],
      [3, 'rest', SAFEPOINT, [4]],
      [4, 'goOn', SAFEPOINT],
      [5, 'rest', SAFEPOINT],
    ],
    [3, 2, 5, 4, 3],
  );
  const { nodes, samples, timeDeltas } = readable(profile);
  expect(samples).toEqual([6, 2, 6, 4, 6]);
  expect(timeDeltas).toEqual(profile.timeDeltas);
  expect(nodes.at(-1)).toMatchObject({
    id: 6,
    callFrame: { functionName: '(idle)', url: '' },
    hitCount: 3,
  });
  expect(nodes.map(({ hitCount }) => hitCount)).toEqual([0, 1, 0, 1, 0, 3]);
  expect(nodes[0]?.children).toEqual([2, 6]);
});

test('a profile of nothing but named work stays as it is', () => {
  const profile = profileOf([[1, 'rest', 'file:///srv/dist/ksm/ksm.js']], [1]);
  expect(readable(profile)).toEqual(profile);
});
