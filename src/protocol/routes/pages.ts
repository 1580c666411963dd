/** /v1/guests/{guest}/pages/{address}: one page, explained. */
import { type Static, Type } from 'typebox';
import { APART_REASONS, MOST_LOOKED_AT, PAGE_STATES } from '../../names.js';
import type { Routes } from '../route.js';
import { BytesText, Name } from '../values.js';

const ApartReason = Type.Enum([...APART_REASONS]);

const PageParams = Type.Object({ guest: Name, address: BytesText });
const PageQuery = Type.Object(
  {
    twins: Type.Optional(
      Type.String({
        pattern: '^(10000|[0-9]{1,4})$',
        description: 'a whole number up to 10000: how many twins to name',
      }),
    ),
  },
  { additionalProperties: false },
);

export const PageName = Type.Object({
  guest: Type.String(),
  region: Type.String(),
  address: Type.Integer(),
});

export const Page = Type.Object({
  page: PageName,
  state: Type.Enum([...PAGE_STATES]),
  why: Type.String({ description: 'why it is in this state, in a sentence' }),
  next: Type.String({ description: 'what will become of it, in a sentence' }),
  mergeable: Type.Boolean(),
  zeroes: Type.Boolean({ description: 'it has a frame, with nothing but zeroes in it' }),
  checksum: Type.Optional(
    Type.String({
      description:
        'the low 32 bits of XXH64 of what its frame holds, in hex; absent if it has none',
    }),
  ),
  frame: Type.Optional(Type.Object({ number: Type.Integer(), mappings: Type.Integer() })),
  hugePage: Type.Optional(
    Type.Object(
      {
        isWhole: Type.Boolean({ description: 'mapped as one; otherwise page by page' }),
        otherGuests: Type.Integer({ description: 'that map a part of it' }),
        zeroPages: Type.Integer({
          description: 'pages of it, of all these guests, that hold nothing but zeroes',
        }),
      },
      { description: 'that its frame is a part of: KSM splits it to merge one page of it' },
    ),
  ),
  forkSharers: Type.Integer({
    description: 'pages of other guests that map its frame too, since one was forked from another',
  }),
  age: Type.Integer({ description: 'visits it was due since the scanner knows it, up to 255' }),
  changes: Type.Integer({
    description: 'how many of its last visits in a row have found it changed',
  }),
  skips: Type.Integer({ description: 'full scans that smart scan will leave it out of' }),
  written: Type.Boolean({ description: 'since the scanner last saw it' }),
  ksmPages: Type.Integer({ description: 'KSM pages of its content' }),
  ksmMappings: Type.Integer({ description: 'how many pages map these' }),
  twinCount: Type.Integer({ description: 'other pages of its content that the scanner knows of' }),
  twins: Type.Array(PageName, { description: 'the first of them' }),
  likes: Type.Optional(
    Type.Object(
      {
        reason: Type.Optional(ApartReason),
        count: Type.Integer(),
        first: Type.Array(
          Type.Object({
            ...PageName.properties,
            numaNode: Type.Integer(),
            reason: Type.Optional(ApartReason),
          }),
          { description: 'the first of them, ten or as many as twins are named' },
        ),
      },
      {
        description:
          'pages that are equal to it, in other frames, whether the scanner knows them or not; ' +
          'reason: what it waits for, and what they wait for. Only of a page that is not merged, ' +
          `on a host of at most ${MOST_LOOKED_AT.toLocaleString('en')} pages`,
      },
    ),
  ),
});
export type Page = Static<typeof Page>;

export const PAGE_ROUTES = {
  page: {
    method: 'GET',
    path: '/v1/guests/:guest/pages/:address',
    summary: 'One page, explained: its state, why, and what comes next',
    description: 'All guests are held for some microseconds: for people who ask now and then.',
    overTcp: true,
    duringRestart: false,
    params: PageParams,
    query: PageQuery,
    answers: { 200: Page },
  },
} as const satisfies Routes;
