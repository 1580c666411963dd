import { expect, test } from 'vitest';
import { SYMBOL_HEAD, symbolLine, symbolTable } from '../../src/hotspots/table.js';
import { profileOf } from './profiles.js';

test('samples are counted by symbol, the most first, and shares are of all of them', () => {
  const profile = profileOf(
    [
      [1, '(root)', '', [2, 5]],
      [2, 'scan', 'file:///usr/lib/ksmd/dist/ksm/ksm.js', [3, 4]],
      [3, 'src/core/trees/stable-search/stableSearch', 'wasm://wasm/dd3b4bb2'],
      [4, 'scan', 'file:///usr/lib/ksmd/dist/ksm/ksm.js'],
      [5, '(idle)', ''],
    ],
    [3, 3, 3, 2, 4, 3, 5, 3],
  );
  expect(symbolTable(profile)).toEqual({
    seconds: 0.008,
    samples: 8,
    idleShare: 0.125,
    symbols: [
      { symbol: 'src/core/trees/stable-search/stableSearch', samples: 5, share: 0.625 },
      { symbol: 'ksm/ksm/scan', samples: 2, share: 0.25 },
      { symbol: '(idle)', samples: 1, share: 0.125 },
    ],
  });
});

test.each([
  ['visit', 'file:///srv/dist/ksm/ksm.js', 'ksm/ksm/visit'],
  ['visit', 'file:///srv/src/ksm/ksm.ts', 'ksm/ksm/visit'],
  ['', 'file:///srv/dist/machine/checksum.js', 'machine/checksum/(anonymous)'],
  ['get isEmpty', 'file:///srv/dist/ksm/mm-list.js', 'ksm/mm-list/get isEmpty'],
  ['openSync', 'node:fs', 'node:fs/openSync'],
  ['src/core/memory/compare/mismatch', 'wasm://wasm/dd3b4bb2', 'src/core/memory/compare/mismatch'],
  ['(garbage collector)', '', '(garbage collector)'],
])('the function %j of %j is the symbol %s', (functionName, url, symbol) => {
  expect(symbolTable(profileOf([[1, functionName, url]], [1])).symbols).toEqual([
    { symbol, samples: 1, share: 1 },
  ]);
});

test('a profile without samples is a table without symbols', () => {
  expect(symbolTable(profileOf([[1, '(root)', '']], []))).toEqual({
    seconds: 0,
    samples: 0,
    idleShare: 0,
    symbols: [],
  });
});

test('a line has the columns of the head', () => {
  const line = symbolLine({
    symbol: 'src/core/memory/compare/mismatch',
    samples: 478_896,
    share: 0.758928,
  });
  expect(`${SYMBOL_HEAD}\n${line}`).toBe(
    'samples  %        symbol name\n478896   75.8928  src/core/memory/compare/mismatch',
  );
});
