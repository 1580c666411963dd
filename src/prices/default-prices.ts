/**
 * What the kernel's work costs where nobody has measured it: as `ksmd calibrate` found it on one
 * server, whose name is in it. Another processor may be twice as fast, or half.
 */
import type { Prices } from './prices.js';

export const DEFAULT_PRICES: Prices = {
  measuredOn: 'Linux 6.18.44 x86_64, AMD EPYC, a virtual machine',
  mergedVisit: 600,
  // Not measured there: a third of the one above, as on an Intel Xeon.
  repeatedVisit: 200,
  visit: 1450,
  itemMade: 100,
  merge: 3800,
  split: 210_000,
  skip: 330,
  absent: 0.026,
  batch: 14_000,
  stableLevels: [
    { pages: 1024, ns: 79 },
    { pages: 16_384, ns: 60 },
  ],
  unstableLevels: [
    { pages: 1024, ns: 423 },
    { pages: 4096, ns: 450 },
    { pages: 16_384, ns: 517 },
    { pages: 65_536, ns: 590 },
  ],
  inHugePages: 0.6,
  alikeKib: 140,
  writeFault: 6300,
};

/** These very ones: nobody has measured any. Somebody may measure the same. */
export function areDefault(prices: Prices): boolean {
  return prices === DEFAULT_PRICES;
}
