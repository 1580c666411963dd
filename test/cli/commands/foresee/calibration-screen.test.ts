/** What `ksmd calibrate` prints. The measuring itself takes a kernel. */
import { expect, test } from 'vitest';
import { calibrationScreen } from '../../../../src/cli/commands/foresee/calibration-screen.js';
import { DEFAULT_PRICES } from '../../../../src/prices/default-prices.js';

test('it says what a write to a merged page takes, beside one to a page of the guest’s own', () => {
  const fit = [
    { kind: 'mixed', visits: 100, measuredNs: 200_000, pricedNs: 190_000, isLearnedFrom: false },
  ];
  const screen = calibrationScreen({ prices: DEFAULT_PRICES, fit, ownWriteNs: 42 });
  expect(screen[0]).toBe(DEFAULT_PRICES.measuredOn);
  expect(screen).toContainEqual(expect.stringMatching(/^a guest's write to a merged page +6\.30$/));
  expect(screen).toContainEqual(expect.stringMatching(/^mixed +2\.00 +95\.0 %$/));
  expect(screen.slice(-5)).toEqual([
    'PRICED: what all prices together come to, of the time that it took. 100 % is exact;',
    'more would be predicted too dear, less too cheap.',
    "A guest's first write to a merged page takes 6.3 µs more: by that it can tell",
    "that the page is another's too.",
    'The next write, to a page of its own, takes 0.04 µs.',
  ]);
});
