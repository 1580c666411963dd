/**
 * The words of the protocol that name one of a few things. Apart from the schemas, so that the
 * command line and the dashboard start without what these need.
 */

/** How severe a line of the log is, least first. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What a guest says of its pages, as programs do to the kernel. */
export const ADVICE = ['mergeable', 'unmergeable', 'dontneed'] as const;
export type Advice = (typeof ADVICE)[number];

/** The programs that a guest can run. */
export const WORKLOADS = ['ksmpages', 'dirty', 'read', 'boot'] as const;
export type WorkloadName = (typeof WORKLOADS)[number];

/** What may become of a page, in the order of the numbers that stand for them in the map. */
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
