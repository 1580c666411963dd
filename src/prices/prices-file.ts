/** Prices as a file or a recording's header has them: looked at before they are believed. */
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { KsmdError } from '../errors.js';
import type { Prices } from './prices.js';

const Ns = Type.Number({ minimum: 0, maximum: 1e9 });
const Levels = Type.Array(Type.Object({ pages: Type.Number({ minimum: 1 }), ns: Ns }), {
  minItems: 1,
  maxItems: 64,
});

const schema = Compile(
  Type.Object({
    measuredOn: Type.String({ maxLength: 256 }),
    mergedVisit: Ns,
    visit: Ns,
    itemMade: Ns,
    merge: Ns,
    split: Ns,
    skip: Ns,
    absent: Ns,
    batch: Ns,
    stableLevels: Levels,
    unstableLevels: Levels,
    inHugePages: Type.Number({ minimum: 0, maximum: 10 }),
    alikeKib: Ns,
    writeFault: Ns,
  }),
);

/** EINVAL if these are none. */
export function pricesOf(value: unknown): Prices {
  if (schema.Check(value)) return value;
  const [first] = schema.Errors(value);
  throw new KsmdError('EINVAL', `these are no prices: ${first?.instancePath} ${first?.message}`);
}
