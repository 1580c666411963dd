/** Prices as a file or a recording's header has them: looked at before they are believed. */
import { Compile } from 'typebox/schema';
import { KsmdError } from '../errors.js';
import type { LevelPrice, Prices } from './prices.js';
import { PricesSchema } from './schemas.js';

const schema = Compile(PricesSchema);

/** EINVAL if these are none. */
export function pricesOf(value: unknown): Prices {
  if (!schema.Check(value)) {
    const [, [first]] = schema.Errors(value);
    throw new KsmdError('EINVAL', `these are no prices: ${first?.instancePath} ${first?.message}`);
  }
  for (const name of ['stableLevels', 'unstableLevels'] as const)
    if (!grows(value[name]))
      throw new KsmdError('EINVAL', `these are no prices: /${name} must be by growing pages`);
  return value;
}

function grows(levels: readonly LevelPrice[]): boolean {
  return levels.every(({ pages }, at) => at === 0 || pages > (levels[at - 1]?.pages ?? 0));
}
