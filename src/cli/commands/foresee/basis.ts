/** What a prediction rests on: what may be said of it on the command line, and its prices. */
import { DEFAULT_PRICES } from '../../../prices/default-prices.js';
import type { Prices } from '../../../prices/prices.js';
import { pricesOf } from '../../../prices/prices-file.js';
import type { Recording } from '../../../recording/recording.js';
import { readPrices } from '../../read-prices.js';
import { assertHasSweeps } from './whole-sweeps.js';

/** As the verbs that predict take them. */
export interface BasisOptions {
  readonly kernel: string;
  readonly prices?: string;
  readonly advised?: true;
  readonly all?: true;
}

/** Nothing, where the recording is to decide. */
export function advisedOnlyOf({ advised, all }: BasisOptions): { advisedOnly?: boolean } {
  return advised === undefined && all === undefined ? {} : { advisedOnly: advised === true };
}

/**
 * Those in the file, or else of the recording, or else the ones that come with ksmd. ENODATA if it
 * has no sweep.
 */
export async function pricesFor(
  recording: Recording,
  pricesPath: string | undefined,
): Promise<Prices> {
  assertHasSweeps(recording);
  if (pricesPath !== undefined) return readPrices(pricesPath);
  const { header } = recording;
  return header.calibration === undefined ? DEFAULT_PRICES : pricesOf(header.calibration);
}
