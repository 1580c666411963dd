/** What prices look like in a file or a recording's header. Data alone: the build writes it out. */
import { Type } from 'typebox';

const Ns = Type.Number({ minimum: 0, maximum: 1e9 });
const Levels = Type.Array(Type.Object({ pages: Type.Number({ minimum: 1 }), ns: Ns }), {
  minItems: 1,
  maxItems: 64,
});

export const PricesSchema = Type.Object({
  measuredOn: Type.String({ maxLength: 256 }),
  mergedVisit: Ns,
  repeatedVisit: Ns,
  visit: Ns,
  itemMade: Ns,
  merge: Ns,
  split: Ns,
  skip: Ns,
  absent: Ns,
  batch: Ns,
  waking: Type.Optional(Type.Object({ mostNs: Ns, overNs: Ns })),
  stableLevels: Levels,
  unstableLevels: Levels,
  inHugePages: Type.Number({ minimum: 0, maximum: 10 }),
  mergedInHugePages: Type.Optional(Type.Number({ minimum: 0, maximum: 10 })),
  alikeKib: Ns,
  writeFault: Ns,
});
