/**
 * What there is to tell of ksmd beyond the kernel's files: its memory, its guests, its threads, the
 * process it is.
 */
import { CTL_CHECKSUMS } from '../../core/layout.js';
import { registeredPages } from '../../inspect/population.js';
import { savings } from '../../inspect/savings.js';
import type { Sharing } from '../../inspect/sharing.js';
import { wide } from '../../ksm/counters.js';
import type { Host } from '../../ksm/host.js';
import { SCANNER_STATES, WORKLOAD_STATES } from '../../names.js';
import { VERSION } from '../../version.js';
import type { GuestThreads } from '../threads/guest-threads.js';
import type { Scanner } from '../threads/scanner.js';
import { guestCounterMetrics } from './kernel.js';
import { counter, gauge, type Metric, state } from './metric.js';

const MICROSECONDS = 1_000_000;
const MILLISECONDS = 1000;

export function memoryMetrics(host: Host, forkSharedPages: () => number): Metric[] {
  const { memory, frames, pageSize, frameBytes } = host.machine;
  const { i32 } = memory;
  const free = (): number => frames.total - frames.used;
  return [
    gauge({ name: 'ksmd_page_size_bytes', help: 'Size of a page.' }, () => pageSize),
    gauge(
      { name: 'ksmd_frame_bytes', help: 'Bytes held of a page: all of it, or its fingerprint.' },
      () => frameBytes,
    ),
    gauge(
      {
        name: 'ksmd_sample_one_in',
        help: 'One page in so many is held, and all figures are of these: 1 where all are.',
      },
      () => host.oneIn,
    ),
    gauge(
      { name: 'ksmd_frames', help: 'Frames of simulated physical memory.' },
      () => frames.total,
    ),
    gauge({ name: 'ksmd_frames_used', help: 'Frames in use.' }, () => frames.used),
    gauge({ name: 'ksmd_frames_free', help: 'Frames that are free.' }, free),
    gauge(
      { name: 'ksmd_memory_bytes', help: 'Simulated physical memory, in bytes of pages.' },
      () => frames.total * pageSize,
    ),
    gauge(
      { name: 'ksmd_memory_used_bytes', help: 'Simulated physical memory in use.' },
      () => frames.used * pageSize,
    ),
    gauge(
      { name: 'ksmd_memory_free_bytes', help: 'Simulated physical memory that is free.' },
      () => free() * pageSize,
    ),
    gauge(
      {
        name: 'ksmd_saved_bytes',
        help: 'What would be used more if KSM had merged nothing: not what forks share.',
      },
      () => savings(host, forkSharedPages()).bytes,
    ),
    gauge(
      {
        name: 'ksmd_fork_shared_pages',
        help: 'Pages that need no frame of their own since a fork, with KSM or without.',
      },
      forkSharedPages,
    ),
    counter(
      { name: 'ksmd_failed_stores_total', help: 'Stores given up for want of a free frame.' },
      () => frames.failedStores >>> 0,
    ),
    counter({ name: 'ksmd_merges_total', help: 'Pages merged.' }, () => host.files.totals().merges),
    counter(
      {
        name: 'ksmd_cow_breaks_total',
        help: 'Merged pages given a frame of their own again: written, or unmerged.',
      },
      () => host.files.totals().cowBreaks,
    ),
    counter(
      {
        name: 'ksmd_splits_total',
        help: 'Huge pages that KSM has split, to merge a page of them.',
      },
      () => host.files.totals().splits,
    ),
    counter(
      {
        name: 'ksmd_split_zero_pages_total',
        help:
          'Pages of zeroes whose frames were given back as their huge page was split, once more ' +
          'for each time that khugepaged had made it anew.',
      },
      () => host.files.totals().splitZeroPages,
    ),
    counter({ name: 'ksmd_checksums_total', help: 'Checksums taken of pages.' }, () =>
      wide(i32, CTL_CHECKSUMS),
    ),
  ];
}

/** Of pages that need no frame of their own. */
export function sharingMetric(sharing: () => Sharing): Metric {
  return {
    name: 'ksmd_equal_pages',
    help:
      'Pages that need no frame of their own, by whose are equal; zeroes may be memory that ' +
      'nobody used.',
    type: 'gauge',
    labels: ['of'],
    values: () => {
      const { zeroPages, withinGuestPages, betweenGuestsPages } = sharing();
      return [
        { labels: { of: 'zeroes' }, value: zeroPages },
        { labels: { of: 'within_guest' }, value: withinGuestPages },
        { labels: { of: 'between_guests' }, value: betweenGuestsPages },
      ];
    },
  };
}

export function guestMetrics(host: Host): Metric[] {
  const ofEach = (name: string, help: string, value: (guest: string) => number): Metric => ({
    name,
    help,
    type: 'gauge',
    labels: ['guest'],
    values: () => host.guests.names().map((guest) => ({ labels: { guest }, value: value(guest) })),
  });
  return [
    gauge({ name: 'ksmd_guests', help: 'Guests there are.' }, () => host.guests.names().length),
    ofEach(
      'ksmd_guest_registered_pages',
      'Pages of the guest that are mapped, touched or not.',
      (guest) => registeredPages(host, guest),
    ),
    ofEach(
      'ksmd_guest_present_pages',
      'Pages of the guest that have a frame, its own or shared: its Rss.',
      (guest) => host.guests.presentPages(guest),
    ),
    ofEach('ksmd_guest_huge_pages', 'Huge pages that the guest maps as one.', (guest) =>
      host.guests.hugePages(guest),
    ),
    ...guestCounterMetrics(host),
  ];
}

export function threadMetrics(scanner: Scanner, threads: GuestThreads): Metric[] {
  let restarts = 0;
  scanner.on('restarted', () => restarts++);
  return [
    state(
      { name: 'ksmd_scanner_state', help: 'What the scanner does: 1 for the state it is in.' },
      'state',
      SCANNER_STATES,
      () => scanner.state,
    ),
    counter(
      { name: 'ksmd_scanner_cpu_seconds_total', help: 'Processor time the scanner has used.' },
      () => scanner.cpuMs / MILLISECONDS,
    ),
    counter(
      {
        name: 'ksmd_kernel_cpu_seconds_total',
        help: "Processor time that a kernel's scanner would have used for the same, as priced.",
      },
      () => scanner.kernelCpuMs / MILLISECONDS,
    ),
    counter(
      {
        name: 'ksmd_scanner_restarts_total',
        help: 'Scanners that died and were followed by another.',
      },
      () => restarts,
    ),
    {
      name: 'ksmd_workloads',
      help: 'Workloads by what they do.',
      type: 'gauge',
      labels: ['state'],
      values: () => {
        const all = threads.list();
        return WORKLOAD_STATES.map((name) => ({
          labels: { state: name },
          value: all.filter(({ state }) => state === name).length,
        }));
      },
    },
  ];
}

export function processMetrics(host: Host): Metric[] {
  const startedAtSeconds = performance.timeOrigin / MILLISECONDS;
  return [
    {
      name: 'ksmd_build_info',
      help: "The daemon's version, the kernel it follows, and what it runs on: always 1.",
      type: 'gauge',
      labels: ['version', 'kernel', 'node'],
      values: () => [
        {
          labels: { version: VERSION, kernel: host.profile.name, node: process.version },
          value: 1,
        },
      ],
    },
    gauge(
      { name: 'process_start_time_seconds', help: 'When the process started, since the Epoch.' },
      () => startedAtSeconds,
    ),
    gauge(
      {
        name: 'process_resident_memory_bytes',
        help: 'Memory the operating system has given the process.',
      },
      () => process.memoryUsage.rss(),
    ),
    counter(
      {
        name: 'process_cpu_seconds_total',
        help: 'Processor time all threads of the process have used.',
      },
      () => {
        const { user, system } = process.cpuUsage();
        return (user + system) / MICROSECONDS;
      },
    ),
  ];
}
