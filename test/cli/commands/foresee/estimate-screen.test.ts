/** What `ksmd estimate` tells of figures: what they are of, and what they rest on. */
import { describe, expect, test } from 'vitest';
import { estimateScreen } from '../../../../src/cli/commands/foresee/estimate-screen.js';
import { estimate } from '../../../../src/estimate/estimate.js';
import { MAPPING_ADVISED, PAGE_SHARED, PAGE_ZEROES } from '../../../../src/recording/format.js';
import type { SweepRecord } from '../../../../src/recording/records.js';
import { GUEST, HEADER, hostOf } from '../../../recording/small-recording.js';

/** A guest of a mapping. */
function guest(id: number, pid: number, flags: number): SweepRecord[] {
  return [
    { ...GUEST, guest: id, pid, name: `vm${id}` },
    { type: 'mapping', guest: id, page: 0, pages: 8, flags, node: 0, label: '' },
    { type: 'pages', guest: id, page: 0, pages: 8, state: PAGE_ZEROES },
  ];
}

function screenOf(records: readonly SweepRecord[], header = HEADER, columns?: number): string {
  const host = hostOf(records, header);
  return estimateScreen(estimate(host, { selection: 'auto' }), host, columns).join('\n');
}

describe('what counts', () => {
  const image = guest(1, 0, MAPPING_ADVISED);

  test('of images is what would if they were advised', () => {
    expect(screenOf(image)).toContain('As if all of the images were advised mergeable.');
    expect(screenOf([...image, ...guest(2, 7, 0)])).toContain(
      'As if all private memory, and all of the images, were advised mergeable.',
    );
    expect(screenOf([...image, ...guest(2, 7, MAPPING_ADVISED)])).toContain(
      'As KSM sees it now: what is advised mergeable, and images as if they were.',
    );
  });

  test('of processes is what is advised, or all of it', () => {
    expect(screenOf(guest(1, 7, 0))).toContain('As if all private memory were advised mergeable.');
    expect(screenOf(guest(1, 7, MAPPING_ADVISED))).toContain(
      'As KSM sees it now: what is advised mergeable.',
    );
  });
});

test('memory that KSM merges nothing of is told, and why, beside what is counted', () => {
  const header = { ...HEADER, guestNumbers: ['rss', 'shared', 'hugetlb'] };
  const withNumbers = (shared: number, hugetlb: number): string =>
    screenOf(
      [...guest(1, 7, 0), { type: 'numbers', guest: 1, values: [0, shared, hugetlb] }],
      header,
    );
  const screen = withNumbers(117 * 2 ** 20, 2 ** 21);
  expect(screen).toMatch(
    /shared memory +117 MiB {2}not counted, as KSM merges none: share=on, memfd, tmpfs\n/,
  );
  expect(screen).toMatch(/hugetlbfs +2 MiB {2}not counted, as KSM merges none\n/);
  expect(withNumbers(0, 0)).not.toMatch(/shared memory|hugetlbfs/);
});

test('the share is of memory in use: what a fork shares takes none', () => {
  const children = [2, 3, 4, 5].flatMap((id): SweepRecord[] => [
    { ...GUEST, guest: id, pid: id, name: `vm${id}` },
    { type: 'mapping', guest: id, page: 0, pages: 8, flags: 0, node: 0, label: '' },
    { type: 'pages', guest: id, page: 0, pages: 8, state: PAGE_SHARED, owner: 1 },
  ]);
  const screen = screenOf([...guest(1, 7, 0), ...children]);
  expect(screen).toMatch(/^At most 32 KiB of 32 KiB in use could be saved \(100\.0 %\)\n/);
  expect(screen).toMatch(/shared by fork +128 KiB {2}not counted: one frame already\n/);
});

test('what is at most saved is not cut downward, and no blank line stands for what is not lost', () => {
  const pages = 1283;
  const screen = screenOf([
    { ...GUEST, guest: 1 },
    { type: 'mapping', guest: 1, page: 0, pages, flags: 0, node: 0, label: '' },
    { type: 'pages', guest: 1, page: 0, pages, state: PAGE_ZEROES },
  ]);
  expect(screen).toMatch(/^At most 5\.1 MiB of 5\.1 MiB in use/);
  expect(screenOf(guest(1, 7, 0))).not.toContain('\n\n\n');
});
