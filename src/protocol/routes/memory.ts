/** /v1/guests/{guest}/memory: bytes in and out, or fingerprints of pages in, streamed. */
import { Type } from 'typebox';
import { OCTETS, PAGES } from '../content.js';
import type { Routes } from '../route.js';
import { BytesText, KeyId } from '../values.js';
import { GuestParams } from './guests.js';

const LoadQuery = Type.Object(
  { address: BytesText, length: BytesText },
  { additionalProperties: false },
);
/** Without `length`, what the body holds. `key`: of fingerprints, which key they are made with. */
const StoreQuery = Type.Object(
  { address: BytesText, length: Type.Optional(BytesText), key: Type.Optional(KeyId) },
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
    summary: 'Store bytes as they arrive; of a host that holds fingerprints of pages, these',
    overTcp: false,
    duringRestart: false,
    params: GuestParams,
    query: StoreQuery,
    body: PAGES,
    answers: { 200: Stored },
  },
} as const satisfies Routes;
