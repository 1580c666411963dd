/** Prices as a file or a recording's header has them: looked at before they are believed. */
import { Compile } from 'typebox/schema';
import { KsmdError } from '../errors.js';
import type { Prices } from './prices.js';
import { PricesSchema } from './schemas.js';

const schema = Compile(PricesSchema);

/** EINVAL if these are none. */
export function pricesOf(value: unknown): Prices {
  if (schema.Check(value)) return value;
  const [, [first]] = schema.Errors(value);
  throw new KsmdError('EINVAL', `these are no prices: ${first?.instancePath} ${first?.message}`);
}
