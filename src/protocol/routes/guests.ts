/** What /v1/guests carries: address spaces, their regions, their memory. */
import { type Static, Type } from 'typebox';
import { ADVICE } from '../../names.js';
import { Bytes, BytesText, Name, Pages } from '../values.js';
import { Counters } from './ksm.js';

export const GuestParams = Type.Object({ guest: Name });
export const RegionParams = Type.Object({ guest: Name, region: Name });

export const GuestRequest = Type.Object(
  {
    node: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 15, description: 'a NUMA node, 0 to 15' }),
    ),
  },
  { additionalProperties: false },
);

export const RegionRequest = Type.Object(
  {
    pages: Pages,
    address: Type.Optional(Bytes),
    mergeable: Type.Optional(Type.Boolean({ description: 'true or false' })),
  },
  { additionalProperties: false },
);
export type RegionRequest = Static<typeof RegionRequest>;

export const Region = Type.Object({
  name: Type.String(),
  address: Type.Integer(),
  pages: Type.Integer(),
});
export type Region = Static<typeof Region>;

const GUEST_FIELDS = {
  name: Type.String(),
  node: Type.Integer(),
  registeredPages: Type.Integer(),
  presentPages: Type.Integer({ description: 'pages that have a frame, their own or shared' }),
  mergedPages: Type.Integer({
    description:
      'pages listed from a KSM page; what is written follows when the scanner next passes',
  }),
  zeroPages: Type.Integer({
    description: 'pages that map the zero page, because KSM has put it there',
  }),
  rmapItems: Type.Integer({ description: 'pages that KSM keeps a record of' }),
  bookkeepingBytes: Type.Integer({ description: 'what the kernel spends on these records' }),
  visits: Type.Integer({ description: 'visits of the scanner that looked at one of its pages' }),
  ksm_stat: Counters,
};

export const GuestSummary = Type.Object({
  ...GUEST_FIELDS,
  regions: Type.Integer({ description: 'how many' }),
});
export type GuestSummary = Static<typeof GuestSummary>;
export const GuestList = Type.Object({ guests: Type.Array(GuestSummary) });

export const Guest = Type.Object({
  ...GUEST_FIELDS,
  regions: Type.Array(Region, { description: 'in order of address' }),
});
export type Guest = Static<typeof Guest>;

export const LoadQuery = Type.Object(
  { address: BytesText, length: BytesText },
  { additionalProperties: false },
);
/** Without `length`, what the body holds. */
export const StoreQuery = Type.Object(
  { address: BytesText, length: Type.Optional(BytesText) },
  { additionalProperties: false },
);
export const Stored = Type.Object({ bytesStored: Type.Integer() });

/** A range, a whole region, or a range that must lie in the region. */
export const AdviceRequest = Type.Object(
  {
    advice: Type.Enum([...ADVICE], {
      description: ADVICE.join(', ').replace(/, (\w+)$/, ' or $1'),
    }),
    region: Type.Optional(Name),
    address: Type.Optional(Bytes),
    length: Type.Optional(Bytes),
  },
  { additionalProperties: false },
);
export type AdviceRequest = Static<typeof AdviceRequest>;
