/**
 * Of a large fleet's sample a smaller one is enough to see who is alike: contents whose
 * fingerprints lie in a part of the sample's range. Files are sorted by fingerprint, so the rest of
 * them is not read.
 */
import type { FleetIdentity } from './dataset.js';

const FIRST_BITS = 2n ** 32n;
const REST_BITS = 2n ** 32n;
const LOWEST = -(2n ** 63n);

/** So many pages of the sample are compared each with each, or placed: seconds, and not minutes. */
export const SKETCHED_PAGES = 2_000_000;

export interface Sketch {
  /** One content in so many of the sample. */
  readonly oneIn: number;
  /** Where the first halves of its fingerprints lie, as signed numbers; both are in it. */
  readonly lowest: bigint;
  readonly highest: bigint;
}

/** The largest that has about so many pages at most. */
export function sketchOf(
  { sample }: FleetIdentity,
  sampledPages: number,
  mostPages = SKETCHED_PAGES,
): Sketch {
  const oneIn = 2 ** Math.max(0, Math.ceil(Math.log2(sampledPages / mostPages)));
  const all = BigInt(sample * oneIn);
  // In byte order the upper half of fingerprints comes last; as signed numbers it is below zero.
  if (all === 1n) return { oneIn, lowest: LOWEST, highest: -LOWEST - 1n };
  // As src/fingerprints/sample.ts has its end.
  const end = (FIRST_BITS + all - 1n) / all;
  return { oneIn, lowest: 0n, highest: end * REST_BITS - 1n };
}
