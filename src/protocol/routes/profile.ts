/**
 * /v1/profile: where the scanner thread's time went, in the format that Chrome's DevTools open as a
 * .cpuprofile.
 */
import { type Static, Type } from 'typebox';
import type { Routes } from '../route.js';

export const ProfileRequest = Type.Object(
  {
    seconds: Type.Number({
      minimum: 0.1,
      maximum: 60,
      description: 'a number of seconds, 0.1 to 60',
    }),
  },
  { additionalProperties: false },
);

export const CallFrame = Type.Object({
  functionName: Type.String(),
  scriptId: Type.String(),
  url: Type.String(),
  lineNumber: Type.Integer(),
  columnNumber: Type.Integer(),
});

export const ProfileNode = Type.Object({
  id: Type.Integer(),
  callFrame: CallFrame,
  hitCount: Type.Optional(
    Type.Integer({ description: 'samples that found the thread in this very function' }),
  ),
  children: Type.Optional(
    Type.Array(Type.Integer(), { description: 'ids of the nodes of what it called' }),
  ),
});

export const CpuProfile = Type.Object({
  nodes: Type.Array(ProfileNode),
  startTime: Type.Integer({ description: 'microseconds, as endTime' }),
  endTime: Type.Integer(),
  samples: Type.Array(Type.Integer(), { description: 'the node each sample found the thread in' }),
  timeDeltas: Type.Array(Type.Integer(), {
    description: 'microseconds between a sample and the one before it',
  }),
});
export type CpuProfile = Static<typeof CpuProfile>;

export const PROFILE_ROUTES = {
  profile: {
    method: 'POST',
    path: '/v1/profile',
    summary: 'Profile the scanner thread: a .cpuprofile',
    description: 'The answer comes after so many seconds. Chrome’s DevTools open it.',
    overTcp: false,
    duringRestart: false,
    body: ProfileRequest,
    answers: { 200: CpuProfile },
  },
} as const satisfies Routes;
