/** Every other verb that talks to a daemon, as a user types it. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DaemonProcess, KSMD, ksmd, run } from '../daemon-process.js';

let daemon: DaemonProcess;
beforeAll(async () => {
  daemon = await DaemonProcess.start(['--run', '0']);
  await daemon.client.createGuest('web');
  await daemon.client.map('web', 'memory', { pages: 16 });
});
afterAll(async () => {
  await daemon.stop();
});

const AT = '0x100000000';

describe('status', () => {
  test('is for people', async () => {
    const { status, stdout } = await daemon.ksmd('status');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^saved +nothing yet\n/);
    expect(stdout).toMatch(/^memory +.* of 64 MiB used$/m);
    expect(stdout).toMatch(/^ksmd +\d+\.\d+\.\d+, as Linux 6\.18, process \d+, up 0:\d\d$/m);
    expect(stdout).toMatch(/^scanner +stopped, /m);
  });

  test('is for programs', async () => {
    expect(JSON.parse((await daemon.ksmd('status', '--json')).stdout)).toMatchObject({
      pid: daemon.child.pid,
      scanner: { state: 'stopped' },
    });
  });
});

test('status tells of what is shared now, also where the counters have yet to follow', async () => {
  for (const guest of ['twin-1', 'twin-2']) {
    await daemon.client.createGuest(guest);
    await daemon.client.map(guest, 'memory', { pages: 8 });
    await daemon.client.store(guest, 2 ** 32, Buffer.alloc(8 * 4096, 7));
  }
  for (let i = 0; i < 4; i++) await daemon.client.scan(1000);
  expect((await daemon.ksmd('status')).stdout).toMatch(
    /^saved +60 KiB of 64 KiB, [\s\S]*^shared +1 KSM page stands for 15 pages more$/m,
  );
  for (const guest of ['twin-1', 'twin-2'])
    await daemon.client.madvise(guest, 'dontneed', { region: 'memory' });
  const { counters, saved } = await daemon.client.status();
  expect(counters.pages_sharing).toBeGreaterThan(0);
  expect(saved.pages).toBe(0);
  expect((await daemon.ksmd('status')).stdout).toMatch(/^saved +nothing yet\n/);
  for (const guest of ['twin-1', 'twin-2']) await daemon.client.removeGuest(guest);
  await daemon.client.scan(1000);
});

describe('write and read', () => {
  test('from standard input, raw', async () => {
    expect(await daemon.ksmdWithInput('hello, page', 'write', 'web', AT)).toEqual({
      status: 0,
      stdout: '',
      stderr: '',
    });
    expect(await daemon.ksmd('read', 'web', AT, '11')).toEqual({
      status: 0,
      stdout: 'hello, page',
      stderr: '',
    });
  });

  test('from a file, as a dump', async () => {
    const file = daemon.directory.file('input');
    writeFileSync(file, 'sixteen bytes and\x00more');
    expect((await daemon.ksmd('write', 'web', '0x100001000', '--file', file)).status).toBe(0);
    expect((await daemon.ksmd('read', 'web', '0x100001000', '22', '--hex')).stdout).toBe(
      '000100001000  73 69 78 74 65 65 6e 20 62 79 74 65 73 20 61 6e  |sixteen bytes an|\n' +
        '000100001010  64 00 6d 6f 72 65                                |d.more|\n',
    );
  });

  test('where nothing is mapped, or there is no such guest or file', async () => {
    expect(await daemon.ksmdWithInput('x', 'write', 'web', '0x1000')).toMatchObject({
      status: 1,
      stderr: "ksmd: EFAULT: no region maps 0x1000 ('ksmd guests GUEST' lists its regions)\n",
    });
    expect(await daemon.ksmd('read', 'nobody', AT, '1')).toEqual({
      status: 1,
      stdout: '',
      stderr: "ksmd: ENOENT: no guest 'nobody' ('ksmd guests' lists them)\n",
    });
    expect((await daemon.ksmd('write', 'web', AT, '--file', '/nowhere')).stderr).toMatch(
      /^ksmd: ENOENT: no such file/,
    );
  });

  test('into a pipe that closes early', async () => {
    const env = { KSMD_SOCKET: daemon.socketPath };
    const { stdout, stderr } = await run(
      'bash',
      [
        '-c',
        `set -o pipefail; "${process.execPath}" "${KSMD}" read web ${AT} 64KiB | head -c ` +
          `5; echo; echo \${PIPESTATUS[0]}`,
      ],
      { env },
    );
    expect({ stdout, stderr }).toEqual({ stdout: 'hello\n0\n', stderr: '' });
  });
});

describe('guests', () => {
  test('is a table', async () => {
    const { stdout } = await daemon.ksmd('guests');
    expect(stdout).toMatch(/^GUEST +NODE +REGIONS +PAGES +PRESENT +MERGED\n/);
    expect(stdout).toMatch(/^web +0 +1 +16 +64 KiB +\d+ /m);
  });

  test('shows the regions of one', async () => {
    expect((await daemon.ksmd('guests', 'web')).stdout).toMatch(
      /^memory +0x100000000 +16 +64 KiB$/m,
    );
    expect(JSON.parse((await daemon.ksmd('guests', 'web', '--json')).stdout)).toMatchObject({
      name: 'web',
      regions: [{ name: 'memory' }],
    });
    expect(JSON.parse((await daemon.ksmd('guests', '--json')).stdout)).toMatchObject([
      { name: 'web' },
    ]);
  });
});

describe('get, set and scan', () => {
  test('print what was asked for', async () => {
    expect((await daemon.ksmd('set', 'pages_to_scan=500', 'smart_scan=0')).stdout).toBe(
      'pages_to_scan  500\nsmart_scan     0\n',
    );
    expect((await daemon.ksmd('get', 'pages_to_scan', '--json')).stdout).toBe(
      '{"pages_to_scan":500}\n',
    );
    expect((await daemon.ksmd('get')).stdout).toMatch(/^full_scans +\d+$/m);
    expect((await daemon.ksmd('scan', '--times', '2')).stdout).toMatch(
      /^\d+ pages? visited\nfull_scans +\d+\n/,
    );
    expect(JSON.parse((await daemon.ksmd('scan', '--pages', '3', '--json')).stdout)).toMatchObject({
      visitedPages: expect.any(Number),
    });
  });

  test('say what the kernel refuses', async () => {
    expect(await daemon.ksmd('set', 'run=7')).toEqual({
      status: 1,
      stdout: '',
      stderr: 'ksmd: EINVAL: run takes whole numbers from 0 to 2, not 7\n',
    });
    expect((await daemon.ksmd('set', 'pages_shared=1')).stderr).toBe(
      'ksmd: EINVAL: pages_shared can only be read\n',
    );
    expect((await daemon.ksmd('set', 'what=1')).stderr).toMatch(/^ksmd: ENOENT: no tunable 'what'/);
    expect((await daemon.ksmd('get', 'what')).stderr).toMatch(
      /^ksmd: ENOENT: no counter or tunable 'what'/,
    );
    await daemon.client.setKsm({ run: 1 });
    expect((await daemon.ksmd('scan')).stderr).toMatch(/^ksmd: EBUSY: the scanner is running/);
    await daemon.client.setKsm({ run: 0 });
  });
});

test('madvise takes a region or a range', async () => {
  expect(await daemon.ksmd('madvise', 'web', 'unmergeable', '--region', 'memory')).toEqual({
    status: 0,
    stdout: '',
    stderr: '',
  });
  expect(
    (await daemon.ksmd('madvise', 'web', 'dontneed', '--address', AT, '--length', '4096')).status,
  ).toBe(0);
  expect((await daemon.ksmd('read', 'web', AT, '5')).stdout).toBe('\0'.repeat(5));
  expect(await daemon.ksmd('madvise', 'web', 'dontneed', '--region', 'none')).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/^ksmd: ENOENT/),
  });
  expect((await daemon.ksmd('madvise', 'web', 'willneed', '--region', 'memory')).status).toBe(2);
  expect((await daemon.ksmd('madvise', 'web', 'dontneed')).status).toBe(2);
});

test('ksmpages writes the worst case, or the best', async () => {
  expect((await daemon.ksmd('ksmpages', 'worst', '--size', '1MiB')).stdout).toBe(
    'worst: 256 pages (1 MiB) written at 0x100000000\n',
  );
  expect((await daemon.ksmd('ksmpages', 'best', '--size', '1MiB', '--best')).status).toBe(0);
  const last = async (guest: string, page: number) =>
    (await daemon.ksmd('read', guest, String(2 ** 32 + page * 4096 + 4088), '8', '--hex')).stdout;
  expect(await last('worst', 255)).toContain('ff 00 00 00 00 00 00 00');
  expect(await last('best', 255)).toContain('01 00 00 00 00 00 00 00');
  expect((await daemon.ksmd('ksmpages', 'odd', '--size', '1000')).stderr).toMatch(/^ksmd: EINVAL/);
});

describe('for programs', () => {
  const json = async (...args: string[]): Promise<unknown> => {
    const { status, stdout, stderr } = await daemon.ksmd(...args, '--json');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    return JSON.parse(stdout);
  };

  test('register says which guests it has made', async () => {
    expect(await json('register', 'empty', '--pages', '3')).toEqual([
      { guest: 'empty', registeredBytes: 0, leftOut: [] },
    ]);
    const file = daemon.directory.file('image');
    writeFileSync(file, Buffer.alloc(8192, 'x'));
    expect(await json('register', 'full', '--image', file, '--raw')).toEqual([
      { guest: 'full', registeredBytes: 8192, leftOut: [] },
    ]);
  });

  test('ksmpages says where it has written', async () => {
    expect(await json('ksmpages', 'told', '--size', '64KiB')).toEqual({
      guest: 'told',
      address: 2 ** 32,
      pages: 16,
    });
  });

  test('snapshot says how large it is', async () => {
    const file = daemon.directory.file('told.snap');
    const told = await json('snapshot', file);
    expect(told).toEqual({ file, bytes: statSync(file).size });
  });
});

test('unregister removes a guest', async () => {
  expect(await daemon.ksmd('unregister', 'worst')).toEqual({ status: 0, stdout: '', stderr: '' });
  expect(await daemon.ksmd('unregister', 'worst')).toMatchObject({
    status: 1,
    stderr: "ksmd: ENOENT: no guest 'worst' ('ksmd guests' lists them)\n",
  });
});

test('snapshot refuses a place where it cannot write', async () => {
  expect((await daemon.ksmd('snapshot', daemon.directory.path)).stderr).toBe(
    `ksmd: EISDIR: ${daemon.directory.path} is a directory: name a file\n`,
  );
  expect((await daemon.ksmd('snapshot', '/nowhere/host.snap')).stderr).toMatch(
    /^ksmd: ENOENT: cannot write '\/nowhere\/host\.snap': no such file or directory\n$/,
  );
});

test('snapshot replaces an older snapshot, and no other file', async () => {
  const file = daemon.directory.file('kept.snap');
  writeFileSync(file, 'mine');
  expect(await daemon.ksmd('snapshot', file)).toEqual({
    status: 1,
    stdout: '',
    stderr:
      `ksmd: EEXIST: '${file}' is there, and is no snapshot ` +
      '(name another file, or remove that one)\n',
  });
  expect(readFileSync(file, 'utf8')).toBe('mine');
  const older = `KSMDSNP1${'a'.repeat(2 ** 20)}`;
  writeFileSync(file, older);
  expect((await daemon.ksmd('snapshot', file)).status).toBe(0);
  expect(readFileSync(file, 'latin1')).toMatch(/^KSMDSNP2/);
});

test("a snapshot is its owner's alone", async () => {
  const file = daemon.directory.file('private.snap');
  expect((await daemon.ksmd('snapshot', file)).status).toBe(0);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('two snapshots of one name do not disturb each other', async () => {
  const file = daemon.directory.file('host.snap');
  const outcomes = await Promise.all([
    daemon.ksmd('snapshot', file),
    daemon.ksmd('snapshot', file),
  ]);
  // The daemon may take one at a time; whichever is taken is whole, and nothing else is left.
  expect(outcomes.some(({ status }) => status === 0)).toBe(true);
  expect(readdirSync(daemon.directory.path).filter((name) => name.startsWith('host.snap'))).toEqual(
    ['host.snap'],
  );
});

test('start --restore names what is wrong with the file', async () => {
  expect((await ksmd(['start', '--restore', daemon.directory.path])).stderr).toMatch(
    /^ksmd: EINVAL: snapshot .* cannot be restored: it is no regular file/,
  );
  expect((await ksmd(['start', '--restore', '/nowhere'])).stderr).toMatch(
    /^ksmd: ENOENT: snapshot \/nowhere cannot be restored/,
  );
});

test('a socket path that is too long is named as such', async () => {
  const { status, stderr } = await ksmd(['status', '--socket', `/tmp/${'x'.repeat(120)}`]);
  expect(status).toBe(1);
  expect(stderr).toBe(
    'ksmd: ENAMETOOLONG: the socket path has 125 bytes, of at most 107: choose a shorter one\n',
  );
});

test('logs prints the last lines', async () => {
  const lines = (await daemon.ksmd('logs', '--lines', '1000', '--json')).stdout
    .trimEnd()
    .split('\n');
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ msg: 'ksmd starts' });
  expect((await daemon.ksmd('logs', '--lines', '1000')).stdout).toMatch(
    // Of another day, where midnight was meanwhile.
    /^(\w{3} \w{3} \d\d )?\d\d:\d\d:\d\d ksmd starts {2}version /,
  );
});

test.each([
  ['status'],
  ['stop'],
  ['guests'],
  ['logs', '--follow'],
  ['register', 'x', '--pages', '1'],
  ['ksmpages', 'x'],
])('%s without a daemon says how to start one', async (...args) => {
  const socket = daemon.directory.file('nobody.sock');
  const nobody = `ksmd: ENOENT: no daemon listens on ${socket}: start one with`;
  const byEnvironment = await ksmd(args, { env: { KSMD_SOCKET: socket } });
  expect(byEnvironment).toEqual({ status: 1, stdout: '', stderr: `${nobody} 'ksmd start'\n` });
  const byOption = await ksmd([...args, '--socket', socket]);
  expect(byOption).toEqual({
    status: 1,
    stdout: '',
    stderr: `${nobody} 'ksmd start --socket ${socket}'\n`,
  });
});

test.each([
  [[]],
  [['nonsense']],
  [['status', '--nonsense']],
  [['read', 'web']],
  [['read', 'web', 'here', '1']],
  [['set', 'run']],
  [['start', '--run', '2']],
  [['start', '--memory', 'lots']],
])('%j is a wrong command line', async (args) => {
  const { status, stdout, stderr } = await ksmd(args);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).not.toBe('');
});

test('stop stops the daemon, and waits until it is gone', async () => {
  expect(await daemon.ksmd('stop')).toEqual({ status: 0, stdout: 'stopped\n', stderr: '' });
  expect(await daemon.exited).toBe(0);
});
