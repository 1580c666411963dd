/**
 * /v1/map/classes: the pages of /v1/map, told apart by something else than their state. They are
 * looked at when that is asked for, and nothing is streamed.
 */
import { type Static, Type } from 'typebox';
import { PAGE_CLASS_KINDS, PAGE_CLASSINGS } from '../../names.js';
import type { Routes } from '../route.js';
import { Name } from '../values.js';

export const PageClassesQuery = Type.Object(
  {
    by: Type.Enum([...PAGE_CLASSINGS], {
      description:
        'sharers: how many pages map the same frame; zeroes: what holds nothing else; age: ' +
        'visits that smart scan has counted; guest: with whom a guest shares its frames',
    }),
    guest: Type.Optional(Name),
  },
  { additionalProperties: false },
);
export type PageClassesQuery = Static<typeof PageClassesQuery>;

export const PageClass = Type.Object({
  kind: Type.Enum([...PAGE_CLASS_KINDS]),
  least: Type.Optional(Type.Integer({ description: 'sharers or visits, this many at least' })),
  most: Type.Optional(Type.Integer({ description: 'and so many at most; absent: any more' })),
  guest: Type.Optional(Type.String()),
  pages: Type.Integer(),
});
export type PageClass = Static<typeof PageClass>;

export const PageClasses = Type.Object({
  by: Type.Enum([...PAGE_CLASSINGS]),
  guest: Type.Optional(Type.String({ description: 'that it is about' })),
  lookedAtMs: Type.Number({ description: 'since 1970: what was seen may be a while ago' }),
  classes: Type.Array(PageClass, { description: 'what the numbers in `runs` stand for' }),
  slots: Type.Integer({ description: 'how many `runs` may reach' }),
  runs: Type.String({ description: 'classes of pages as run lengths, in base64, as of /v1/map' }),
});
export type PageClasses = Static<typeof PageClasses>;

export const PAGE_CLASS_ROUTES = {
  pageClasses: {
    method: 'GET',
    path: '/v1/map/classes',
    summary:
      'Every page by how many share it, by zeroes, by age, or by whom a guest shares it with',
    description:
      'Every page is looked at, while all goes on. What was seen stands for twenty times as long ' +
      'as that took. EBUSY if four others were asked for in that time.',
    overTcp: true,
    duringRestart: true,
    query: PageClassesQuery,
    answers: { 200: PageClasses },
  },
} as const satisfies Routes;
