/**
 * A snapshot of huge pages and forks that was changed and sealed again: what no first touch, no
 * split, no fork and no merge would have made of a host is refused.
 */
import { afterAll, expect, test } from 'vitest';
import { KsmdError } from '../../src/errors.js';
import { checkHost } from '../../src/inspect/check.js';
import { ManualClock } from '../../src/ksm/clock.js';
import { Host } from '../../src/ksm/host.js';
import {
  MARK_HUGE_PAGE_SHIFT,
  MARK_KSM,
  MARK_NUMA_NODE_SHIFT,
  MARK_STABLE,
  PAGE_FIRST_FRAME,
  PAGE_FRAME_MASK,
  PAGE_MERGEABLE,
  PAGE_UNTOUCHED,
  PAGE_WRITABLE,
} from '../../src/snapshot/format.js';
import type { SnapshotHeader } from '../../src/snapshot/header-schema.js';
import { putTogether, type SnapshotParts, takenApart } from '../../tools/fuzz-files/sealed.js';
import { PAGE } from '../ksm/bench-host.js';
import { Directory, snapshotOf } from './files.js';
import { guestIn, regionIn } from './header-parts.js';

const directory = new Directory();
afterAll(() => directory.remove());

/** Of the maps, where guest b's begin. */
const OF_B = 600;

interface Forked {
  readonly header: SnapshotHeader;
  /** a's 600 pages, and b's. */
  readonly maps: Int32Array;
  readonly marks: Int32Array;
  parts: SnapshotParts;
}

/**
 * Guest a has a huge page, and 88 pages behind it of which one is there and one a KSM page, with
 * a third of another region. It forks b; then b writes one of those pages. c has a huge page.
 */
function forked(change: (file: Forked) => void): Buffer {
  const size = { memoryBytes: 3000 * PAGE, pageSize: PAGE, guestPages: 4000 };
  const host = Host.create(size, new ManualClock());
  const at = 512 * PAGE;
  const write = (guest: string, address: number, content: number): void =>
    host.memory.store(guest, address, new Uint8Array(PAGE).fill(content));
  host.createGuest('a');
  host.map('a', 'h', 600, { address: at, huge: true });
  write('a', at + 520 * PAGE, 1);
  write('a', at + 521 * PAGE, 1);
  write('a', at + 522 * PAGE, 2);
  for (let scan = 0; scan < 3; scan++) host.ksm.scan(5000);
  write('a', at + 5 * PAGE, 3);
  host.fork('a', 'b');
  write('b', at + 522 * PAGE, 4);
  host.createGuest('c');
  host.map('c', 'h', 512, { address: at, huge: true });
  write('c', at, 5);
  const parts = takenApart(snapshotOf(host));
  const file = {
    header: JSON.parse(parts.header) as SnapshotHeader,
    maps: new Int32Array(parts.maps.buffer),
    marks: new Int32Array(parts.marks.buffer),
    parts,
  };
  change(file);
  return putTogether({ ...file.parts, header: JSON.stringify(file.header) });
}

const larger = { memoryBytes: 3000 * PAGE, guestPages: 4000 };
const outcome = (file: Uint8Array): string => {
  try {
    directory.restore(file, larger);
  } catch (error) {
    if (error instanceof KsmdError) return error.line;
    throw error;
  }
  return 'taken';
};
/** The place of a page's frame among the frames, and so among the marks. */
const frameOf = ({ maps }: Forked, page: number): number =>
  ((maps[page] ?? 0) & PAGE_FRAME_MASK) - PAGE_FIRST_FRAME;

test('sealed again without a change, they are restored', () => {
  const restored = directory.restore(
    forked(() => undefined),
    larger,
  );
  expect(checkHost(restored)).toEqual([]);
  expect(['a', 'b', 'c'].map((name) => restored.guests.hugePages(name))).toEqual([1, 1, 1]);
  // What the fork shares of the KSM page is listed once the scanner has come by.
  const shared = () => restored.files.counters().pages_sharing;
  expect(shared()).toBe(1);
  restored.ksm.scan(5000);
  expect(shared()).toBe(3);
});

test.each<[what: string, change: (file: Forked) => void, message: string | RegExp]>([
  [
    'a page absent in the middle of a huge page',
    ({ maps }) => {
      maps[7] = PAGE_UNTOUCHED | PAGE_MERGEABLE;
    },
    'a page of it is absent, in the middle of a huge page',
  ],
  [
    'a page in the middle of a huge page that is none of its parts',
    (file) => {
      file.marks[frameOf(file, 7)] = 0;
    },
    'a page of it is no part of the huge page that maps it',
  ],
  [
    'a huge page that is none',
    (file) => {
      for (let page = 0; page < 512; page++) file.marks[frameOf(file, page)] = 0;
    },
    'a page of it is no part of the huge page that maps it',
  ],
  [
    'a huge page not all of which is mergeable',
    ({ maps }) => {
      maps[7] = (maps[7] ?? 0) & ~PAGE_MERGEABLE;
    },
    'a huge page of it is not advised alike',
  ],
  [
    'part of a huge page where there is no stretch',
    (file) => {
      file.marks[frameOf(file, OF_B + 522)] = 1 << MARK_HUGE_PAGE_SHIFT;
    },
    'a page of it is part of a huge page where there can be none',
  ],
  [
    'a huge page at two places',
    (file) => {
      file.marks[frameOf(file, 2 * OF_B + 9)] = file.marks[frameOf(file, 9)] ?? 0;
    },
    'a huge page of it is mapped at two places',
  ],
  [
    'a KSM page that is part of a huge page',
    (file) => {
      const frame = frameOf(file, 9);
      file.marks[frame] = (file.marks[frame] ?? 0) | MARK_KSM | MARK_STABLE;
    },
    'a KSM page of it is part of a huge page',
  ],
  [
    'a KSM page that is writable',
    (file) => {
      file.marks[frameOf(file, OF_B + 522)] = MARK_KSM | MARK_STABLE;
    },
    'a KSM page of it is writable',
  ],
  [
    'a page of the stable tree that is no KSM page',
    (file) => {
      file.marks[frameOf(file, 520)] = MARK_STABLE;
    },
    'a page of it is in the stable tree and no KSM page',
  ],
  [
    'a page that shares and writes',
    ({ maps }) => {
      maps[OF_B + 9] = (maps[OF_B + 9] ?? 0) | PAGE_WRITABLE;
    },
    'a page of it shares a frame, and is writable',
  ],
  [
    'one that shares what another writes',
    ({ maps }) => {
      maps[9] = (maps[9] ?? 0) | PAGE_WRITABLE;
    },
    'a page of it shares a frame, and is writable',
  ],
  [
    'pages that share what no fork shared',
    ({ header }) => {
      delete regionIn(header, 1).kin;
    },
    'pages of it share a frame that neither KSM nor a fork shares',
  ],
  [
    'pages that share what a fork shared elsewhere',
    ({ maps }) => {
      maps[OF_B + 530] = maps[522] ?? 0;
    },
    'pages of it share a frame that neither KSM nor a fork shares',
  ],
  [
    'an untouched stretch with pages',
    ({ header }) => {
      regionIn(header).stretches = '.';
    },
    'a stretch of it is untouched, and a page of it is not',
  ],
  [
    'stretches beyond the region',
    ({ header }) => {
      regionIn(header).stretches = 'hs';
    },
    'a region of it has 1 stretches, and says of 2 what they are',
  ],
  [
    'stretches that nothing is known of',
    ({ header }) => {
      regionIn(header).stretches = '';
    },
    'a region of it has 1 stretches, and says of 0 what they are',
  ],
  [
    'stretches that are something else',
    ({ header }) => {
      regionIn(header).stretches = 'x';
    },
    /^its header is damaged: 'guests.0.regions.0.stretches' must match pattern/,
  ],
  [
    'kin of another size',
    ({ header }) => {
      regionIn(header, 1).pages--;
    },
    'regions of it that a fork made are not alike',
  ],
  [
    'kin at another place',
    ({ header }) => {
      regionIn(header, 1).address += 512 * PAGE;
    },
    'regions of it that a fork made are not alike',
  ],
  [
    'kin on another NUMA node',
    ({ header }) => {
      regionIn(header, 1).node = 1;
    },
    'regions of it that a fork made are not alike',
  ],
  [
    'kin of which one has no huge pages',
    ({ header }) => {
      delete regionIn(header, 1).stretches;
    },
    'regions of it that a fork made are not alike',
  ],
  [
    'a region without huge pages that has met some',
    ({ header }) => {
      delete regionIn(header, 2).stretches;
    },
    'a region of it has met huge pages that it is not advised to',
  ],
  [
    'counts that a fork of this kernel does not inherit',
    ({ header }) => {
      guestIn(header, 1).inherited = { items: 1, merging: 0 };
    },
    'Linux 6.18 has no counts inherited',
  ],
  [
    'a frame of a NUMA node that there is not',
    (file) => {
      file.marks[frameOf(file, 520)] = 17 << MARK_NUMA_NODE_SHIFT;
    },
    'a page of it lies on a NUMA node that there is not',
  ],
  [
    'marks that it does not have',
    (file) => {
      file.parts = { ...file.parts, marks: new Uint8Array() };
    },
    'it is cut short',
  ],
  [
    'marks that it does not say it has',
    ({ header }) => {
      delete header.marked;
    },
    'it goes on after its end: it is damaged',
  ],
])('%s', (_what, change, message) => {
  const said = outcome(forked(change));
  expect(said).toMatch(/^EINVAL: /);
  const sentence = said.slice('EINVAL: '.length);
  if (typeof message === 'string') expect(sentence).toBe(message);
  else expect(sentence).toMatch(message);
});

test('a fork shares KSM pages past max_page_sharing, and with pages that are not mergeable', () => {
  const file = forked(({ header, maps }) => {
    header.tunables.max_page_sharing = 2;
    maps[OF_B + 520] = (maps[OF_B + 520] ?? 0) & ~PAGE_MERGEABLE;
  });
  const restored = directory.restore(file, larger);
  restored.ksm.scan(5000);
  expect(restored.files.counters()).toMatchObject({ pages_shared: 1, pages_sharing: 2 });
  expect(checkHost(restored)).toEqual([]);
});
