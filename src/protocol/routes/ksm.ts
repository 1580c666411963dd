/** /v1/ksm and /v1/scan: the files of /sys/kernel/mm/ksm. */
import { type Static, Type } from 'typebox';
import type { Routes } from '../route.js';
import { Pages } from '../values.js';

export const Counters = Type.Record(Type.String(), Type.Integer(), {
  description: 'counters under their sysfs names',
});
export type Counters = Static<typeof Counters>;

export const Value = Type.Union([Type.Number(), Type.String()], {
  description: 'a number or a string',
});

export const KsmFiles = Type.Record(Type.String(), Value, {
  description: 'counters and tunables under their sysfs names',
});
export type KsmFiles = Static<typeof KsmFiles>;

export const TunableValues = Type.Record(Type.String(), Value, {
  minProperties: 1,
  description: 'tunables to write, in this order; khugepaged’s as khugepaged/NAME',
});
export type TunableValues = Static<typeof TunableValues>;

export const ScanRequest = Type.Object({ pages: Pages }, { additionalProperties: false });

export const ScanAnswer = Type.Object({
  visitedPages: Type.Integer({ description: 'pages the batch visited' }),
  counters: Counters,
});
export type ScanAnswer = Static<typeof ScanAnswer>;

export const KSM_ROUTES = {
  ksm: {
    method: 'GET',
    path: '/v1/ksm',
    summary: 'Counters and tunables under their sysfs names',
    description: 'What the files of /sys/kernel/mm/ksm read.',
    overTcp: true,
    duringRestart: false,
    answers: { 200: KsmFiles },
  },
  setKsm: {
    method: 'PATCH',
    path: '/v1/ksm',
    summary: 'Write tunables, all or none of them',
    description:
      'In the order of the body. ENOENT for one that this kernel has not, EBUSY for one ' +
      'that cannot change now.',
    overTcp: false,
    duringRestart: false,
    body: TunableValues,
    answers: { 200: KsmFiles },
  },
  scan: {
    method: 'POST',
    path: '/v1/scan',
    summary: 'With run 0: scan one batch',
    description: 'EBUSY unless run is 0.',
    overTcp: false,
    duringRestart: false,
    body: ScanRequest,
    answers: { 200: ScanAnswer },
  },
} as const satisfies Routes;
