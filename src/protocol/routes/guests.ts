/** /v1/guests: address spaces, their regions, and advice on their pages. */
import { type Static, Type } from 'typebox';
import { ADVICE } from '../../names.js';
import type { Routes } from '../route.js';
import { Bytes, Name, Pages } from '../values.js';
import { Counters } from './ksm.js';

export const GuestParams = Type.Object({ guest: Name });
const RegionParams = Type.Object({ guest: Name, region: Name });

const GuestRequest = Type.Object(
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
    huge: Type.Optional(
      Type.Boolean({ description: 'true or false: whether it is advised to huge pages' }),
    ),
  },
  { additionalProperties: false },
);
export type RegionRequest = Static<typeof RegionRequest>;

export const Region = Type.Object({
  name: Type.String(),
  address: Type.Integer(),
  pages: Type.Integer(),
  huge: Type.Boolean({ description: 'it is advised to huge pages' }),
});
export type Region = Static<typeof Region>;

const GUEST_FIELDS = {
  name: Type.String(),
  node: Type.Integer(),
  registeredPages: Type.Integer(),
  presentPages: Type.Integer({
    description: 'resident: pages that have a frame, their own or shared',
  }),
  hugePages: Type.Integer({ description: 'huge pages that it has, 512 of these pages each' }),
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
const GuestList = Type.Object({ guests: Type.Array(GuestSummary) });

export const Guest = Type.Object({
  ...GUEST_FIELDS,
  regions: Type.Array(Region, { description: 'in order of address' }),
});
export type Guest = Static<typeof Guest>;

const ForkRequest = Type.Object({ child: Name }, { additionalProperties: false });

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

const NoContent = Type.Null({ description: 'done' });

export const GUEST_ROUTES = {
  guests: {
    method: 'GET',
    path: '/v1/guests',
    summary: 'All guests',
    overTcp: true,
    duringRestart: false,
    answers: { 200: GuestList },
  },
  createGuest: {
    method: 'PUT',
    path: '/v1/guests/:guest',
    summary: 'A new guest without memory',
    overTcp: false,
    duringRestart: false,
    params: GuestParams,
    body: Type.Optional(GuestRequest),
    answers: { 201: Guest },
  },
  guest: {
    method: 'GET',
    path: '/v1/guests/:guest',
    summary: 'One guest and its regions',
    overTcp: true,
    duringRestart: false,
    params: GuestParams,
    answers: { 200: Guest },
  },
  removeGuest: {
    method: 'DELETE',
    path: '/v1/guests/:guest',
    summary: 'The guest exits',
    overTcp: false,
    duringRestart: false,
    params: GuestParams,
    answers: { 204: NoContent },
  },
  fork: {
    method: 'POST',
    path: '/v1/guests/:guest/fork',
    summary: 'The guest forks: a new guest with its regions, that shares all its pages',
    overTcp: false,
    duringRestart: false,
    params: GuestParams,
    body: ForkRequest,
    answers: { 201: Guest },
  },
  map: {
    method: 'PUT',
    path: '/v1/guests/:guest/regions/:region',
    summary: 'Register a region of untouched pages',
    overTcp: false,
    duringRestart: false,
    params: RegionParams,
    body: RegionRequest,
    answers: { 201: Region },
  },
  unmap: {
    method: 'DELETE',
    path: '/v1/guests/:guest/regions/:region',
    summary: 'Unregister a region',
    overTcp: false,
    duringRestart: false,
    params: RegionParams,
    answers: { 204: NoContent },
  },
  madvise: {
    method: 'POST',
    path: '/v1/guests/:guest/madvise',
    summary: 'Advise pages mergeable, unmergeable or dontneed, or collapse them to huge pages',
    overTcp: false,
    duringRestart: false,
    params: GuestParams,
    body: AdviceRequest,
    answers: { 204: NoContent },
  },
} as const satisfies Routes;
