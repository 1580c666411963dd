import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kdump } from '../../../../tools/images/kdump-writer.js';
import { migration } from '../../../../tools/images/migration-writer.js';
import {
  DaemonProcess,
  KSMD,
  ksmd,
  type Outcome,
  run,
  TemporaryDirectory,
} from '../../../daemon-process.js';
import { until } from '../../../until.js';

const OWNER = fileURLToPath(new URL('./memory-owner.mjs', import.meta.url));

/** Kernels since 6.15 tell whether a process has set PR_SET_MEMORY_MERGE. */
const TELLS_MERGE_ANY =
  existsSync('/proc/self/ksm_stat') &&
  readFileSync('/proc/self/ksm_stat', 'latin1').includes('ksm_merge_any');

/** In a container there may be none to be seen. */
function isKernelThread(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'latin1').trim() === 'kthreadd';
  } catch {
    return false;
  }
}

const owners: ChildProcess[] = [];
async function startOwner(...args: string[]): Promise<string> {
  const owner = spawn(process.execPath, [OWNER, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  owners.push(owner);
  await once(owner.stdout, 'data');
  return String(owner.pid);
}

let daemon: DaemonProcess;
beforeAll(async () => {
  daemon = await DaemonProcess.start([
    '--memory',
    '256MiB',
    '--sleep-ms',
    '0',
    '--pages-to-scan',
    '10000',
  ]);
  // Smart scan, as in the kernel, may visit two equal pages in different scans for ever.
  await daemon.client.setKsm({ smart_scan: 0 });
});
afterAll(async () => {
  for (const owner of owners) owner.kill('SIGKILL');
  expect(await daemon.stop()).toBe(0);
});

describe('register --pid', () => {
  test('makes guests of two processes of one program, and status says what they share', async () => {
    for (const name of ['web-1', 'web-2']) {
      const { status, stdout, stderr } = await daemon.ksmd(
        'register',
        name,
        '--pid',
        await startOwner(),
      );
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout).toMatch(
        new RegExp(`^${name}: [0-9,]+ pages \\([0-9.]+ MiB\\) of process \\d+ in \\d+ mappings`),
      );
    }
    await until(
      'a thousand pages are shared',
      async () => ((await daemon.client.status()).counters.pages_sharing ?? 0) >= 1000,
    );
    await daemon.client.setKsm({ run: 0 });
    const { stdout } = await daemon.ksmd('status');
    expect(stdout).toMatch(
      /^saved +[0-9.]+ MiB of [0-9.]+ MiB, [0-9.]+ %;[\s\S]*^shared +[0-9,]+ KSM pages stand for [0-9,]+ pages more$/m,
    );
    const { regions, presentPages } = await daemon.client.guest('web-1');
    expect(regions.every(({ name, address }) => name === address.toString(16))).toBe(true);
    expect(presentPages).toBeGreaterThan(1024);
  });

  test('reads the memory as the process has it', async () => {
    const { regions } = await daemon.client.guest('web-1');
    const wanted = Buffer.alloc(4096, 0x0b);
    wanted.writeUInt32LE(10, 0);
    let found = false;
    for (const { address, pages } of regions) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of daemon.client.load('web-1', address, Math.min(pages, 16384) * 4096))
        chunks.push(chunk);
      found ||= Buffer.concat(chunks).includes(wanted);
    }
    expect(found).toBe(true);
  });

  test.runIf(TELLS_MERGE_ANY)('takes over that a process has all its memory merged', async () => {
    expect((await daemon.client.guest('web-1')).mergesAny).toBe(false);
    const pid = await startOwner('merge-any');
    expect((await daemon.ksmd('register', 'any', '--pid', pid)).status).toBe(0);
    expect((await daemon.client.guest('any')).mergesAny).toBe(true);
    await daemon.client.removeGuest('any');
  });

  test('refuses a process that is not there', async () => {
    expect(await daemon.ksmd('register', 'x', '--pid', '4194304')).toEqual({
      status: 1,
      stdout: '',
      stderr: 'ksmd: ESRCH: there is no process 4194304\n',
    });
    expect((await daemon.ksmd('guests', 'x')).status).toBe(1);
  });

  test.runIf(process.getuid?.() === 0 && isKernelThread(2))(
    "refuses a thread of the kernel's",
    async () => {
      expect((await daemon.ksmd('register', 'x', '--pid', '2')).stderr).toMatch(
        /^ksmd: EINVAL: process 2 has no/,
      );
    },
  );

  test.runIf(process.getuid?.() === 0)('refuses a process that may not be read', async () => {
    const env = { KSMD_SOCKET: daemon.socketPath };
    const nobody = [
      '--reuid',
      '65534',
      '--clear-groups',
      '--',
      process.execPath,
      fileURLToPath(new URL('../../../../bin/ksmd.js', import.meta.url)),
    ];
    const { status, stderr } = await run(
      'setpriv',
      [...nobody, 'register', 'x', '--pid', String(process.pid)],
      { env },
    );
    expect(status).toBe(1);
    expect(stderr).toMatch(/^ksmd: EACCES: process \d+ may not be read/);
  });
});

describe.runIf(process.getuid?.() === 0)('by a user of its own, that no passwd file lists', () => {
  const UID = '65532';
  /** With these capabilities of root's and no others. */
  function asUser(capabilities: string, ...args: string[]): Promise<Outcome> {
    const only = (set: string): string[] => [`--${set}`, `-all,${capabilities}`];
    const user = ['--reuid', UID, '--regid', UID, '--clear-groups'];
    const caps = [...only('inh-caps'), ...only('ambient-caps'), ...only('bounding-set')];
    return run('setpriv', [...user, ...caps, '--', process.execPath, KSMD, ...args]);
  }
  const both = '+sys_ptrace,+dac_read_search';
  const folder = new TemporaryDirectory();
  const socket = folder.file('ksmd.sock');
  let ended: Promise<Outcome>;
  beforeAll(async () => {
    chmodSync(folder.path, 0o777);
    ended = asUser(both, 'start', '--memory', '64MiB', '--socket', socket);
    await until('the daemon listens', () => existsSync(socket));
  });
  afterAll(async () => {
    await asUser(both, 'stop', '--socket', socket);
    expect((await ended).status).toBe(0);
    folder.remove();
  });

  test('takes CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH', async () => {
    const register = ['register', 'web', '--pid', await startOwner(), '--socket', socket];
    const { status, stdout, stderr } = await asUser(both, ...register);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^web: [0-9,]+ pages \([0-9.]+ MiB\) of process/);
  });

  test.each([
    ['+sys_ptrace', 'CAP_DAC_READ_SEARCH'],
    ['+dac_read_search', 'CAP_SYS_PTRACE'],
  ])('%s alone will not do, and it says what does', async (one, other) => {
    const register = ['register', 'web', '--pid', await startOwner(), '--socket', socket];
    expect(await asUser(one, ...register)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(`^ksmd: EACCES: .* may not be read: that takes ${other} too\n`),
    });
  });
});

describe('register --image', () => {
  test('takes any file of whole pages', async () => {
    const file = daemon.directory.file('vm.mem');
    const bytes = Buffer.alloc(3 * 4096, 'memory');
    writeFileSync(file, bytes);
    const { status, stdout } = await daemon.ksmd(
      'register',
      'vm1',
      '--image',
      file,
      '--address',
      '0x10000',
    );
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: `vm1: 3 pages (12 KiB) of ${file} at 0x10000 (raw image)\n`,
    });
    const { stdout: back } = await daemon.ksmd('read', 'vm1', '0x10000', '12KiB');
    expect(back).toBe(bytes.toString('latin1'));
    expect((await daemon.client.guest('vm1')).regions).toEqual([
      { name: 'image', address: 0x10000, pages: 3, huge: false },
    ]);
  });

  test('refuses a file that is not there, empty, or a directory, and leaves no guest behind', async () => {
    const empty = daemon.directory.file('empty');
    writeFileSync(empty, '');
    const odd = daemon.directory.file('odd');
    writeFileSync(odd, Buffer.alloc(4100));
    for (const [file, message] of [
      ['/nowhere', /^ksmd: ENOENT: no such file or directory, stat '\/nowhere'\n$/],
      [empty, /^ksmd: EINVAL: .* is empty\n$/],
      [odd, /^ksmd: EINVAL: .* 4100 bytes are no whole number of pages of 4096\n$/],
      [daemon.directory.path, /^ksmd: EINVAL: .* is neither a file nor a pipe\n$/],
    ] as const) {
      const { status, stderr } = await daemon.ksmd('register', 'v', '--image', file);
      expect(status).toBe(1);
      expect(stderr).toMatch(message);
    }
    expect((await daemon.client.guests()).some(({ name }) => name === 'v')).toBe(false);
  });

  test('leaves what nobody has written untouched', async () => {
    const file = daemon.directory.file('sparse.mem');
    writeFileSync(file, Buffer.alloc(4096, 'memory'));
    truncateSync(file, 64 * 2 ** 20);
    const { stdout } = await daemon.ksmd('register', 'sparse', '--image', file);
    expect(stdout).toBe(`sparse: 1 page (4 KiB) of ${file} at 0x100000000 (raw image)\n`);
    expect(await daemon.client.guest('sparse')).toMatchObject({
      presentPages: 1,
      regions: [{ name: 'image', address: 0x100000000, pages: 16384 }],
    });
  });

  test('refuses by name what it cannot read, and takes it with --raw', async () => {
    const file = daemon.directory.file('disk.img');
    const bytes = Buffer.alloc(4096);
    bytes.write('QFI\xfb', 'latin1');
    writeFileSync(file, bytes);
    const { status, stderr } = await daemon.ksmd('register', 'disk', '--image', file);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^ksmd: EINVAL: .* is a qcow2 disk: .*\n$/);
    expect((await daemon.client.guests()).some(({ name }) => name === 'disk')).toBe(false);
    expect((await daemon.ksmd('register', 'disk', '--image', file, '--raw')).status).toBe(0);
  });

  test('says what an image leaves out, and of which regions it is', async () => {
    const pages = Array.from({ length: 3 }, (_none, page) => Buffer.alloc(4096, page + 1));
    const file = daemon.directory.file('vm.kdump');
    writeFileSync(file, kdump([...pages, undefined, ...Array(100).fill(null), ...pages]));
    const { stdout } = await daemon.ksmd('register', 'dumped', '--image', file);
    expect(stdout).toBe(
      `dumped: 6 pages (24 KiB) of ${file} in 2 regions (kdump)\n` +
        '  left out: 4 KiB that the dump left out\n',
    );
  });

  test('counts a page once that a migration has sent twice', async () => {
    const page = { block: 'pc.ram', offset: 0, page: Buffer.alloc(4096, 'old') };
    const again = { ...page, page: Buffer.alloc(4096, 'new') };
    const file = daemon.directory.file('vm.save');
    writeFileSync(file, migration([{ name: 'pc.ram', bytes: 8192 }], [[page], [again]]));
    const { stdout } = await daemon.ksmd('register', 'moved', '--image', file);
    expect(stdout).toMatch(/^moved: 1 page \(4 KiB\) of .* at 0x100000000 \(QEMU's migration/);
    expect((await daemon.ksmd('read', 'moved', '0x100000000', '3')).stdout).toBe('new');
  });

  test('leaves no guest behind when an image breaks off', async () => {
    const page = { block: 'pc.ram', offset: 0, page: Buffer.alloc(4096, 'memory') };
    const bytes = migration([{ name: 'pc.ram', bytes: 8192 }], [[page], [page]]);
    const file = daemon.directory.file('cut.save');
    writeFileSync(file, bytes.subarray(0, -100));
    const { status, stderr } = await daemon.ksmd('register', 'cut', '--image', file);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^ksmd: EINVAL: .*: cut short within the migration stream, at byte \d+/);
    expect((await daemon.client.guests()).some(({ name }) => name === 'cut')).toBe(false);
  });

  test('leaves no guest behind when memory is exhausted', async () => {
    // No two pages of it merge.
    const input = Buffer.alloc(300 * 2 ** 20);
    for (let at = 0; at < input.length; at += 4096) input.writeUInt32LE(at + 1, at);
    const register = ['register', 'huge', '--image', '-', '--socket', daemon.socketPath];
    const { status, stderr } = await ksmd(register, { input });
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^ksmd: ENOMEM: no frame is free: \d+ bytes were stored \(nothing is left of the guest; .*\n$/,
    );
    expect((await daemon.client.guests()).some(({ name }) => name === 'huge')).toBe(false);
  });
});

describe('register --pages', () => {
  test('makes an empty region, where it is told or where there is room', async () => {
    expect(await daemon.ksmd('register', 'e1', '--pages', '4')).toMatchObject({
      status: 0,
      stdout: 'e1: 4 untouched pages at 0x100000000\n',
    });
    expect(
      await daemon.ksmd('register', 'e2', '--pages', '4', '--address', '0x5000'),
    ).toMatchObject({
      status: 0,
      stdout: 'e2: 4 untouched pages at 0x5000\n',
    });
  });

  test('leaves no guest behind when the region is refused', async () => {
    const { status, stderr } = await daemon.ksmd(
      'register',
      'e3',
      '--pages',
      '4',
      '--address',
      '0x5001',
    );
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: 'ksmd: EINVAL: address 0x5001 is no multiple of the page size, 4096\n',
    });
    expect((await daemon.client.guests()).some(({ name }) => name === 'e3')).toBe(false);
  });

  test('refuses a name that is taken', async () => {
    const { status, stderr } = await daemon.ksmd('register', 'e1', '--pages', '4');
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr:
        "ksmd: EEXIST: guest 'e1' exists already (choose another name, or 'ksmd " +
        "unregister' it first)\n",
    });
  });
});

test.each([
  [['register', 'x'], /one of --pid, .* --recording and --pages/],
  [['register', 'x', '--pid', '1', '--pages', '1'], /one of --pid, .* --recording and --pages/],
  [['register', 'x', '--pid', '1', '--address', '0'], /--address goes with --image or --pages/],
  [['register', 'x', '--pages', '1', '--raw'], /--raw goes with --image/],
  [['register', 'x', '--pages', 'many'], /Write a whole number/],
])('%j is a wrong command line', async (args, message) => {
  const { status, stderr } = await daemon.ksmd(...args);
  expect(status).toBe(2);
  expect(stderr).toMatch(message);
});
