/** `ksmd fleet` as people run it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MOST_IN_ORDER } from '../../../../src/fleet/families.js';
import { KSMD, run } from '../../../daemon-process.js';
import { FleetDirectory, type Guests } from '../../../fleet/small-fleet.js';
import { until } from '../../../until.js';

let directory: FleetDirectory;
let recordings: string[];

const pages = (from: number, count: number): number[] =>
  Array.from({ length: count }, (_, at) => from + at);

const HOSTS: Readonly<Record<string, Guests>> = {
  one: { 'web-1': [...pages(1, 30), 0, 0], 'db-1': [...pages(100, 30), 200] },
  two: { 'web-2': [...pages(1, 28), 300, 300], 'db-2': [...pages(100, 30), 201] },
};

beforeAll(() => {
  directory = new FleetDirectory();
  recordings = Object.entries(HOSTS).map(([host, guests]) =>
    directory.record({ host }, [{ atMs: 0, guests }]),
  );
});
afterAll(() => directory.remove());

const fleet = (...args: string[]): ReturnType<typeof run> =>
  run(process.execPath, [KSMD, 'fleet', ...args]);

async function printed(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await fleet(...args);
  expect([status, stderr]).toEqual([0, '']);
  return stdout;
}

describe('a fleet of two hosts', () => {
  test('is made by the first recording, and nothing is added twice', async () => {
    expect(await printed('add', directory.fleet, ...recordings, '--sample', '1/1')).toBe(
      `2 days of 2 hosts added to ${directory.fleet}: 124 pages as 122 rows\n`,
    );
    const [first] = JSON.parse(await printed('add', directory.fleet, ...recordings, '--json'));
    expect(first).toEqual({ host: 'one', day: '2023-11-14' });
    expect(await printed('add', directory.fleet, ...recordings)).toBe(
      `0 days of 0 hosts added to ${directory.fleet}: 0 pages as 0 rows; 2 there already\n`,
    );
  });

  test('says what it has and what could be saved, host by host', async () => {
    const text = await printed('report', directory.fleet);
    expect(text).toContain(
      '2 hosts, 4 guests, 496 KiB: 12 KiB (2.4 %) could be saved at most where they are\n' +
        '  zero pages 8 KiB, between guests 0 B, within guests 4 KiB\n' +
        '  on one host, all together: 244 KiB\n',
    );
    expect(text).toMatch(/^one +2023-11-14 +2 +252 KiB +0 B +8 KiB +8 KiB +0 B +0 B +0 B$/m);
    expect(text).toMatch(/^[0-9a-f]{32} +2 +2 +2$/m);
    expect(text).toContain('As if all private memory were advised mergeable; 100.0 % is.\n');
  });

  test('says who is alike, and what each two have in common', async () => {
    const text = await printed('pairs', directory.fleet, '--top', '2');
    expect(text).toBe(
      [
        '4 guests, 4 of them in 2 families: each two alike by half of what the larger one ' +
          'shares, and more',
        '',
        'ALIKE                 GUESTS',
        'one/db-1, two/db-2         2',
        'one/web-1, two/web-2       2',
        '',
        'GUEST           WITH  IN COMMON',
        'one/db-1    two/db-2    120 KiB',
        'one/web-1  two/web-2    112 KiB',
        '',
      ].join('\n'),
    );
  });

  test('as JSON: the rows of the queries, in order', async () => {
    const { hosts, together } = JSON.parse(await printed('report', directory.fleet, '--json'));
    expect(hosts.map(({ host }: { host: string }) => host)).toEqual(['one', 'two']);
    expect(together).toEqual([
      {
        ...{ zero_pages: 2, saved_pages: 59, saved_error_pages: 0, hosts_saved_error_pages: 0 },
        ...{ hosts_between_guests_error_pages: 0, hosts_within_guests_error_pages: 0 },
      },
    ]);
    const { families, pairs } = JSON.parse(await printed('pairs', directory.fleet, '--json'));
    expect(families).toEqual([
      ['one/db-1', 'two/db-2'],
      ['one/web-1', 'two/web-2'],
    ]);
    expect(pairs[0]).toMatchObject({ a_guest: 'db-1', b_guest: 'db-2', contents: 30 });
  });
});

describe('guests are placed', () => {
  beforeAll(() => fleet('add', directory.fleet, ...recordings, '--sample', '1/1'));

  const place = (...args: string[]): Promise<string> =>
    printed('place', directory.fleet, '--memory', '300K', ...args);

  test('with those that they share with, and it is said what that brings over today', async () => {
    const text = await place();
    expect(text).toMatch(
      /^4 guests on 2 hosts of 300 KiB: 232 KiB saved between guests, 2 moves$/m,
    );
    expect(text).toMatch(/^as found here +232 KiB$/m);
    expect(text).toMatch(/^as today +0 B$/m);
    expect(text).toContain('\nAs if all private memory were advised mergeable; 100.0 % is now.\n');
    const { moves, guests } = JSON.parse(await place('--json'));
    expect(moves).toHaveLength(2);
    const hostOf = (name: string): string =>
      guests.find(({ guest }: { guest: string }) => guest.endsWith(name)).host;
    expect(hostOf('web-1')).toBe(hostOf('web-2'));
    expect(hostOf('db-1')).toBe(hostOf('db-2'));
  });

  test('and moved no more than is allowed', async () => {
    const { moves, saved } = JSON.parse(await place('--max-moves', '1', '--json'));
    expect([moves.length, saved.pages]).toEqual([1, 30]);
  });

  test('apart from those of other tenants', async () => {
    const tenants = join(directory.path, 'tenants');
    writeFileSync(tenants, 'one/* red\n* blue\n');
    const { moves, saved } = JSON.parse(await place('--tenants', tenants, '--json'));
    expect([moves.length, saved.pages]).toEqual([0, 0]);
  });

  test('and of today it is said where tenants are not apart', async () => {
    const tenants = join(directory.path, 'mixed');
    writeFileSync(tenants, '*/web-* red\n* blue\n');
    expect(await place('--tenants', tenants)).toMatch(
      /^as today +0 B +2 hosts of several tenants$/m,
    );
  });

  test.each([
    ['0%', 128],
    ['100%', 248],
  ])('with a margin of %s of what is saved between them', async (margin, kib) => {
    const text = await place('--margin', margin);
    expect(text).toMatch(new RegExp(`^(one|two) +2 +${kib} KiB +120 KiB$`, 'm'));
    expect(text).toContain(`\n${margin.replace('%', '.0 %')} is kept free`);
  });

  test('on hosts that are not there yet under names that nobody has', async () => {
    const other = new FleetDirectory();
    try {
      await other.add(other.record({ host: 'new-1' }, [{ atMs: 0, guests: { a: pages(1, 8) } }]));
      const text = await printed('place', other.fleet, '--memory', '1M', '--hosts', '2', '--json');
      const { hosts } = JSON.parse(text);
      expect(hosts.map(({ host }: { host: string }) => host)).toEqual(['new-1', 'new-2']);
    } finally {
      await other.remove();
    }
  });

  test('only where there is memory for them', async () => {
    const { status, stderr } = await fleet('place', directory.fleet, '--memory', '120K');
    expect(status).toBe(1);
    expect(stderr).toBe(
      'ksmd: ENOSPC: no placement was found that fits on 2 hosts: 2 of 4 guests would be on ' +
        'none; allow more hosts or memory\n',
    );
    expect((await fleet('place', directory.fleet)).stderr).toContain('--memory 256GiB');
  });
});

test('of guests that share nothing no table is printed', async () => {
  const other = new FleetDirectory();
  try {
    const guests = { a: [1, 2], b: [3, 0] };
    await other.add(other.record({ host: 'h' }, [{ atMs: 0, guests }]));
    expect(await printed('pairs', other.fleet)).toBe(
      '2 guests, 0 of them in 0 families: each two alike by half of what the larger one ' +
        'shares, and more\n\n' +
        'No two guests were found to have anything in common but zeroes.\n',
    );
  } finally {
    await other.remove();
  }
});

test('of a recording that is damaged that is told, and what is whole of it is added', async () => {
  const sweep = (atMs: number, contents: number[]) => ({ atMs, guests: { 'web-1': contents } });
  const whole = directory.record({ host: 'cut' }, [sweep(0, [1, 2]), sweep(1000, [3, 4])]);
  const bytes = readFileSync(whole);
  const cut = join(directory.path, 'cut.rec');
  const broken = join(directory.path, 'broken.rec');
  writeFileSync(cut, bytes.subarray(0, -3));
  // In the first block after the header.
  const header = 8 + 10 + bytes.readUInt32LE(10) - 4;
  bytes.writeUInt8(bytes.readUInt8(header + 8) ^ 0xff, header + 8);
  writeFileSync(broken, bytes);
  const into = join(directory.path, 'damaged');
  const { status, stdout, stderr } = await fleet('add', into, cut, broken);
  expect(stderr.split('\n')).toEqual([
    expect.stringMatching(/cut\.rec' is not whole: it breaks off .*; what comes after 1 sweep is/),
    expect.stringMatching(/ENODATA: '.*broken\.rec' has no whole sweep: it is damaged at byte/),
    '',
  ]);
  expect(stdout).toMatch(/^1 day of 1 host added /);
  expect(status).toBe(1);
});

test('who cannot be added is told of, each on a line, and all others are added', async () => {
  const other = new FleetDirectory();
  try {
    const [one, two] = ['h', 'i'].map((host) =>
      other.record({ host }, [{ atMs: 0, guests: { a: [1, 2] } }]),
    );
    const cut = join(other.path, 'cut.rec');
    writeFileSync(cut, readFileSync(one ?? '').subarray(0, 20));
    const none = join(other.path, 'none.rec');
    const { status, stdout, stderr } = await fleet(
      ...['add', other.fleet, one ?? '', '/dev/null', cut, none, two ?? '', '--sample', '1/1'],
    );
    expect([status, stdout]).toEqual([
      1,
      `2 days of 2 hosts added to ${other.fleet}: 4 pages as 4 rows\n`,
    ]);
    expect(stderr.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^ksmd: EINVAL: '\/dev\/null'/),
      expect.stringContaining(cut),
      expect.stringMatching(`^ksmd: ENOENT: .*${none}`),
    ]);
  } finally {
    await other.remove();
  }
});

test('who is told to end says what has been added until then', async () => {
  const other = new FleetDirectory();
  try {
    const paths = Array.from({ length: 50 }, (_, at) =>
      other.record({ host: `h${at}` }, [{ atMs: 0, guests: { vm: [1, 2] } }]),
    );
    const args = ['fleet', 'add', other.fleet, ...paths, '--sample', '1/1'];
    const ksmd = spawn(process.execPath, [KSMD, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [ksmd.stdout, ksmd.stderr])
      stream.on('data', (part) => {
        said += part;
      });
    const hosts = join(other.fleet, 'guests');
    await until('some are added', () => existsSync(hosts) && readdirSync(hosts).length > 2);
    ksmd.kill('SIGINT');
    expect(await once(ksmd, 'close')).toEqual([null, 'SIGINT']);
    const [, days] =
      /^(\d+) days of \1 hosts added to \S+: \d+ pages as \d+ rows\n$/.exec(said) ?? [];
    const there = readdirSync(hosts).length;
    // The one that was under way may be there.
    expect([there, there - 1]).toContain(Number(days));
  } finally {
    await other.remove();
  }
});

test('who is killed while adding has lost nothing and left nothing twice', async () => {
  const killed = new FleetDirectory();
  try {
    const paths = Array.from({ length: 6 }, (_, at) =>
      killed.record({ host: `h${at}` }, [{ atMs: 0, guests: { vm: pages(1 + at * 50, 200) } }]),
    );
    const add = ['fleet', 'add', killed.fleet, ...paths, '--sample', '1/1'];
    const hosts = join(killed.fleet, 'guests');
    const added = (): number => (existsSync(hosts) ? readdirSync(hosts).length : 0);
    for (let already = 0; already < 3; already++) {
      const child = spawn(process.execPath, [KSMD, ...add]);
      await until('one more host', () => added() > already);
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await printed(...add.slice(1));
    const report = JSON.parse(await printed('report', killed.fleet, '--json'));
    expect(report.hosts.map((row: { pages: number }) => row.pages)).toEqual(paths.map(() => 200));
    const { pairs } = JSON.parse(await printed('pairs', killed.fleet, '--json'));
    expect(pairs[0]).toMatchObject({ a_host: 'h0', b_host: 'h1', contents: 150 });
  } finally {
    await killed.remove();
  }
});

test('of one host with one guest it is told in the singular', async () => {
  const other = new FleetDirectory();
  try {
    await other.add(other.record({ host: 'a' }, [{ atMs: 0, guests: { vm: [1, 2] } }]));
    expect(await printed('report', other.fleet)).toMatch(/^1 host, 1 guest, 8 KiB: 0 B /);
    expect(await printed('pairs', other.fleet)).toMatch(/^1 guest, 0 of them in 0 families: /);
  } finally {
    await other.remove();
  }
});

test('what a sample says of all, and of what lies between guests, has its error', async () => {
  const other = new FleetDirectory();
  try {
    const guests = { one: pages(1, 200), two: pages(1, 200) };
    await other.add(other.record({ host: 'a' }, [{ atMs: 0, guests }]), 4);
    const text = await printed('report', other.fleet);
    expect(text).toMatch(/ could be saved at most where they are\n {2}zero pages 0 B, /);
    expect(text).toMatch(/^1 host, 2 guests, 1.5 MiB: [\d.]+ KiB ± [\d.]+ KiB /);
    expect(text).toMatch(
      /, between guests [\d.]+ KiB ± [\d.]+ KiB, within guests [\d.]+ \S+ ± [\d.]+ /,
    );
  } finally {
    await other.remove();
  }
});

test('of many guests it is told that other families may be as good', async () => {
  const other = new FleetDirectory();
  try {
    const some = Array.from(
      { length: MOST_IN_ORDER + 1 },
      (_, at) => [`vm${at}`, [at + 1]] as const,
    );
    const said = /^Put together one guest after the other: other families may be as good\.$/m;
    const sweep = (guests: typeof some) => [{ atMs: 0, guests: Object.fromEntries(guests) }];
    await other.add(other.record({ host: 'a' }, sweep(some.slice(1))));
    expect(await printed('pairs', other.fleet)).not.toMatch(said);
    await other.add(other.record({ host: 'b' }, sweep(some.slice(0, 1))));
    expect(await printed('pairs', other.fleet)).toMatch(said);
  } finally {
    await other.remove();
  }
});

test('a file that may not be read is not said to be damaged', async () => {
  const other = new FleetDirectory(join(directory.path, 'a fleet'));
  try {
    await other.add(other.record({ host: 'a' }, [{ atMs: 0, guests: { vm: [1, 2] } }]));
    const [file = ''] = readdirSync(join(other.fleet, 'pages'), { recursive: true })
      .map(String)
      .filter((name) => name.endsWith('.parquet'));
    chmodSync(join(other.fleet, 'pages', file), 0);
    const { stderr } = await asOwner(process.execPath, KSMD, 'fleet', 'report', other.fleet);
    expect(stderr).toMatch(
      `ksmd: EACCES: cannot read pages/${file} of the fleet: permission denied, open '`,
    );
  } finally {
    await other.remove();
  }
});

/** Root too may read then only what its owner may. */
function asOwner(program: string, ...args: string[]): ReturnType<typeof run> {
  return process.getuid?.() === 0
    ? run('setpriv', ['--bounding-set=-all', '--inh-caps=-all', program, ...args])
    : run(program, args);
}

test('a query is printed for any engine', async () => {
  const sql = await printed('sql', 'hosts');
  expect(sql).toMatch(/^-- What of the tables `guests` and `pages` tells/);
  expect(sql).toMatch(/\nORDER BY host;\n$/);
  const ofReport = await printed('sql', 'report');
  expect(ofReport.match(/^ORDER BY [a-z_.]+/gm)).toEqual(
    ['hosts', 'together', 'contents'].map(() => expect.any(String)),
  );
  expect(ofReport.match(/VIEW \/\* kept \*\/ current_guests/g)).toHaveLength(1);
  expect(await printed('sql', 'contents')).toContain('\n  LIMIT 20\n');
  const { status, stderr } = await fleet('sql', 'everything');
  expect(status).toBe(2);
  expect(stderr).toContain("no query is called 'everything': report, size, hosts,");
});

test.each([
  [['report', '/nowhere'], 1, /ENOENT: '?\/nowhere'? is no fleet: 'ksmd fleet add/],
  [['add', 'fleet'], 2, /name recordings to add/],
  [['report', 'fleet', 'a.rec'], 2, /report takes no recordings: add does/],
  [['pairs', 'fleet', '--sample', '1/8'], 2, /pairs takes no --sample: add does/],
  [['report', 'fleet', '--max-moves', '3'], 2, /report takes no --max-moves: place does/],
  [['pairs', 'fleet', '--margin', '1%'], 2, /pairs takes no --margin: place does/],
  [['sql', 'report', '--top', '3'], 2, /sql takes no --top: report, pairs and place do/],
  [['add', 'fleet', 'a.rec', '--engine', 'spark'], 2, /add takes no --engine: report, pairs and/],
  [['report', 'fleet', '--spark-sql', 'x'], 2, /--spark-sql is what '--engine spark' runs/],
  [['place', 'fleet', '--margin', '101%'], 2, /a part from 0% to 100%/],
  [['remove', 'fleet'], 2, /Allowed choices are add, report, pairs, place, sql/],
  [['add', '/dev/null/fleet', '/dev/null'], 1, /EINVAL: '?\/dev\/null'? /],
  [['report', '/dev/null'], 1, /ENOTDIR: '\/dev\/null' is or lies below a file: name a dir/],
  [['report', "/no where's"], 1, /'ksmd fleet add "\/no where's" RECORDING' makes one/],
])('%o is refused in a sentence', async (args, status, sentence) => {
  const outcome = await fleet(...args);
  expect(outcome.status).toBe(status);
  expect(outcome.stderr).toMatch(sentence);
});

test.each([
  ['/dev/null', /^ksmd: ENOTDIR: '\/dev\/null' is or lies below a file: name a directory/],
  ['/dev/null/fleet', /^ksmd: ENOTDIR: '\/dev\/null\/fleet' is or lies below a file: name/],
  ['/proc/fleet', /^ksmd: ENOENT: cannot make the directory '\/proc\/fleet' .*: name another one/],
  ['/proc/1/a/b', /^ksmd: ENOENT: cannot make the directory '\/proc\/1\/a' .*: name another one/],
])('where no directory can be made, at %s, it is said so', async (where, sentence) => {
  const { status, stderr } = await fleet('add', where, ...recordings);
  expect(status).toBe(1);
  expect(stderr).toMatch(sentence);
});

test('of Spark nothing goes on and nothing is left when ksmd is ended', async () => {
  const temporary = join(directory.path, 'temporary');
  mkdirSync(temporary);
  const sparkSql = join(directory.path, 'spark-sql');
  const pid = join(directory.path, 'pid');
  writeFileSync(
    sparkSql,
    `#!/bin/sh\necho $$ > '${pid}.new'\nmv '${pid}.new' '${pid}'\nexec sleep 1000\n`,
  );
  chmodSync(sparkSql, 0o755);
  const args = ['report', directory.fleet, '--engine', 'spark', '--spark-sql', sparkSql];
  const ksmd = spawn(process.execPath, [KSMD, 'fleet', ...args], {
    env: { ...process.env, TMPDIR: temporary },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  ksmd.stderr.on('data', (part) => {
    said += part;
  });
  await until('Spark is under way', () => existsSync(pid));
  ksmd.kill('SIGTERM');
  expect(await once(ksmd, 'close')).toEqual([null, 'SIGTERM']);
  expect(said).toBe('');
  expect(existsSync(`/proc/${readFileSync(pid, 'utf8').trim()}`)).toBe(false);
  expect(readdirSync(temporary)).toEqual([]);
});

test('of Spark that is not here it is said how to name it', async () => {
  const { status, stderr } = await fleet(
    ...['report', directory.fleet, '--engine', 'spark', '--spark-sql', '/nowhere/spark-sql'],
  );
  expect(status).toBe(1);
  expect(stderr).toBe(
    "ksmd: ENOENT: '/nowhere/spark-sql' is not here: name Spark's with --spark-sql, or leave " +
      '--engine out\n',
  );
});

test('of DuckDB that is not installed it is said how to add it', async () => {
  const hook = `export async function resolve(specifier, context, next) {
    if (specifier === '@duckdb/node-api')
      throw Object.assign(new Error('not found'), { code: 'ERR_MODULE_NOT_FOUND' });
    return next(specifier, context);
  }`;
  const url = (source: string): string => `data:text/javascript,${encodeURIComponent(source)}`;
  const preload = `import { register } from 'node:module'; register(${JSON.stringify(url(hook))});`;
  const { status, stderr } = await run(process.execPath, [
    ...['--import', url(preload), KSMD, 'fleet', 'report', directory.fleet],
  ]);
  expect(status).toBe(1);
  expect(stderr).toContain("ENOSYS: a fleet is kept with DuckDB, which is not installed: 'npm");
});
