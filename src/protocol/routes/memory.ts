/** /v1/guests/{guest}/memory: bytes in and out, streamed. */
import { Type } from 'typebox';
import { OCTETS } from '../content.js';
import type { Routes } from '../route.js';
import { BytesText } from '../values.js';
import { GuestParams } from './guests.js';

const LoadQuery = Type.Object(
  { address: BytesText, length: BytesText },
  { additionalProperties: false },
);
/** Without `length`, what the body holds. */
const StoreQuery = Type.Object(
  { address: BytesText, length: Type.Optional(BytesText) },
  { additionalProperties: false },
);
const Stored = Type.Object({ bytesStored: Type.Integer() });

export const MEMORY_ROUTES = {
  load: {
    method: 'GET',
    path: '/v1/guests/:guest/memory',
    summary: 'Load bytes',
    overTcp: false,
    duringRestart: false,
    params: GuestParams,
    query: LoadQuery,
    answers: { 200: OCTETS },
  },
  store: {
    method: 'PUT',
    path: '/v1/guests/:guest/memory',
    summary: 'Store bytes as they arrive',
    overTcp: false,
    duringRestart: false,
    params: GuestParams,
    query: StoreQuery,
    body: OCTETS,
    answers: { 200: Stored },
  },
} as const satisfies Routes;
