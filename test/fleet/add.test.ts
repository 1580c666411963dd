/** What is added to a fleet: once, whole, and of one key. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Dataset } from '../../src/fleet/dataset.js';
import type { Row } from '../../src/fleet/engine.js';
import { statementsOf } from '../../src/fleet/queries.js';
import { PAGE_CONTENT } from '../../src/recording/format.js';
import { RecordingWriter } from '../../src/recording/recording-writer.js';
import { end, GUEST, HEADER } from '../recording/small-recording.js';
import { FleetDirectory, fingerprintOf } from './small-fleet.js';

const DAY_MS = 24 * 3600 * 1000;
const FIRST_MS = Date.UTC(2026, 0, 5, 12);

let directory: FleetDirectory;

beforeEach(() => {
  directory = new FleetDirectory();
});
afterEach(() => directory.remove());

function rowsOf(select: string): Promise<Row[]> {
  return directory.query((engine) => engine.rows([...statementsOf('size').slice(0, -1), select]));
}

const parquetFiles = (): string[] =>
  readdirSync(directory.fleet, { recursive: true })
    .map(String)
    .filter((file) => file.endsWith('.parquet'))
    .sort();

const files = (): string[] => parquetFiles().map((file) => file.replace(/[0-9a-f]{16}/, 'ID'));

test('pages alike in a row are one row; zeroes and restless ones are told', async () => {
  const path = directory.record({ host: 'a', startedAtMs: FIRST_MS }, [
    { atMs: 0, guests: { vm: [7, 7, 0, 0, 0, -1, 8, 9] } },
    { atMs: 60_000, guests: { vm: [7, 7, 0, 0, 0, -1, 8, 10] } },
  ]);
  expect(await directory.add(path)).toEqual([
    { host: 'a', day: '2026-01-05', rows: 5, presentPages: 8 },
  ]);
  expect(files()).toEqual([
    'guests/host=a/day=2026-01-05/ID.parquet',
    'pages/host=a/day=2026-01-05/ID.parquet',
  ]);
  const signed = (content: number): [string, string] => {
    const bytes = fingerprintOf(content);
    return [String(bytes.readBigInt64BE(0)), String(bytes.readBigInt64BE(8))];
  };
  const told = await rowsOf(
    `SELECT host, day, guest, address, pages, CAST(hi AS STRING) AS hi, CAST(lo AS STRING) AS lo,
       zero, volatile, advised, first_in_guest, first_seen_ms, last_seen_ms
     FROM pages ORDER BY address`,
  );
  const common = { host: 'a', day: '2026-01-05', guest: 'vm', advised: true };
  const seen = { first_seen_ms: FIRST_MS, last_seen_ms: FIRST_MS + 60_000 };
  const content = (number: number): object => {
    const [hi, lo] = signed(number);
    return { ...common, hi, lo, zero: false, volatile: false, first_in_guest: true };
  };
  expect(told).toEqual([
    { ...content(7), ...seen, address: 0, pages: 2 },
    {
      ...{ ...common, ...seen, address: 2 * 4096, pages: 3, hi: '0', lo: '0' },
      ...{ zero: true, volatile: false, first_in_guest: false },
    },
    {
      ...{ ...common, ...seen, address: 5 * 4096, pages: 1, hi: null, lo: null },
      ...{ zero: false, volatile: true, first_in_guest: false },
    },
    { ...content(8), ...seen, address: 6 * 4096, pages: 1 },
    { ...content(10), ...seen, first_seen_ms: FIRST_MS + 60_000, address: 7 * 4096, pages: 1 },
  ]);
});

test('a recording that is added twice is there once, also if two add it at once', async () => {
  const path = directory.record({ host: 'a' }, [{ atMs: 0, guests: { vm: [1, 2, 3] } }]);
  const twin = new FleetDirectory(directory.fleet);
  const both = await Promise.all([directory.add(path), twin.add(path)]);
  await twin.remove();
  expect(both.flat().map(({ host }) => host)).toEqual(['a', 'a']);
  expect(await directory.add(path)).toMatchObject([{ rows: undefined }]);
  expect(files()).toHaveLength(2);
  expect(await rowsOf('SELECT count(*) AS rows FROM current_pages')).toEqual([{ rows: 3 }]);
});

test('what was there at the first sweep has not changed, whenever that was', async () => {
  const path = directory.record({ host: 'a', startedAtMs: FIRST_MS + 0.5 }, [
    { atMs: 700, guests: { vm: [1, 2, 3] } },
    { atMs: 900, guests: { vm: [1, 2, 4] } },
  ]);
  await directory.add(path);
  const hosts = await directory.query((engine) => engine.rows(statementsOf('hosts')));
  expect(hosts).toMatchObject([{ pages: 3, changed_pages: 1 }]);
});

test('a recording over several days has a part of each, and the newest counts', async () => {
  const path = directory.record({ host: 'a', startedAtMs: FIRST_MS }, [
    { atMs: 0, guests: { vm: [1, 1], leaves: [4] } },
    { atMs: 1000, guests: { vm: [1, 2], leaves: [4] } },
    { atMs: DAY_MS, guests: { vm: [1, 3] } },
  ]);
  expect(await directory.add(path)).toMatchObject([
    { day: '2026-01-05', rows: 3 },
    { day: '2026-01-06', rows: 2 },
  ]);
  expect(await rowsOf('SELECT guest, day, pages FROM current_guests ORDER BY guest')).toEqual([
    { guest: 'vm', day: '2026-01-06', pages: 2 },
  ]);
});

test('of a host that is recorded again, what had ended before is the past', async () => {
  const again = (startedAtMs: number, guests: Record<string, number[]>): string =>
    directory.record({ host: 'a', startedAtMs }, [{ atMs: 0, guests }]);
  await directory.add(again(FIRST_MS, { moved: [1, 2], stays: [3] }));
  await directory.add(again(FIRST_MS + 1000, { stays: [4, 5] }));
  expect(await rowsOf('SELECT guest, pages FROM current_guests')).toEqual([
    { guest: 'stays', pages: 2 },
  ]);
});

test('recordings of one host at one time count together, each guest once', async () => {
  const sweeps = (guests: Record<string, number[]>): { atMs: number; guests: typeof guests }[] => [
    { atMs: 0, guests },
    { atMs: 5000, guests },
  ];
  const at = { host: 'a', startedAtMs: FIRST_MS };
  await directory.add(directory.record(at, sweeps({ one: [1], both: [2] })));
  await directory.add(
    directory.record({ ...at, startedAtMs: FIRST_MS + 1 }, sweeps({ two: [3], both: [2, 4] })),
  );
  expect(await rowsOf('SELECT guest, pages FROM current_guests ORDER BY guest')).toEqual([
    { guest: 'both', pages: 2 },
    { guest: 'one', pages: 1 },
    { guest: 'two', pages: 1 },
  ]);
});

/** Of a machine with a page that nobody else has, and one that all have. */
function ofProcess(pid: number, name = 'vm'): string {
  const path = join(directory.path, `${pid}.rec`);
  const writer = RecordingWriter.create(path, {
    ...HEADER,
    host: 'a',
    startedAtMs: FIRST_MS + pid,
  });
  writer.write({ ...GUEST, guest: 1, pid, name });
  const where = { page: 0, pages: 2 };
  writer.write({ type: 'mapping', guest: 1, ...where, flags: 0, node: undefined, label: '' });
  const fingerprints = Buffer.concat([fingerprintOf(1), fingerprintOf(1000 + pid)]);
  writer.write({ type: 'pages', guest: 1, ...where, state: PAGE_CONTENT, fingerprints });
  for (const startMs of [0, 5000]) writer.endSweep(end(startMs));
  writer.close();
  return path;
}

test('two machines of one name that are captured at once, one a recording, both count', async () => {
  const guests = (): Promise<Row[]> =>
    rowsOf('SELECT guest, pages FROM current_guests ORDER BY number');
  for (const pid of [101, 102]) await directory.add(ofProcess(pid));
  expect(await guests()).toEqual(['vm', 'vm#2'].map((guest) => ({ guest, pages: 2 })));
  expect(await rowsOf('SELECT DISTINCT hi FROM current_pages')).toHaveLength(3);
  await directory.add(ofProcess(103, 'vm#2'));
  const names = (await guests()).map(({ guest }) => guest);
  expect([names.length, new Set(names).size]).toEqual([3, 3]);
});

test('a recording that goes on for longer tells of guests that have gone', async () => {
  const at = { host: 'a', startedAtMs: FIRST_MS };
  const first = { atMs: 0, guests: { stays: [1], goes: [2] } };
  await directory.add(directory.record(at, [first]));
  await directory.add(directory.record(at, [first, { atMs: 9000, guests: { stays: [1] } }]));
  expect(await rowsOf('SELECT guest FROM current_guests')).toEqual([{ guest: 'stays' }]);
});

/** Of guests with a page each; `leaves`: the first of them, before another sweep. */
function ofNames(names: readonly string[], leaves: boolean): string {
  const path = join(directory.path, `${leaves}.rec`);
  const writer = RecordingWriter.create(path, { ...HEADER, host: 'a' });
  for (const [at, name] of names.entries()) {
    const guest = at + 1;
    writer.write({ ...GUEST, guest, name });
    const where = { page: 0, pages: 1 };
    writer.write({ type: 'mapping', guest, ...where, flags: 0, node: undefined, label: '' });
    const content = { state: PAGE_CONTENT, fingerprints: fingerprintOf(guest) };
    writer.write({ type: 'pages', guest, ...where, ...content });
  }
  writer.endSweep(end(0));
  if (leaves) writer.write({ type: 'guest-gone', guest: 1 });
  if (leaves) writer.endSweep(end(1000));
  writer.close();
  return path;
}

test('of guests of one name all count, and none that has left', async () => {
  const guests = (): Promise<Row[]> => rowsOf('SELECT guest FROM current_guests ORDER BY guest');
  const names = ['vm', 'vm', 'vm'];
  await directory.add(ofNames(names, false));
  expect(await guests()).toEqual(['vm', 'vm#2', 'vm#3'].map((guest) => ({ guest })));
  await directory.add(ofNames(names, true));
  expect(await guests()).toEqual(['vm', 'vm#2'].map((guest) => ({ guest })));
  expect(await rowsOf('SELECT DISTINCT hi FROM current_pages')).toHaveLength(2);
});

test('a guest that has the name by which another is told apart counts too', async () => {
  await directory.add(ofNames(['vm', 'vm', 'vm#2'], false));
  expect(await rowsOf('SELECT DISTINCT guest FROM current_guests')).toHaveLength(3);
});

test('of who has lost one of its two files a day is written anew', async () => {
  const path = directory.record({ host: 'a' }, [{ atMs: 0, guests: { vm: [1, 2] } }]);
  for (const table of ['guests', 'pages']) {
    await directory.add(path);
    rmSync(join(directory.fleet, table), { recursive: true });
    expect(await directory.add(path)).toMatchObject([{ rows: 2 }]);
    expect(await rowsOf('SELECT count(*) AS rows FROM current_pages')).toEqual([{ rows: 2 }]);
  }
});

test('hosts may have any name', async () => {
  const hosts = ["it's", 'a=b/c', 'x y%20z', 'ünïcode', '2026', 'null', 'NULL'];
  for (const host of hosts)
    await directory.add(directory.record({ host }, [{ atMs: 0, guests: { vm: [1] } }]));
  const told = await rowsOf('SELECT host FROM current_guests');
  expect(told.map(({ host }) => host).sort()).toEqual([...hosts].sort());
});

test.each(["it's", 'a b', '[a]*?', 'x$$y$&z', 'a\\b', 'host=other', 'day=2000-01-01', '%20'])(
  'a fleet may lie in a directory of any name: %s',
  async (name) => {
    const odd = new FleetDirectory(join(directory.path, name, 'fleet'));
    try {
      for (const host of ['a', 'b'])
        await odd.add(odd.record({ host }, [{ atMs: 0, guests: { vm: [1] } }]));
      const select = 'SELECT host, day FROM current_guests ORDER BY host';
      const rows = await odd.query((engine) =>
        engine.rows([...statementsOf('size').slice(0, -1), select]),
      );
      expect(rows).toEqual(['a', 'b'].map((host) => ({ host, day: '2023-11-14' })));
    } finally {
      await odd.remove();
    }
  },
);

test.each([
  [{ keyId: '1111111111111111' }, /another|cannot be compared/],
  [{ pageSize: 16_384 }, /16384 bytes/],
  [{ sample: 128 }, /one content in 128/],
])('what cannot be compared is refused, with the reason: %o', async (header, reason) => {
  const sweeps = [{ atMs: 0, guests: { vm: [1] } }];
  await directory.add(directory.record({ host: 'a' }, sweeps), 64);
  await expect(
    directory.add(directory.record({ host: 'b', ...header }, sweeps), 64),
  ).rejects.toThrow(reason);
  expect(await rowsOf('SELECT DISTINCT host FROM guests')).toEqual([{ host: 'a' }]);
});

test('what somebody has left unfinished is no part of the fleet', async () => {
  const path = directory.record({ host: 'a' }, [{ atMs: 0, guests: { vm: [1, 2] } }]);
  await directory.add(path);
  // Who died between its two files has left pages of guests that nobody knows.
  const [day] = await directory.add(
    directory.record({ host: 'b' }, [{ atMs: 0, guests: { vm: [1, 9] } }]),
  );
  const dataset = await Dataset.open(directory.fleet);
  const partition = join(dataset.table('guests'), 'host=b', `day=${day?.day}`);
  const [name = ''] = readdirSync(partition);
  const unfinished = dataset.unfinished();
  mkdirSync(unfinished, { recursive: true });
  writeFileSync(join(unfinished, 'pages'), 'half of it');
  mkdirSync(join(dataset.directory, '_unfinished', 'moved'), { recursive: true });
  renameSync(join(partition, name), join(dataset.directory, '_unfinished', 'moved', name));
  expect(await rowsOf('SELECT host FROM current_guests')).toEqual([{ host: 'a' }]);
  expect(await rowsOf('SELECT count(*) AS rows FROM current_pages')).toEqual([{ rows: 2 }]);
  const again = directory.record({ host: 'b' }, [{ atMs: 0, guests: { vm: [1, 9] } }]);
  expect(await directory.add(again)).toMatchObject([{ rows: 2 }]);
  expect(await rowsOf('SELECT count(*) AS rows FROM current_pages')).toEqual([{ rows: 4 }]);
});

test('a file that is damaged is named, and what to do about it', async () => {
  const path = directory.record({ host: 'a' }, [{ atMs: 0, guests: { vm: [1, 2] } }]);
  await directory.add(path);
  const [file = ''] = readdirSync(join(directory.fleet, 'pages'), { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.parquet'));
  writeFileSync(join(directory.fleet, 'pages', file), 'PAR1 but no more of it than that PAR1');
  await expect(rowsOf('SELECT * FROM current_pages')).rejects.toThrow(
    new RegExp(`${file}.* is damaged: remove it`),
  );
});

test.each([
  ['guests', 4],
  ['pages', 4],
  ['pages', 2000],
  ['pages', -30],
])('one bit of %s that is another, at %i, is told of before anything is', async (table, at) => {
  const some = Array.from({ length: 300 }, (_, page) => page + 1);
  await directory.add(directory.record({ host: 'a' }, [{ atMs: 0, guests: { vm: some } }]));
  expect(await rowsOf('SELECT guest FROM current_guests')).toHaveLength(1);
  const file = parquetFiles().find((name) => name.startsWith(table)) ?? '';
  const path = join(directory.fleet, file);
  const bytes = readFileSync(path);
  const where = (at + bytes.length) % bytes.length;
  bytes[where] = (bytes[where] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  await expect(rowsOf('SELECT guest FROM current_guests')).rejects.toThrow(
    `${file} of the fleet is damaged: remove it`,
  );
});

test('of files that were added before there were checksums it is known how many', async () => {
  await directory.add(directory.record({ host: 'a' }, [{ atMs: 0, guests: { vm: [1, 2] } }]));
  // As they were: without a checksum, and without who a guest is.
  const without = parquetFiles().map((file) => join(directory.fleet, file));
  await directory.query(async (engine) => {
    for (const file of without)
      await engine.run(
        `COPY (SELECT COLUMNS(name -> name <> 'who') FROM read_parquet('${file}',
           hive_partitioning = false)) TO '${file}.older' (FORMAT parquet)`,
      );
  });
  for (const file of without) renameSync(`${file}.older`, file);
  // A fleet that says of itself that all of its files have one has none that may be without.
  await expect(rowsOf('SELECT guest FROM current_guests')).rejects.toThrow('is damaged');
  const identity = join(directory.fleet, '_ksmd-fleet.json');
  const { sealed, ...before } = JSON.parse(readFileSync(identity, 'utf8'));
  expect(sealed).toBe(true);
  writeFileSync(identity, JSON.stringify(before));
  expect(await rowsOf('SELECT guest FROM current_guests')).toEqual([{ guest: 'vm' }]);
  await directory.add(directory.record({ host: 'b' }, [{ atMs: 0, guests: { vm: [1, 3] } }]));
  expect(await (await Dataset.open(directory.fleet)).assertWhole()).toBe(2);
  expect(await rowsOf('SELECT count(*) AS rows FROM current_pages')).toEqual([{ rows: 4 }]);
  // Where there are newer ones of the same host, of the same time, who is in both counts twice.
  const byName = (): Promise<unknown> =>
    directory
      .query((engine) => engine.rows(statementsOf('hosts')))
      .then((rows) =>
        rows.map(({ host, guests, guests_by_name }) => ({ host, guests, guests_by_name })),
      );
  const alone = { guests: 1, guests_by_name: 0 };
  expect(await byName()).toEqual([
    { host: 'a', ...alone },
    { host: 'b', ...alone },
  ]);
  await directory.add(
    directory.record({ host: 'a', intervalMs: 7 }, [{ atMs: 0, guests: { vm: [1, 2] } }]),
  );
  expect(await byName()).toEqual([
    { host: 'a', guests: 2, guests_by_name: 1 },
    { host: 'b', ...alone },
  ]);
});

test('pages of a day that is no longer asked for may be damaged', async () => {
  for (const day of [0, 1]) {
    const header = { host: 'a', startedAtMs: FIRST_MS + day * DAY_MS };
    await directory.add(directory.record(header, [{ atMs: 0, guests: { vm: [1, 2] } }]));
  }
  const [past = ''] = parquetFiles().filter((name) => name.startsWith('pages'));
  const bytes = readFileSync(join(directory.fleet, past));
  bytes[10] = (bytes[10] ?? 0) ^ 1;
  writeFileSync(join(directory.fleet, past), bytes);
  expect(await rowsOf('SELECT day FROM current_guests')).toEqual([{ day: '2026-01-06' }]);
});

test('guests whose pages are not there are not told of as if all of them were saved', async () => {
  for (const host of ['a', 'b'])
    await directory.add(directory.record({ host }, [{ atMs: 0, guests: { vm: [1, 2] } }]));
  const dataset = await Dataset.open(directory.fleet);
  const partition = join(dataset.table('pages'), 'host=b');
  rmSync(partition, { recursive: true });
  await expect(rowsOf('SELECT * FROM current_guests')).rejects.toThrow(
    /^'?\S+pages\/host=b\/\S+\.parquet'? is not there: remove /,
  );
});

test('a fleet without recordings says so', async () => {
  await expect(Dataset.open(directory.fleet)).rejects.toThrow(/is no fleet: 'ksmd fleet add/);
});
