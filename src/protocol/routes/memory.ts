/** /v1/guests/{guest}/memory: bytes in and out, or fingerprints of pages in, streamed. */
import { type Static, Type } from 'typebox';
import { OCTETS, PAGES } from '../content.js';
import type { Routes } from '../route.js';
import { AddressRanges, BytesText, KeyId } from '../values.js';
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
const StoreRangesQuery = Type.Object(
  { ranges: AddressRanges, key: Type.Optional(KeyId) },
  { additionalProperties: false },
);
export const Stored = Type.Object({ bytesStored: Type.Integer() });
export type Stored = Static<typeof Stored>;

export const MEMORY_ROUTES = {
  load: {
    method: 'GET',
    path: '/v1/guests/:guest/memory',
    summary: 'Load bytes',
    description: 'Pages that were never written read as zeroes.',
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
    description:
      'Bytes of any number, or one fingerprint of 16 bytes for each page, of a host that ' +
      'holds those (see fingerprints of /v1/status). What has arrived stays stored however ' +
      'the upload ends: the error says how much.',
    overTcp: false,
    duringRestart: false,
    params: GuestParams,
    query: StoreQuery,
    body: PAGES,
    answers: { 200: Stored },
  },
  storeRanges: {
    method: 'PUT',
    path: '/v1/guests/:guest/memory/ranges',
    summary: 'The same into several ranges: those bytes one after another',
    description: 'As one request for each range, in this order, and faster where they are small.',
    overTcp: false,
    duringRestart: false,
    params: GuestParams,
    query: StoreRangesQuery,
    body: PAGES,
    answers: { 200: Stored },
  },
} as const satisfies Routes;
