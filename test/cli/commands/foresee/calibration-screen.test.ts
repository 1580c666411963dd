/** What `ksmd calibrate` prints, and writes over. The measuring itself takes a kernel. */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { PRICES } from '../../../../src/cli/commands/foresee/calibrate.js';
import { calibrationScreen } from '../../../../src/cli/commands/foresee/calibration-screen.js';
import { DEFAULT_PRICES } from '../../../../src/prices/default-prices.js';
import type { Prices } from '../../../../src/prices/prices.js';
import { ksmd, TemporaryDirectory } from '../../../daemon-process.js';

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

test('what waking up costs a processor is told where it was measured', () => {
  const screenOf = (prices: Prices): string[] =>
    calibrationScreen({ prices, fit: [], ownWriteNs: 42 });
  const row = expect.stringMatching(/^and waking up for it, at most +540\.00$/);
  expect(screenOf(DEFAULT_PRICES)).not.toContainEqual(row);
  const waking = { mostNs: 540_000, overNs: 1_000_000 };
  expect(screenOf({ ...DEFAULT_PRICES, waking })).toContainEqual(row);
});

test('prices are written over by newer ones', () => {
  expect(PRICES.isBegunBy(JSON.stringify(DEFAULT_PRICES, undefined, 2))).toBe(true);
  expect(PRICES.isBegunBy(JSON.stringify({ mine: DEFAULT_PRICES }))).toBe(false);
});

test('a file that has no prices is not written over, and nothing is measured for it', async () => {
  const directory = new TemporaryDirectory();
  try {
    const file = directory.file('diary.json');
    writeFileSync(file, '{"mine": 1}');
    expect(await ksmd(['calibrate', '--output', file])).toEqual({
      status: 1,
      stdout: '',
      stderr:
        `ksmd: EEXIST: '${file}' is there, and is no file of prices ` +
        '(name another file, or remove that one)\n',
    });
    expect(readFileSync(file, 'utf8')).toBe('{"mine": 1}');
  } finally {
    directory.remove();
  }
});
