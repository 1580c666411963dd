/** /v1/shared: who shares with whom, by what is in pages, merged or not. */
import { type Static, Type } from 'typebox';
import type { Routes } from '../route.js';

/** `error`: of a sample, the count may be so many more or fewer. */
const Estimated = { pages: Type.Integer(), error: Type.Integer() };
const EstimatedPages = Type.Object(Estimated);
const Place = Type.Integer({ description: 'index of guests' });

export const SharedQuery = Type.Object(
  {
    selection: Type.Optional(
      Type.Enum(['auto', 'advised', 'all'], {
        description: 'which pages count; auto: those advised mergeable, where any are',
      }),
    ),
    tenants: Type.Optional(
      Type.String({
        maxLength: 8192,
        description:
          'lines PATTERN TENANT, * for anything, the first that fits: what each tenant shares ' +
          'within itself, and what only tenants with one another have in common',
      }),
    ),
  },
  { additionalProperties: false },
);
export type SharedQuery = Static<typeof SharedQuery>;
/** Which pages count. */
export type Selection = NonNullable<SharedQuery['selection']>;

export const Shared = Type.Object({
  hosts: Type.Array(Type.String()),
  pageSize: Type.Integer(),
  sample: Type.Integer({ description: 'one content in so many was looked at' }),
  unadvisedPages: Type.Integer({ description: 'not counted: others are advised mergeable' }),
  advisedPages: Type.Integer({ description: 'of those counted, that are advised mergeable' }),
  guests: Type.Array(
    Type.Object({
      name: Type.String(),
      pages: Type.Integer({ description: 'present' }),
      zeroPages: Type.Integer(),
      within: Type.Object(Estimated, { description: 'frames that merging within it gives back' }),
      withOthers: Type.Object(Estimated, { description: 'contents that another guest has too' }),
    }),
    { description: 'ordered so that those that are alike stand together' },
  ),
  pairs: Type.Array(Type.Object({ a: Place, b: Place, ...Estimated }), {
    description: 'contents that both have; pairs with most first, those with none left out',
  }),
  groups: Type.Array(Type.Array(Place), {
    description:
      'guests of which each two have in common half, or more, of the different contents of the ' +
      'one that has more of them, zeroes apart; neighbours',
  }),
  contents: Type.Array(
    Type.Object({
      fingerprint: Type.String(),
      pages: Type.Integer(),
      guests: Type.Array(Place),
    }),
    { description: 'that most pages have; fingerprints are of this look alone' },
  ),
  mappings: Type.Array(
    Type.Object({
      label: Type.String(),
      pages: Type.Integer(),
      advisedPages: Type.Integer({ description: 'of these, those that are advised already' }),
      saves: EstimatedPages,
    }),
    {
      description:
        'regions of one name, and what advising them saves at most: if all else that counts is ' +
        'advised as well, zero pages apart',
    },
  ),
  between: Type.Object(Estimated, {
    description: 'frames that merging between guests gives back, zero pages apart',
  }),
  tenants: Type.Optional(
    Type.Array(
      Type.Object({ name: Type.String(), guests: Type.Integer(), between: EstimatedPages }),
      { description: 'if lines say whose guests are whose' },
    ),
  ),
  acrossTenants: Type.Object(Estimated, {
    description: 'of between, what only tenants with one another have; 0 where there are none',
  }),
});
export type Shared = Static<typeof Shared>;

export const SHARED_ROUTES = {
  shared: {
    method: 'GET',
    path: '/v1/shared',
    summary: 'Who shares with whom: groups, each two guests, what leaves with one',
    overTcp: true,
    duringRestart: true,
    query: SharedQuery,
    answers: { 200: Shared },
  },
} as const satisfies Routes;
