/** /v1/guests: address spaces, their regions, and advice on their pages. */
import { type Static, Type } from 'typebox';
import { ADVICE, MOST_REGIONS } from '../../names.js';
import type { Routes } from '../route.js';
import { Bytes, Name, Pages } from '../values.js';

export const GuestParams = Type.Object({ guest: Name });
const RegionParams = Type.Object({ guest: Name, region: Name });

const NumaNode = Type.Integer({ minimum: 0, maximum: 15, description: 'a NUMA node, 0 to 15' });

/** The default is what it is if it is left out: the server goes by that. */
export const GuestRequest = Type.Object(
  { node: Type.Optional(NumaNode) },
  { additionalProperties: false, default: {} },
);

export const RegionRequest = Type.Object(
  {
    pages: Pages,
    address: Type.Optional(Bytes),
    mergeable: Type.Optional(Type.Boolean({ description: 'true or false' })),
    huge: Type.Optional(
      Type.Boolean({ description: 'true or false: whether it is advised to huge pages' }),
    ),
    node: Type.Optional(NumaNode),
  },
  { additionalProperties: false },
);
export type RegionRequest = Static<typeof RegionRequest>;

export const WantedRegion = Type.Object(
  { name: Name, ...RegionRequest.properties },
  { additionalProperties: false },
);
export type WantedRegion = Static<typeof WantedRegion>;
export const RegionsRequest = Type.Object(
  {
    regions: Type.Array(WantedRegion, {
      minItems: 1,
      maxItems: MOST_REGIONS,
      description: `1 to ${MOST_REGIONS} regions`,
    }),
  },
  { additionalProperties: false },
);

export const Region = Type.Object({
  name: Type.String(),
  address: Type.Integer(),
  pages: Type.Integer(),
  huge: Type.Boolean({ description: 'it is advised to huge pages' }),
  node: Type.Optional(
    Type.Integer({ description: "the NUMA node that its memory comes from, if not its guest's" }),
  ),
});
export type Region = Static<typeof Region>;
export const RegionList = Type.Object({ regions: Type.Array(Region) });

export const KsmStat = Type.Record(
  Type.String(),
  Type.Union([Type.Integer(), Type.Enum(['yes', 'no'])], {
    description: 'a number, yes or no',
  }),
  { description: 'what /proc/PID tells of KSM: ksm_stat, and ksm_merging_pages before 6.4' },
);

const GUEST_FIELDS = {
  name: Type.String(),
  node: Type.Integer({ description: 'the NUMA node that its memory comes from' }),
  mergesAny: Type.Boolean({
    description: 'all that it maps is mergeable: PR_SET_MEMORY_MERGE is on',
  }),
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
  ksm_stat: KsmStat,
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

export const ForkRequest = Type.Object({ child: Name }, { additionalProperties: false });

export const PrctlRequest = Type.Object(
  { merge: Type.Boolean({ description: 'true or false' }) },
  { additionalProperties: false },
);

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
    description: 'The body may be left out: its memory comes from node 0.',
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
    description: 'Its memory and workloads go; the scanner finds out as it passes.',
    overTcp: false,
    duringRestart: false,
    params: GuestParams,
    answers: { 204: NoContent },
  },
  fork: {
    method: 'POST',
    path: '/v1/guests/:guest/fork',
    summary: 'The guest forks: a new guest with its regions, that shares all its pages',
    description:
      'Each page is shared until one of both writes it. Workloads go on in the parent ' + 'only.',
    overTcp: false,
    duringRestart: false,
    params: GuestParams,
    body: ForkRequest,
    answers: { 201: Guest },
  },
  prctl: {
    method: 'POST',
    path: '/v1/guests/:guest/prctl',
    summary: 'PR_SET_MEMORY_MERGE: all that the guest has and will map is mergeable, or nothing',
    description: 'Forks inherit it, and exec keeps it.',
    overTcp: false,
    duringRestart: false,
    params: GuestParams,
    body: PrctlRequest,
    answers: { 200: Guest },
  },
  exec: {
    method: 'POST',
    path: '/v1/guests/:guest/exec',
    summary: 'The guest becomes another program: its regions and workloads go, prctl stays',
    overTcp: false,
    duringRestart: false,
    params: GuestParams,
    answers: { 200: Guest },
  },
  map: {
    method: 'PUT',
    path: '/v1/guests/:guest/regions/:region',
    summary: 'Register a region of untouched pages',
    description:
      'The first write of a page gives it a frame. ENOSPC if as many regions or pages are ' +
      'there as may be.',
    overTcp: false,
    duringRestart: false,
    params: RegionParams,
    body: RegionRequest,
    answers: { 201: Region },
  },
  mapAll: {
    method: 'POST',
    path: '/v1/guests/:guest/regions',
    summary: 'Register many regions of untouched pages: all of them, or none',
    description: 'As one request each, in this order, and faster.',
    overTcp: false,
    duringRestart: false,
    params: GuestParams,
    body: RegionsRequest,
    answers: { 201: RegionList },
  },
  unmap: {
    method: 'DELETE',
    path: '/v1/guests/:guest/regions/:region',
    summary: 'Unregister a region',
    description: 'Its pages go.',
    overTcp: false,
    duringRestart: false,
    params: RegionParams,
    answers: { 204: NoContent },
  },
  madvise: {
    method: 'POST',
    path: '/v1/guests/:guest/madvise',
    summary: 'Advise pages mergeable, unmergeable or dontneed, or collapse them to huge pages',
    description: 'The range is address and length, in whole pages, or a region.',
    overTcp: false,
    duringRestart: false,
    params: GuestParams,
    body: AdviceRequest,
    answers: { 204: NoContent },
  },
} as const satisfies Routes;
