/** What a recording's host is priced by, once it is known that it can be predicted at all. */
import { KsmdError } from '../../../errors.js';
import { DEFAULT_PRICES } from '../../../predict/default-prices.js';
import type { Prices } from '../../../predict/prices.js';
import { pricesOf } from '../../../predict/prices-file.js';
import type { Recording } from '../../../recording/recording.js';
import { readPrices } from '../../read-prices.js';

/**
 * Those in the file, or else of the recording, or else the ones that come with ksmd. ENODATA if it
 * has no sweep.
 */
export async function pricesFor(
  { header, sweeps, path }: Recording,
  pricesPath: string | undefined,
): Promise<Prices> {
  if (sweeps === 0)
    throw new KsmdError('ENODATA', `${path} has no whole sweep: capture it for longer`);
  if (pricesPath !== undefined) return readPrices(pricesPath);
  return header.calibration === undefined ? DEFAULT_PRICES : pricesOf(header.calibration);
}
