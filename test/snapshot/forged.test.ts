/**
 * A snapshot that was changed and sealed again, its checksum right, is held against what the socket
 * and the kernel would have let come about.
 */
import { execFileSync } from 'node:child_process';
import { truncateSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { KsmdError } from '../../src/errors.js';
import { checkHost } from '../../src/inspect/check.js';
import type { ProfileName } from '../../src/ksm/kernels.js';
import { NAME_RULE } from '../../src/names.js';
import {
  PAGE_FIRST_FRAME,
  PAGE_LISTED,
  PAGE_MERGEABLE,
  PAGE_WRITABLE,
} from '../../src/snapshot/format.js';
import type { SnapshotHeader } from '../../src/snapshot/header-schema.js';
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
import { guestIn, regionIn } from './header-parts.js';

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
  expect(restored.files.counters()).toMatchObject({ pages_shared: 1, pages_sharing: 3 });
});

test.each(HOSTILE)('no guest and no region is called %j', (name) => {
  const rule = `must be ${NAME_RULE}`;
  expect(
    refusal(
      withHeader((header) => {
        guestIn(header, 1).name = name;
      }),
    ),
  ).toBe(`EINVAL: its header is damaged: 'guests.1.name' ${rule}`);
  expect(
    refusal(
      withHeader((header) => {
        regionIn(header).name = name;
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
      /^EINVAL: no kernel profile '(\\u001b\[2J){16}…': take a version of /,
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
        guestIn(header).node = 16;
      },
      /^EINVAL: its header is damaged: 'guests.0.node' must be <= 15$/,
    ],
    [
      'an address that is no number of bytes',
      (header) => {
        regionIn(header).address = 2 ** 60;
      },
      /^EINVAL: its header is damaged: 'guests.0.regions.0.address' must be <= /,
    ],
    [
      'a region larger than memory',
      (header) => {
        regionIn(header).pages = 2 ** 40;
      },
      /^EINVAL: its header is damaged: 'guests.0.regions.0.pages' must be <= /,
    ],
    [
      'many of them that together are',
      (header) => {
        const large = { name: 'r', address: 0, pages: 2 ** 27 };
        guestIn(header).regions = [large, large, large];
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
        regionIn(header).pages = 2 ** 27;
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
          guestIn(header, 1).name = 'a';
        }),
      /^EEXIST: guest 'a' exists already$/,
    ],
    [
      'a region in the middle of a page',
      () =>
        withHeader((header) => {
          regionIn(header).address += 1;
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
      'memory that is all mergeable in a kernel where no process can ask for that',
      () =>
        withHeader((header) => {
          header.kernel = '6.1';
          guestIn(header, 1).mergesAny = true;
        }),
      /^EINVAL: Linux 6\.1 has no PR_SET_MEMORY_MERGE$/,
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
    expect(restored.files.counters()).toMatchObject({ pages_shared: 1, pages_sharing: 3 });
    const used = restored.machine.frames.used;
    restored.memory.store('b', 2 * PAGE, Uint8Array.of(1));
    expect(restored.machine.frames.used).toBe(used);
    restored.memory.store('b', PAGE, Uint8Array.of(1));
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
  expect(restored.files.tunables()).toMatchObject({ pages_to_scan: 100, max_page_sharing: 256 });
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
      guestIn(header).name = '\x1b]0;owned\x07';
    }),
  );
  const socket = others.file('ksmd.sock');
  const { status, stdout, stderr } = await ksmd(['start', '--restore', path, '--socket', socket]);
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(
    /^ksmd: EINVAL: snapshot [\x20-\x7e]+ must be 1 to 64 letters[\x20-\x7e]+\n$/,
  );
});
