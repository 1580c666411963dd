/** /v1/workloads: programs that guests run on threads of the daemon. */
import { type Static, Type } from 'typebox';
import { WORKLOADS } from '../../names.js';
import type { Routes } from '../route.js';
import { Name, Pages } from '../values.js';

const WorkloadParams = Type.Object({
  id: Type.String({ pattern: '^[0-9]{1,9}$', description: 'the number of a workload' }),
});

export const WorkloadRequest = Type.Object(
  {
    workload: Type.Enum([...WORKLOADS], {
      description: WORKLOADS.join(', ').replace(/, (\w+)$/, ' or $1'),
    }),
    guest: Name,
    region: Type.Optional(Name),
    pages: Type.Optional(Pages),
    huge: Type.Optional(
      Type.Boolean({ description: 'true or false: whether a region to be made is huge' }),
    ),
    seed: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1, description: 'a whole number, 0 or more' }),
    ),
    rate: Type.Optional(
      Type.Number({ minimum: 0, description: 'stores a second, 0 for as many as it can' }),
    ),
    spreadPages: Type.Optional(Pages),
    best: Type.Optional(Type.Boolean({ description: 'true or false' })),
    readLoop: Type.Optional(Type.Boolean({ description: 'true or false' })),
  },
  { additionalProperties: false },
);
export type WorkloadRequest = Static<typeof WorkloadRequest>;

/** `now`: end it wherever it is, instead of asking it to. */
const KillQuery = Type.Object(
  { now: Type.Optional(Type.Enum(['0', '1'], { description: '0 or 1' })) },
  { additionalProperties: false },
);

export const Workload = Type.Object({
  id: Type.Integer(),
  workload: Type.String(),
  guest: Type.String(),
  region: Type.String(),
  state: Type.String({ description: 'running, waiting (for a frame), done, stopped or died' }),
  stores: Type.Integer(),
  loads: Type.Integer(),
  verified: Type.Integer({
    description: 'stores and pages read back and held against what they should be',
  }),
  wrong: Type.Integer({ description: 'of those, not what they should be: bytes were lost' }),
  foreign: Type.Integer({
    description: 'dirty, read: pages left alone, as they held something else at first',
  }),
  retries: Type.Integer({ description: 'stores tried again because no frame was free' }),
  cpuMs: Type.Integer({ description: 'processor time of its thread' }),
  reason: Type.Optional(Type.String({ description: 'why it died' })),
});
export type Workload = Static<typeof Workload>;
export const WorkloadList = Type.Object({ workloads: Type.Array(Workload) });

export const WORKLOAD_ROUTES = {
  run: {
    method: 'POST',
    path: '/v1/workloads',
    summary: 'Run a workload in a guest, on a thread of the daemon',
    description: 'Guest and region are made where they are not there: pages says how large.',
    overTcp: false,
    duringRestart: false,
    body: WorkloadRequest,
    answers: { 201: Workload },
  },
  workloads: {
    method: 'GET',
    path: '/v1/workloads',
    summary: 'All workloads, and what they have done',
    overTcp: true,
    duringRestart: false,
    answers: { 200: WorkloadList },
  },
  kill: {
    method: 'DELETE',
    path: '/v1/workloads/:id',
    summary: 'End a workload',
    description: 'It ends after the store it is at, or at once with now=1.',
    overTcp: false,
    duringRestart: false,
    params: WorkloadParams,
    query: KillQuery,
    answers: { 200: Workload },
  },
} as const satisfies Routes;
