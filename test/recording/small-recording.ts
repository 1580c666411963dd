/** Recordings for tests, made record by record. */
import { PREFIX_BINS, type RecordingHeader } from '../../src/recording/format.js';
import { RecordedHost } from '../../src/recording/recorded-host.js';
import type { EndRecord, SweepRecord } from '../../src/recording/records.js';

export const HEADER: RecordingHeader = {
  version: 1,
  writer: 'test',
  host: 'here',
  kernel: '6.18.0 x86_64',
  pageSize: 4096,
  hz: 250,
  processors: 2,
  startedAtMs: 1_700_000_000_000,
  intervalMs: 10_000,
  sample: 1,
  keyId: '0123456789abcdef',
  nodeBytes: [2 ** 30, 2 ** 30],
  hostNumbers: ['MemTotal', 'MemFree'],
  guestNumbers: ['rss'],
  facts: { 'ksm/advisor_mode': '[none] scan-time' },
};

export const GUEST = {
  type: 'guest',
  name: 'vm',
  pid: 7,
  comm: 'qemu',
  startedTicks: 5,
  mergesAny: false,
  isPinned: false,
} as const;

export function end(startMs: number): EndRecord {
  return { type: 'end', startMs, durationMs: 5, processorMs: 3 };
}

/** One of each kind, with what a decoder must have met before. */
export const ONE_OF_EACH: readonly SweepRecord[] = [
  { ...GUEST, guest: 1 },
  { ...GUEST, guest: 300, name: 'other', mergesAny: true, tellsFrames: false },
  { type: 'mapping', guest: 1, page: 2 ** 35, pages: 600, flags: 3, node: 1, label: '[heap]' },
  { type: 'mapping', guest: 300, page: 0, pages: 4, flags: 0, node: undefined, label: '' },
  { type: 'pages', guest: 1, page: 2 ** 35, pages: 1, state: 1 },
  {
    type: 'pages',
    guest: 1,
    page: 2 ** 35 + 1,
    pages: 2,
    state: 2 | 8,
    fingerprints: Buffer.from('0123456789abcdef0123456789abcdeF'),
  },
  { type: 'pages', guest: 300, page: 3, pages: 1, state: 5 | 16, owner: 1 },
  { type: 'pages', guest: 300, page: 1, pages: 1, state: 4 },
  { type: 'numbers', guest: undefined, values: [2 ** 40, 12_345] },
  { type: 'numbers', guest: 300, values: [77] },
  { type: 'facts', facts: { 'ksm/advisor_mode': 'none [scan-time]' } },
  { type: 'prefixes', guest: 1, page: 2 ** 35, counts: new Array<number>(PREFIX_BINS).fill(9) },
  { type: 'unsampled-changes', guest: 1, pages: 4 },
  end(0),
  { type: 'pages', guest: 1, page: 2 ** 35, pages: 1, state: 6 | 8 },
  { type: 'numbers', guest: undefined, values: [2 ** 40, 12_000] },
  { type: 'mapping-gone', guest: 300, page: 0 },
  { type: 'guest-gone', guest: 300 },
  end(10_000),
];

export function hostOf(
  records: Iterable<SweepRecord>,
  header: RecordingHeader = HEADER,
): RecordedHost {
  const host = new RecordedHost(header);
  for (const record of records) host.apply(record);
  return host;
}
