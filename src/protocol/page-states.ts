/**
 * What may become of a page, by name. Apart from the schemas, so that the command line starts
 * without what these need.
 */

/** In the order of the numbers that stand for them in the map. */
export const PAGE_STATES = [
  'untouched',
  'unmergeable',
  'waiting',
  'volatile',
  'skipped',
  'unshared',
  'limit',
  'shared',
  'zero',
] as const;
export type PageState = (typeof PAGE_STATES)[number];
