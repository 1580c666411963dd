/** /v1/khugepaged: the files of /sys/kernel/mm/transparent_hugepage/khugepaged. */
import { type Static, Type } from 'typebox';
import type { Routes } from '../route.js';
import { Value } from './ksm.js';

export const KhugepagedFiles = Type.Record(Type.String(), Type.Integer(), {
  description: 'tunables and counters under their sysfs names',
});
export type KhugepagedFiles = Static<typeof KhugepagedFiles>;

export const KhugepagedValues = Type.Record(Type.String(), Value, {
  minProperties: 1,
  description: 'tunables to write',
});
export type KhugepagedValues = Static<typeof KhugepagedValues>;

export const KHUGEPAGED_ROUTES = {
  khugepaged: {
    method: 'GET',
    path: '/v1/khugepaged',
    summary: 'Tunables and counters of khugepaged under their sysfs names',
    description: 'What the files of transparent_hugepage/khugepaged read.',
    overTcp: true,
    duringRestart: true,
    answers: { 200: KhugepagedFiles },
  },
  setKhugepaged: {
    method: 'PATCH',
    path: '/v1/khugepaged',
    summary: 'Write khugepaged’s tunables, all or none of them',
    description: 'In the order of the body.',
    overTcp: false,
    duringRestart: true,
    body: KhugepagedValues,
    answers: { 200: KhugepagedFiles },
  },
} as const satisfies Routes;
