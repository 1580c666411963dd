/**
 * What has changed in KSM from one version of Linux to the next, and in what it does with the
 * memory that KSM merges: since when, and how a kernel behaves from then on. Which files there are
 * since when, the records of counters and tunables say.
 *
 * Each was read in the kernel's source; where a kernel was recorded, a test says whether it was
 * read right. docs/how-it-works.md names the commits.
 */
import { hasSince, type KernelVersion } from './kernel-versions.js';

/** What differs beyond the files a kernel has. */
export interface Behaviour {
  /**
   * The checksum of a page that is not merged is taken before the stable tree is searched, so that
   * pages that change are told apart before anything is compared. Before, the stable tree came
   * first and the checksum guarded the unstable tree only.
   */
  readonly checksumFirst: boolean;
  /**
   * A stable node takes at most max_page_sharing mappings, further ones go to duplicates in a
   * chain. A chain passed by a search yields a dup with room; one without any is stepped over
   * ('with-room'), and only a pruning pass collapses it. Or it always yields one, and collapses
   * whenever it is met with a single dup left ('any').
   */
  readonly chains: 'none' | 'with-room' | 'any';
  /** Where uncounted, a zero page that KSM has mapped cannot be told from any other. */
  readonly zeroPages: 'none' | 'uncounted' | 'counted';
  readonly smartScan: boolean;
  /** A changed sleep_millisecs ends the nap under way. Before, the old one was slept out. */
  readonly napEndsOnChange: boolean;
  /** A huge page that is split gives its pages of zeroes to the zero page, uncounted. */
  readonly splitFreesZeroes: boolean;
  /**
   * Dontneed of a whole stretch of small pages gives the page table back, so that the next touch
   * takes a huge page.
   */
  readonly dontneedFreesTables: boolean;
  /**
   * When a store may go on with a page of a huge page, mapped on its own, that a fork had shared:
   * if it is the last of the huge page that is mapped anywhere; never; if no other process maps any
   * of it.
   */
  readonly hugePageReuse: 'last' | 'never' | 'exclusive';
  /** Pages none of which can be written without a fault are not collapsed. */
  readonly collapseNeedsWritable: boolean;
  /** A child's ksm_stat begins with what its parent's said. */
  readonly forkInheritsCounts: boolean;
  /** PR_SET_MEMORY_MERGE. */
  readonly prctlMerge: boolean;
}

export interface KernelChange {
  readonly since: KernelVersion;
  /** Of a long-lived kernel that has it too, by a fix of its own: which. */
  readonly alsoIn?: KernelVersion;
  /** What has come: "with …". */
  readonly what: string;
  readonly to: Partial<Behaviour>;
}

/** How it was at first, in 2.6.32. */
const FIRST: Behaviour = {
  checksumFirst: false,
  chains: 'none',
  zeroPages: 'none',
  smartScan: false,
  napEndsOnChange: false,
  splitFreesZeroes: false,
  dontneedFreesTables: false,
  hugePageReuse: 'last',
  collapseNeedsWritable: true,
  forkInheritsCounts: true,
  prctlMerge: false,
};

/** In the order in which they came. */
export const KERNEL_CHANGES: readonly KernelChange[] = [
  { since: '3.9', what: 'merge_across_nodes', to: {} },
  { since: '4.11', what: 'use_zero_pages', to: { zeroPages: 'uncounted' } },
  { since: '4.13', what: 'max_page_sharing', to: { chains: 'with-room' } },
  {
    since: '5.0',
    what: 'naps that end when sleep_millisecs changes',
    to: { napEndsOnChange: true },
  },
  { since: '6.4', what: 'PR_SET_MEMORY_MERGE and profits', to: { prctlMerge: true } },
  { since: '6.6', what: 'counted zero pages', to: { zeroPages: 'counted' } },
  { since: '6.7', what: 'smart scan', to: { smartScan: true } },
  { since: '6.8', what: 'the advisor', to: {} },
  { since: '6.9', what: 'no huge page reused after a fork', to: { hugePageReuse: 'never' } },
  {
    since: '6.11',
    what: 'the checksum before the stable tree',
    to: { checksumFirst: true, chains: 'any' },
  },
  { since: '6.12', what: 'zeroes given back by splits', to: { splitFreesZeroes: true } },
  { since: '6.14', what: 'page tables given back', to: { dontneedFreesTables: true } },
  {
    since: '6.15',
    what: 'huge pages reused by their only user',
    to: { hugePageReuse: 'exclusive' },
  },
  {
    since: '6.18',
    what: 'collapse of what cannot be written',
    to: { collapseNeedsWritable: false },
  },
  {
    since: '6.18',
    alsoIn: '6.12',
    what: 'counts of its own for a fork',
    to: { forkInheritsCounts: false },
  },
];

/** How that version behaves. */
export function behaviourOf(version: KernelVersion): Behaviour {
  let behaviour = FIRST;
  for (const change of KERNEL_CHANGES)
    if (isIn(change, version)) behaviour = { ...behaviour, ...change.to };
  return behaviour;
}

/** Whether that version has it. */
export function isIn({ since, alsoIn }: KernelChange, version: KernelVersion): boolean {
  return version === alsoIn || hasSince(version, since);
}
