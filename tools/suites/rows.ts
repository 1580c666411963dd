/**
 * All that LTP and the kernel's selftests ask of KSM, a row each: what it requires, in our words,
 * and how to play it, or why it cannot be said to ksmd.
 *
 * Sizes are such that each takes a second at most; the suites' own are larger.
 */
import type { KernelVersion } from '../../src/ksm/records/kernel-versions.js';
import type { Checks } from './checks.js';
import { dyingWhileScanned } from './ltp/exiting.js';
import { acrossNodes } from './ltp/nodes.js';
import { sameMemory } from './ltp/same-memory.js';
import { skipping } from './ltp/smart-scan.js';
import * as functional from './selftests/functional.js';
import * as merging from './selftests/merging.js';
import type { Way } from './way.js';

export interface PlayedRow {
  readonly test: string;
  readonly requires: string;
  readonly play: (way: Way, checks: Checks) => Promise<unknown>;
  /** What all processes together may have, where the test limits it. */
  readonly memoryBytes?: number;
  /** It needs as many NUMA nodes. */
  readonly nodes?: number;
  /** The first kernel of which it can be asked. */
  readonly since?: KernelVersion;
}

/** What cannot be said to ksmd, and why. */
export interface UnsaidRow {
  readonly test: string;
  readonly requires: string;
  readonly why: string;
}

export type Row = PlayedRow | UnsaidRow;

/** LTP's is 128 MiB, which the bench takes. */
const PROCESS_PAGES = 512;
/** As much as LTP's limit is of what its processes have: 1 GiB of 384 MiB. */
const LIMIT_BYTES = 16 << 20;

export const LTP: readonly Row[] = [
  {
    test: 'ksm01',
    requires:
      'three processes have c, a, a; then c, b, a; then all d; then all d but one byte: what is ' +
      'equal shares one page, nothing else does; run=2 unmerges all, run=0 stops',
    play: (way, checks) => sameMemory(way, checks, PROCESS_PAGES),
  },
  {
    test: 'ksm02',
    requires: 'the same with all memory from one NUMA node',
    play: (way, checks) => sameMemory(way, checks, PROCESS_PAGES, 0),
  },
  {
    test: 'ksm03',
    requires: 'the same with no more memory than 8/3 of what the processes have',
    play: (way, checks) => sameMemory(way, checks, PROCESS_PAGES),
    memoryBytes: LIMIT_BYTES,
  },
  {
    test: 'ksm04',
    requires: 'the same with both',
    play: (way, checks) => sameMemory(way, checks, PROCESS_PAGES, 0),
    memoryBytes: LIMIT_BYTES,
  },
  {
    test: 'ksm05',
    requires: 'a process that dies while its page is scanned leaves the scanner alive',
    play: dyingWhileScanned,
  },
  {
    test: 'ksm06',
    requires:
      'equal pages on two NUMA nodes share one page with merge_across_nodes=1, one a node with 0',
    play: acrossNodes,
    nodes: 2,
  },
  {
    test: 'ksm07',
    requires: 'smart scan leaves a page that is alone out of half of the full scans at least',
    play: skipping,
    since: '6.7',
  },
];

export const SELFTESTS: readonly Row[] = [
  { test: 'ksm_tests -M', requires: '10 equal pages share one', play: merging.merging },
  {
    test: 'ksm_tests -M -t 1',
    requires: 'so do they where prctl has made all of the process mergeable',
    play: merging.mergingByPrctl,
    since: '6.4',
  },
  {
    test: 'ksm_tests -U',
    requires: 'two equal pages share one, and none once both are written and scanned',
    play: merging.unmerging,
  },
  {
    test: 'ksm_tests -Z -z 0',
    requires: '10 pages of zeroes share one',
    play: merging.zeroPagesMerging,
    since: '6.6',
  },
  {
    test: 'ksm_tests -Z -z 1',
    requires: 'with use_zero_pages they share none: they map the zero page',
    play: merging.zeroPagesMapped,
    since: '6.6',
  },
  {
    test: 'ksm_tests -N -m 1',
    requires: 'two equal pages on two NUMA nodes share one',
    play: (way, checks) => merging.mergingAcrossNodes(way, checks, 1),
    nodes: 2,
  },
  {
    test: 'ksm_tests -N -m 0',
    requires: 'with merge_across_nodes=0 they share none',
    play: (way, checks) => merging.mergingAcrossNodes(way, checks, 0),
    nodes: 2,
  },
  {
    test: 'ksm_tests -P, -D',
    requires: 'much memory is scanned twice, and unmerged again with MADV_UNMERGEABLE; timed',
    play: (way, checks) => merging.mergingMuch(way, checks, false),
  },
  {
    test: 'ksm_tests -H',
    requires: 'the same of memory in huge pages; timed',
    play: (way, checks) => merging.mergingMuch(way, checks, true),
  },
  {
    test: 'ksm_tests -C',
    requires: 'a write to one of two merged pages gives the writer his own; timed',
    play: merging.breaking,
  },
  {
    test: 'test_unmerge',
    requires: 'MADV_UNMERGEABLE leaves no frame mapped twice',
    play: functional.unmergeable,
  },
  {
    test: 'test_unmerge_zero_pages',
    requires:
      'ksm_zero_pages of a process counts them, and follows MADV_UNMERGEABLE and writes at once',
    play: functional.zeroPages,
    since: '6.6',
  },
  {
    test: 'test_unmerge_discarded',
    requires: 'the same as test_unmerge after MADV_DONTNEED of one half',
    play: functional.discarded,
  },
  {
    test: 'test_prot_none',
    requires:
      'pages that nobody may access merge; written from outside, or unmergeable, they are apart',
    play: functional.writtenFromOutside,
  },
  {
    test: 'test_prctl',
    requires: 'what PR_SET_MEMORY_MERGE sets and clears is what is said',
    play: functional.prctl,
    since: '6.4',
  },
  {
    test: 'test_prctl_fork',
    requires: 'a child has it from its parent, and what it maps merges without advice',
    play: functional.prctlThenFork,
    since: '6.4',
  },
  {
    test: 'test_prctl_fork_exec',
    requires: 'so has the program that the child becomes',
    play: functional.prctlThenExec,
    since: '6.7',
  },
  {
    test: 'test_prctl_unmerge',
    requires: 'cleared, it leaves no frame mapped twice',
    play: functional.prctlCleared,
    since: '6.4',
  },
  {
    test: 'test_fork_ksm_merging_page_count',
    requires: 'a child begins with ksm_merging_pages 0',
    play: functional.countOfChild,
    since: '6.12',
  },
  {
    test: 'test_unmerge_uffd_wp',
    requires: 'the same as test_unmerge of pages that userfaultfd write-protects',
    why: 'guests have no userfaultfd',
  },
  {
    test: 'rmap: ksm',
    requires: 'a KSM page of a whole family of processes can be moved to another NUMA node',
    why: 'pages do not migrate here',
  },
  {
    test: 'rmap: ksm_and_mremap',
    requires: 'the same of memory that was moved by mremap before it merged',
    why: 'regions stay where they are mapped, and pages do not migrate',
  },
  {
    test: 'merge: ksm_merge',
    requires: 'a mapping beside one that prctl has made mergeable becomes one with it',
    why: 'whether the kernel has one mapping or two shows in none of what ksmd tells',
  },
];

export function isPlayed(row: Row): row is PlayedRow {
  return 'play' in row;
}
