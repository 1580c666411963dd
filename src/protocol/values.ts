/**
 * Values that several requests take: names, addresses, lengths. Each schema's description completes
 * the sentence "… must be".
 *
 * Addresses are bytes; they come as numbers or as strings ("4096", "0x1000") and are answered as
 * numbers.
 */
import { type Static, Type } from 'typebox';
import { MOST_RANGES, NAME_PATTERN, NAME_RULE } from '../names.js';

export const Name = Type.String({ pattern: NAME_PATTERN, description: NAME_RULE });

const DIGITS = '^(0[xX][0-9a-fA-F]{1,13}|[0-9]{1,16})$';
const BYTES = 'bytes, 0 or more, written like 4096 or 0x1000';

/** In a query string. */
export const BytesText = Type.String({ pattern: DIGITS, description: BYTES });

/** In a JSON body. */
export const Bytes = Type.Union([Type.Integer({ minimum: 0 }), BytesText], { description: BYTES });
export type Bytes = Static<typeof Bytes>;

const RANGE = '[0-9a-f]{1,12}-[0-9a-f]{1,13}';
/** In a query string, as in /proc/PID/maps: without 0x, and to the first address after it. */
export const AddressRanges = Type.String({
  pattern: `^${RANGE}(,${RANGE}){0,${MOST_RANGES - 1}}$`,
  description: `1 to ${MOST_RANGES} ranges of addresses, written like 1000-3000,8000-9000`,
});

/** Which key fingerprints are made with. */
export const KeyId = Type.String({
  pattern: '^[0-9a-f]{16}$',
  description: "a key's id, 16 hex digits",
});

const MAX_PAGES = 2 ** 32;
export const Pages = Type.Integer({
  minimum: 1,
  maximum: MAX_PAGES,
  description: `a whole number of pages, 1 to ${MAX_PAGES}`,
});
