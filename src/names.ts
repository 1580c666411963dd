/**
 * Names of what there are a few kinds of, each list once: the same in the API, on the command line,
 * in the log and inside; what names may be given; and what is taken where nothing is said. What a
 * name means is said where it takes effect. Nothing is imported here, so that a list costs nobody
 * more than itself.
 */

/**
 * What a guest or a region may be called, whoever says so, a request or a file: nothing that a
 * path, a terminal, a shell or a page would take for more than a name.
 */
export const NAME_PATTERN = '^(?!\\.{1,2}$)[A-Za-z0-9._-]{1,64}$';
/** In words, after "must be". */
export const NAME_RULE = "1 to 64 letters, digits, '.', '_' or '-', and neither '.' nor '..'";

/** Versions of Linux that all others are told by, oldest first. */
export const KERNELS = ['2.6.32', '6.1', '6.12', '6.18'] as const;
/** The one that is, unless something else is said. */
export const DEFAULT_KERNEL = '6.18';

/** Bytes of a guest's page, unless something else is said: x86-64's. */
export const DEFAULT_PAGE_SIZE = 4096;

/** The media type of pages as fingerprints, 16 bytes each. */
export const FINGERPRINTS = 'application/vnd.ksmd.fingerprints';

/** Regions in one request, and ranges: more would not go into a request line. */
export const MOST_REGIONS = 256;
export const MOST_RANGES = 256;

/** A sample has one content in so many, at most. */
export const MOST_IN_A_SAMPLE = 65_536;

/** Pages that a host may have for each to be held against the one that is explained. */
export const MOST_LOOKED_AT = 2 ** 21;

/** What the names of khugepaged's tunables and counters begin with, where KSM's are beside them. */
export const KHUGEPAGED = 'khugepaged/';

/** What the kernel's files are shown by: a file system of the daemon's, or plain files. */
export const SYSFS_CARRIERS = ['mount', 'picture'] as const;
export type SysfsCarrier = (typeof SYSFS_CARRIERS)[number];

/** How severe a line of the log is, least first. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What a guest says of its pages, as programs do to the kernel. */
export const ADVICE = ['mergeable', 'unmergeable', 'dontneed', 'collapse'] as const;
export type Advice = (typeof ADVICE)[number];

/** Programs that a guest can run. */
export const WORKLOADS = ['ksmpages', 'dirty', 'read', 'boot', 'load', 'serve'] as const;
export type WorkloadName = (typeof WORKLOADS)[number];

/**
 * What may become of a page, in the order of the numbers that stand for them in the map.
 *
 * - untouched: never written or given back; costs no frame.
 * - unmergeable: its guest has not advised it mergeable.
 * - waiting: the scanner has not come by yet.
 * - volatile: it had changed when the scanner last came by, or is met for the first time, or was
 *   merged and written since.
 * - skipped: smart scan leaves it out for a while, as it has not merged for long.
 * - unshared: unchanged, but no page is equal to it.
 * - limit: equal to a KSM page that takes no more mappings.
 * - shared: it maps a KSM page.
 * - zero: it maps the zero page, put there by KSM.
 */
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

/** What pages of the map are told apart by, besides their states. */
export const PAGE_CLASSINGS = ['sharers', 'zeroes', 'age', 'guest'] as const;
export type PageClassing = (typeof PAGE_CLASSINGS)[number];

/**
 * What a page may be in these.
 *
 * - untouched: as a state.
 * - zero: it maps the zero page, put there by KSM.
 * - mapped (sharers): its frame is mapped by so many pages.
 * - zeroesMerged, zeroes (zeroes): it holds nothing but zeroes, in a KSM page or in a frame of its
 *   own.
 * - merged, other (zeroes): it holds something else, in a KSM page or in a frame of its own.
 * - unknown (age): the scanner does not know it.
 * - merged (age): it maps a KSM page or the zero page: smart scan counts its visits no further.
 * - age (age): the scanner has been due to visit it so often.
 * - alone (guest): a page of the guest, in a frame that no other guest maps.
 * - partner (guest): a page of the guest, or of one of those it shares most frames with, in a frame
 *   that both map.
 * - partners (guest): the same of all its other partners.
 * - apart (guest): a page of another guest, in a frame that the guest does not map.
 */
export const PAGE_CLASS_KINDS = [
  'untouched',
  'zero',
  'mapped',
  'zeroesMerged',
  'zeroes',
  'merged',
  'other',
  'unknown',
  'age',
  'alone',
  'partner',
  'partners',
  'apart',
] as const;
export type PageClassKind = (typeof PAGE_CLASS_KINDS)[number];

/**
 * Why a page that is equal to another one is not merged with it, soonest to merge first.
 *
 * - due: nothing is in the way. The scanner has yet to come by, or to come by once more.
 * - notYetDue: its like is merged, and smart scan leaves it out for a while.
 * - outOfPhase: smart scan leaves it or its like out, and one of the next full scans visits both.
 * - neverInPhase: smart scan leaves one of the two out whenever it visits the other.
 * - changed: it or its like was written, or had changed when the scanner last came by.
 * - limit: the KSM pages of its content take no more mappings.
 * - node: its like is on another NUMA node, and merge_across_nodes is 0.
 * - unadvised: it or its like is not advised mergeable.
 */
export const APART_REASONS = [
  'due',
  'notYetDue',
  'outOfPhase',
  'neverInPhase',
  'changed',
  'limit',
  'node',
  'unadvised',
] as const;
export type ApartReason = (typeof APART_REASONS)[number];

/** What the scanner does; `restarting`: it has died, and another one takes over. */
export const SCANNER_STATES = ['running', 'stopped', 'restarting', 'dead'] as const;
export type ScannerState = (typeof SCANNER_STATES)[number];

/** Who sets KSM's tunables as time goes on, in a prediction. */
export const POLICIES = ['ksmtuned', 'throttled', 'advisor'] as const;
export type PolicyName = (typeof POLICIES)[number];

/** What a workload does; `waiting`: for a free frame. */
export const WORKLOAD_STATES = ['running', 'waiting', 'done', 'stopped', 'died'] as const;
export type WorkloadState = (typeof WORKLOAD_STATES)[number];
