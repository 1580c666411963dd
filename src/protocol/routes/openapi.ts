/** /v1/openapi.json: all routes, as they are described to programs of others. */
import { Type } from 'typebox';
import type { Routes } from '../route.js';

export const OpenApi = Type.Unsafe<Readonly<Record<string, unknown>>>({
  type: 'object',
  additionalProperties: true,
});

export const OPENAPI_ROUTES = {
  openapi: {
    method: 'GET',
    path: '/v1/openapi.json',
    summary: 'This document',
    overTcp: true,
    duringRestart: false,
    answers: { 200: OpenApi },
  },
} as const satisfies Routes;
