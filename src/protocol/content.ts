/** Bodies that are no JSON: a guest's bytes, text, server-sent events. */
import { type Static, type TSchema, Type } from 'typebox';
import { FINGERPRINTS } from '../names.js';

const BINARY = { schema: Type.Unsafe<Uint8Array>({ type: 'string', format: 'binary' }) };

/** Bytes as they come, however many. */
export const OCTETS = { content: { 'application/octet-stream': BINARY } };

/** What is stored of pages: their bytes, or a fingerprint of each, one after another. */
export const PAGES = {
  description: 'bytes of pages, or a fingerprint of each',
  content: { ...OCTETS.content, [FINGERPRINTS]: BINARY },
};

/** A server-sent event of a stream that has `Events`, by name. */
export type EventOf<Events extends Readonly<Record<string, TSchema>>> = {
  [Name in keyof Events]: { readonly event: Name; readonly data: Static<Events[Name]> };
}[keyof Events];

/**
 * A stream of these events, by name, that goes on until one side closes. The schema is that of
 * their data, as OpenAPI and the programs that make clients of it have no other place for it.
 */
export function eventStream<Events extends Readonly<Record<string, TSchema>>>(events: Events) {
  const data = { anyOf: Object.values(events) };
  return {
    description: `server-sent events: ${Object.keys(events).join(', ')}`,
    content: { 'text/event-stream': { schema: Type.Unsafe<EventOf<Events>>(data) } },
  };
}
