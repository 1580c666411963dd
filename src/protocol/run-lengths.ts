/**
 * States of pages in run-length code, as /v1/map and /v1/live have them. An entry is a byte. Its
 * low four bits are the state (a place in `states`), or 15 for pages left as they were. Its high
 * four bits are the length less one, or 15 where the length is 16 or more. Then the length less 16
 * follows, seven bits a byte, low ones first, the top bit set in all but the last byte. The first
 * entry begins at slot 0; pages after the last one are left as they were.
 */

/** In the low four bits of an entry: left as they were. */
export const UNCHANGED = 15;
/** In its high four bits: the length follows. */
export const LONG = 15;
