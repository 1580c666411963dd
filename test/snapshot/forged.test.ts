/**
 * A snapshot that was changed and sealed again, its checksum right, is held against what the socket
 * and the kernel would have let come about.
 */
import { execFileSync } from 'node:child_process';
import { truncateSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { KsmdError } from '../../src/errors.js';
import { checkHost } from '../../src/inspect/check.js';
import { ManualClock } from '../../src/ksm/clock.js';
import { Host } from '../../src/ksm/host.js';
import type { ProfileName } from '../../src/ksm/kernels.js';
import { NAME_RULE } from '../../src/names.js';
import {
  MARK_HUGE_PAGE_SHIFT,
  MARK_KSM,
  MARK_STABLE,
  PAGE_FIRST_FRAME,
  PAGE_FRAME_MASK,
  PAGE_LISTED,
  PAGE_MERGEABLE,
  PAGE_UNTOUCHED,
  PAGE_WRITABLE,
  type SnapshotHeader,
} from '../../src/snapshot/format.js';
import { SnapshotFile } from '../../src/snapshot/restore.js';
import {
  putTogether,
  type SnapshotParts,
  sealed,
  takenApart,
} from '../../tools/fuzz-files/sealed.js';
import { ksmd, TemporaryDirectory } from '../daemon-process.js';
import { BenchHost, PAGE } from '../ksm/bench-host.js';
import { Directory, snapshotOf } from './files.js';

const directory = new Directory();
const others = new TemporaryDirectory();
afterAll(() => {
  directory.remove();
  others.remove();
});

/** Guest a: pages 1 1 1 2, b: 1 3; three frames, the first of them shared by four. */
function bench(kernel: ProfileName = '6.18'): SnapshotParts {
  const host = new BenchHost(kernel);
  host.guest('a', [1, 1, 1, 2]);
  host.guest('b', [1, 3]);
  host.fullScans(3);
  return takenApart(snapshotOf(host.host));
}

/** The bench with another header. */
function withHeader(change: (header: SnapshotHeader) => void, kernel?: ProfileName): Buffer {
  const parts = bench(kernel);
  const header: SnapshotHeader = JSON.parse(parts.header);
  change(header);
  return putTogether({ ...parts, header: JSON.stringify(header) });
}

/** The bench with other maps, a number a page. */
function withMaps(change: (maps: Int32Array) => void, kernel?: ProfileName): Buffer {
  const parts = bench(kernel);
  change(new Int32Array(parts.maps.buffer));
  return putTogether(parts);
}

/** Why it is not opened. */
function refusal(file: Uint8Array): string {
  try {
    directory.open(file, () => undefined);
  } catch (error) {
    if (error instanceof KsmdError) return error.line;
    throw error;
  }
  return 'taken';
}

/** Why it is not restored, though it is opened. */
function refusalOfRestore(file: Uint8Array): string {
  expect(refusal(file)).toBe('taken');
  try {
    directory.restore(file);
  } catch (error) {
    if (error instanceof KsmdError) return error.line;
    throw error;
  }
  return 'taken';
}

function guest({ guests }: SnapshotHeader, index = 0): SnapshotHeader['guests'][number] {
  const found = guests[index];
  if (found === undefined) throw new Error(`there is no guest ${index}`);
  return found;
}

function region(
  header: SnapshotHeader,
  index = 0,
): SnapshotHeader['guests'][number]['regions'][number] {
  const [found] = guest(header, index).regions;
  if (found === undefined) throw new Error('there is no region');
  return found;
}

const HOSTILE = [
  '\x1b]0;owned\x07',
  '<img src=x onerror=alert(1)>',
  'a\nksmd: all is well',
  '\u202eteg',
  '../../etc',
  '..',
  '',
  'n'.repeat(65),
];

test('sealed again without a change, it is restored', () => {
  const restored = directory.restore(withHeader(() => undefined));
  expect(checkHost(restored)).toEqual([]);
  expect(restored.counters()).toMatchObject({ pages_shared: 1, pages_sharing: 3 });
});

test.each(HOSTILE)('no guest and no region is called %j', (name) => {
  const rule = `must be ${NAME_RULE}`;
  expect(
    refusal(
      withHeader((header) => {
        guest(header, 1).name = name;
      }),
    ),
  ).toBe(`EINVAL: its header is damaged: 'guests.1.name' ${rule}`);
  expect(
    refusal(
      withHeader((header) => {
        region(header).name = name;
      }),
    ),
  ).toBe(`EINVAL: its header is damaged: 'guests.0.regions.0.name' ${rule}`);
});

describe('what no machine has is refused before one is made', () => {
  test.each<[what: string, change: (header: SnapshotHeader) => void, message: RegExp]>([
    [
      'a kernel that there is not',
      (header) => {
        header.kernel = '\x1b[2J'.repeat(100);
      },
      /^EINVAL: no kernel profile '(\\u001b\[2J){16}…': there are 2/,
    ],
    [
      'pages of an odd size',
      (header) => {
        header.pageSize = 96;
      },
      /^EINVAL: a page of 96 bytes: take a power of two/,
    ],
    [
      'frames larger than a page',
      (header) => {
        header.frameBytes = 128;
      },
      /^EINVAL: a frame of 128 bytes/,
    ],
    [
      'a NUMA node too many',
      (header) => {
        guest(header).node = 16;
      },
      /^EINVAL: its header is damaged: 'guests.0.node' must be <= 15$/,
    ],
    [
      'an address that is no number of bytes',
      (header) => {
        region(header).address = 2 ** 60;
      },
      /^EINVAL: its header is damaged: 'guests.0.regions.0.address' must be <= /,
    ],
    [
      'a region larger than memory',
      (header) => {
        region(header).pages = 2 ** 40;
      },
      /^EINVAL: its header is damaged: 'guests.0.regions.0.pages' must be <= /,
    ],
    [
      'many of them that together are',
      (header) => {
        const large = { name: 'r', address: 0, pages: 2 ** 27 };
        guest(header).regions = [large, large, large];
      },
      /^EINVAL: it holds more than any machine does$/,
    ],
    [
      'frames without number',
      (header) => {
        header.frames = 2 ** 40;
      },
      /^EINVAL: it holds more than any machine does$/,
    ],
    [
      'more frames than the file has',
      (header) => {
        header.frames = 2 ** 20;
      },
      /^EINVAL: it is cut short$/,
    ],
    [
      'more pages than the file has',
      (header) => {
        region(header).pages = 2 ** 27;
      },
      /^EINVAL: it is cut short$/,
    ],
  ])('%s', (_what, change, message) => {
    expect(refusal(withHeader(change))).toMatch(message);
  });

  test.each([-1, PAGE_FIRST_FRAME + 3, 0x8000000, -0x80000000, 0x7fffffff])(
    'a page that maps %i',
    (map) => {
      const file = withMaps((maps) => {
        maps[2] = map;
      });
      expect(refusal(file)).toBe('EINVAL: a page of it maps a frame that it does not hold');
    },
  );

  test.each([0, 1])('a page that may write what is not there: %i', (map) => {
    const file = withMaps((maps) => {
      maps[2] = map | PAGE_WRITABLE;
    });
    expect(refusal(file)).toBe('EINVAL: a page of it is writable, and maps no frame');
  });

  test('a header longer than the file', () => {
    const file = withHeader(() => undefined);
    file.writeUInt32LE(2 ** 24, 8);
    expect(refusal(sealed(file))).toBe('EINVAL: it is cut short');
  });

  test('a header without end', () => {
    const file = withHeader(() => undefined);
    file.writeUInt32LE(2 ** 32 - 1, 8);
    expect(refusal(sealed(file))).toBe('EINVAL: its header is damaged');
  });
});

describe('what KSM does not do is refused by the host', () => {
  test.each<[what: string, file: () => Uint8Array, message: RegExp]>([
    [
      'a tunable that the kernel has not',
      () =>
        withHeader(({ tunables }) => {
          tunables['\x1b[2J'] = 1;
        }),
      /^ENOENT: no tunable '\\u001b\[2J': /,
    ],
    [
      'a tunable out of range, though the advisor chooses it',
      () =>
        withHeader(({ tunables }) => {
          tunables.advisor_mode = 'scan-time';
          tunables.pages_to_scan = -1;
        }),
      /^EINVAL: pages_to_scan takes whole numbers from 0 to 4294967295, not -1$/,
    ],
    [
      'two guests of one name',
      () =>
        withHeader((header) => {
          guest(header, 1).name = 'a';
        }),
      /^EEXIST: guest 'a' exists already$/,
    ],
    [
      'a region in the middle of a page',
      () =>
        withHeader((header) => {
          region(header).address += 1;
        }),
      /^EINVAL: address /,
    ],
    [
      'a page that shares a frame and is not mergeable',
      () =>
        withMaps((maps) => {
          maps[0] = (maps[0] ?? 0) & ~PAGE_MERGEABLE;
        }),
      /^EINVAL: a page of it shares a frame, and is not mergeable$/,
    ],
    [
      'a page that shares a frame and that no KSM page lists',
      () =>
        withMaps((maps) => {
          maps[0] = (maps[0] ?? 0) & ~PAGE_LISTED;
        }),
      /^EINVAL: a page of it shares a frame, and is not known to$/,
    ],
    [
      'a page that is listed and has a frame of its own',
      () =>
        withMaps((maps) => {
          maps[3] = (maps[3] ?? 0) | PAGE_LISTED;
        }),
      /^EINVAL: a page of it is merged with none$/,
    ],
    [
      'more pages to a frame than max_page_sharing',
      () =>
        withHeader(({ tunables }) => {
          tunables.max_page_sharing = 3;
        }),
      /^EINVAL: more pages of it share a frame than the 3 that may$/,
    ],
    [
      'a frame across NUMA nodes where none is shared across them',
      () =>
        withHeader((header) => {
          header.tunables.merge_across_nodes = 0;
          guest(header, 1).node = 1;
        }),
      /^EINVAL: a page of it shares a frame of another NUMA node$/,
    ],
    [
      'two KSM pages of one content in a kernel without chains',
      () => {
        const parts = bench('2.6.32');
        const maps = new Int32Array(parts.maps.buffer);
        maps[5] = maps[3] = ((maps[3] ?? 0) & ~PAGE_WRITABLE) | PAGE_LISTED;
        parts.frames.copyWithin(parts.frames.length / 3, 0, parts.frames.length / 3);
        return putTogether(parts);
      },
      /^EINVAL: Linux 2\.6\.32 shares no content in two frames$/,
    ],
  ])('%s', (_what, file, message) => {
    expect(refusalOfRestore(file())).toMatch(message);
  });

  test('more pages than the host registers', () => {
    const file = withHeader(() => undefined);
    expect(() => directory.restore(file, { guestPages: 5 })).toThrow(
      expect.objectContaining({ code: 'ENOSPC' }),
    );
  });
});

describe('huge pages and forks', () => {
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
  function forked(change: (file: Forked) => void, kernel: ProfileName = '6.18'): Buffer {
    const size = { memoryBytes: 3000 * PAGE, pageSize: PAGE, guestPages: 4000, kernel };
    const host = Host.create(size, new ManualClock());
    const at = 512 * PAGE;
    const write = (guest: string, address: number, content: number): void =>
      host.store(guest, address, new Uint8Array(PAGE).fill(content));
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
    expect(['a', 'b', 'c'].map((name) => restored.hugePages(name))).toEqual([1, 1, 1]);
    // What the fork shares of the KSM page is listed once the scanner has come by.
    const shared = () => restored.counters().pages_sharing;
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
        delete region(header, 1).kin;
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
        region(header).stretches = '.';
      },
      'a stretch of it is untouched, and a page of it is not',
    ],
    [
      'stretches beyond the region',
      ({ header }) => {
        region(header).stretches = 'hs';
      },
      'a region of it has 1 stretches, and says of 2 what they are',
    ],
    [
      'stretches that nothing is known of',
      ({ header }) => {
        region(header).stretches = '';
      },
      'a region of it has 1 stretches, and says of 0 what they are',
    ],
    [
      'stretches that are something else',
      ({ header }) => {
        region(header).stretches = 'x';
      },
      /^its header is damaged: 'guests.0.regions.0.stretches' must match pattern/,
    ],
    [
      'kin of another size',
      ({ header }) => {
        region(header, 1).pages--;
      },
      'regions of it that a fork made are not alike',
    ],
    [
      'kin at another place',
      ({ header }) => {
        region(header, 1).address += 512 * PAGE;
      },
      'regions of it that a fork made are not alike',
    ],
    [
      'kin on another NUMA node',
      ({ header }) => {
        guest(header, 1).node = 1;
      },
      'regions of it that a fork made are not alike',
    ],
    [
      'kin of which one has no huge pages',
      ({ header }) => {
        delete region(header, 1).stretches;
      },
      'regions of it that a fork made are not alike',
    ],
    [
      'a region without huge pages that has met some',
      ({ header }) => {
        delete region(header, 2).stretches;
      },
      'a region of it has met huge pages that it is not advised to',
    ],
    [
      'counts that a fork of this kernel does not inherit',
      ({ header }) => {
        guest(header, 1).inherited = { items: 1, merging: 0 };
      },
      'Linux 6.18 has no counts inherited',
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
    expect(restored.counters()).toMatchObject({ pages_shared: 1, pages_sharing: 2 });
    expect(checkHost(restored)).toEqual([]);
  });
});

describe('other versions', () => {
  /** As a ksmd wrote it that knew no huge pages. */
  function older(file: Uint8Array): Buffer {
    const parts = takenApart(file);
    const maps = new Int32Array(parts.maps.buffer);
    for (const [page, map] of maps.entries()) maps[page] = map & ~(PAGE_WRITABLE | PAGE_LISTED);
    return putTogether({ ...parts, magic: 'KSMDSNP1' });
  }

  test('a file of version 1 is taken: what is shared is merged, all else is written in place', () => {
    const restored = directory.restore(older(withHeader(() => undefined)));
    expect(checkHost(restored)).toEqual([]);
    expect(restored.counters()).toMatchObject({ pages_shared: 1, pages_sharing: 3 });
    const used = restored.machine.frames.used;
    restored.store('b', 2 * PAGE, Uint8Array.of(1));
    expect(restored.machine.frames.used).toBe(used);
    restored.store('b', PAGE, Uint8Array.of(1));
    expect(restored.machine.frames.used).toBe(used + 1);
    expect(checkHost(restored)).toEqual([]);
  });

  test.each(['KSMDSNP3', 'KSMDSNP9'])('one that is yet to come says so: %s', (magic) => {
    expect(refusal(putTogether({ ...bench(), magic }))).toMatch(
      /^EINVAL: it is of version \d, of a newer ksmd: this one knows versions up to 2$/,
    );
  });

  test.each(['KSMDSNP0', 'KSMDSNPA', 'ksmdsnp2'])('%s is none', (magic) => {
    expect(refusal(putTogether({ ...bench(), magic }))).toBe('EINVAL: it is no snapshot of ksmd');
  });
});

test("tunables that it does not name are the kernel's defaults", () => {
  const restored = directory.restore(
    withHeader((header) => {
      header.tunables = {};
    }),
  );
  expect(restored.tunables()).toMatchObject({ pages_to_scan: 100, max_page_sharing: 256 });
});

test('a pipe that nobody writes to is refused, and so is a directory', () => {
  const pipe = others.file('pipe');
  execFileSync('mkfifo', [pipe]);
  for (const path of [pipe, others.path])
    expect(() => SnapshotFile.open(path)).toThrow('it is no regular file');
});

test('a file of the size that it says, and of holes, is refused without being read', () => {
  const path = others.file('sparse');
  const file = withHeader((header) => {
    header.frames = 2 ** 40;
  });
  writeFileSync(path, file);
  truncateSync(path, 2 ** 43);
  expect(() => SnapshotFile.open(path)).toThrow('it holds more than any machine does');
});

test('the daemon says so in one line, and nothing is started', async () => {
  const path = others.file('forged');
  writeFileSync(
    path,
    withHeader((header) => {
      guest(header).name = '\x1b]0;owned\x07';
    }),
  );
  const socket = others.file('ksmd.sock');
  const { status, stdout, stderr } = await ksmd(['start', '--restore', path, '--socket', socket]);
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(
    /^ksmd: EINVAL: snapshot [\x20-\x7e]+ must be 1 to 64 letters[\x20-\x7e]+\n$/,
  );
});
