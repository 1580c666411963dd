/** A daemon that finds a disk full, or may not write to it. */
import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, type TestContext, test } from 'vitest';
import { FATAL } from '../../src/daemon/fatal.js';
import {
  DaemonProcess,
  KSMD,
  type Outcome,
  run,
  TemporaryDirectory,
  type Within,
} from '../daemon-process.js';
import { until } from '../until.js';
import { sysfsAs } from './sysfs/carriers.js';

/** What `mount` makes of the directory disk, which only the process in question sees. */
const FULL = 'mount -t tmpfs -o size=64k tmpfs disk && ! head -c 128k /dev/zero 2>&- > disk/filler';
const NO_INODES = 'mount -t tmpfs -o nr_inodes=2 tmpfs disk && touch disk/filler';
const FEW_INODES = 'mount -t tmpfs -o nr_inodes=60 tmpfs disk';
const READ_ONLY = 'mount -t tmpfs -o ro tmpfs disk';

let directory: TemporaryDirectory;
beforeEach(async (context: TestContext) => {
  directory = new TemporaryDirectory();
  const { status, stderr } = await run('unshare', ['--mount', 'true']);
  if (status !== 0) context.skip(`needs=mount-namespace: ${stderr}`);
});
afterEach(() => directory.remove());

function on(mount: string, then: string): Within {
  const script = `cd ${directory.path} && mkdir disk && ${mount} && ${then}`;
  return (command) => ['unshare', '--mount', 'sh', '-c', script, 'sh', ...command];
}

/** What a command says, and what it leaves on the disk. */
async function outcomeOn(mount: string, ...args: readonly string[]): Promise<Outcome> {
  const within = on(mount, '{ "$@" > /dev/null; status=$?; ls -A disk; exit $status; }');
  const [program = '', ...rest] = within([process.execPath, KSMD, ...args]);
  return run(program, rest);
}

describe('ksmd start is refused in one line, with nothing left on the disk, where it has', () => {
  const start = ['start', '--memory', '64MiB'];
  const elsewhere = ['--socket', 'ksmd.sock'];
  test.each([
    ['no room for --sysfs', FULL, [...elsewhere, '--sysfs', 'disk/sys'], FATAL.SysfsUnusable],
    ['no room for the socket', NO_INODES, ['--socket', 'disk/s'], FATAL.ListenFailed],
    ['no room for its directory', NO_INODES, ['--socket', 'disk/d/s'], FATAL.SocketPathUnusable],
    ['no room for a log', NO_INODES, [...elsewhere, '--log-file', 'disk/l'], FATAL.LogFileUnusable],
    ['to write --sysfs', READ_ONLY, [...elsewhere, '--sysfs', 'disk/sys'], FATAL.SysfsUnusable],
    ['to write the socket', READ_ONLY, ['--socket', 'disk/s'], FATAL.ListenFailed],
    ['to write its directory', READ_ONLY, ['--socket', 'disk/d/s'], FATAL.SocketPathUnusable],
    ['to write a log', READ_ONLY, [...elsewhere, '--log-file', 'disk/l'], FATAL.LogFileUnusable],
  ])('%s', async (_what, mount, args, { exitStatus }) => {
    const { status, stderr, stdout } = await outcomeOn(mount, ...start, ...args);
    const errno = mount === READ_ONLY ? 'EROFS' : 'ENOSPC';
    expect(stderr).toMatch(new RegExp(`^ksmd: ${errno}: cannot .*\n$`));
    expect(stdout).toBe(mount === READ_ONLY ? '' : 'filler\n');
    expect(status).toBe(exitStatus);
    expect(readdirSync(directory.path)).toEqual(['disk']);
  });
});

test('a log that a full disk does not take holds nobody up, and can be had on the socket', async () => {
  const daemon = DaemonProcess.spawn(['--log-file', 'disk/log'], {}, on(FULL, 'exec "$@"'));
  await until('it answers', async () => (await daemon.ksmd('status')).status === 0);
  expect((await daemon.ksmd('logs')).stdout).toContain('listening');
  expect(await daemon.stop()).toBe(0);
  expect(daemon.stderr).toBe('');
});

test('a snapshot that a full disk does not take leaves no part of itself', async () => {
  const daemon = await DaemonProcess.start();
  await daemon.client.createGuest('g');
  await daemon.client.map('g', 'memory', { pages: 64 });
  await daemon.client.store('g', 2 ** 32, Buffer.alloc(64 * 4096, 7));
  const args = ['snapshot', 'disk/snapshot', '--socket', daemon.socketPath];
  expect(await outcomeOn(FULL, ...args)).toEqual({
    status: 1,
    stdout: 'filler\n',
    stderr: expect.stringMatching(/^ksmd: ENOSPC: .*\n$/),
  });
  expect(await daemon.stop()).toBe(0);
});

test('guests whose files a full disk does not take are told of once, and live', async () => {
  const within = on(FEW_INODES, '{ "$@"; status=$?; ls -A disk >&2; exit $status; }');
  const daemon = DaemonProcess.spawn(sysfsAs('picture', 'disk/sys'), {}, within);
  const { client } = daemon;
  await until('it answers', async () => (await daemon.ksmd('status')).status === 0);
  for (let i = 0; i < 12; i++) await client.createGuest(`g${i}`);
  const logged = async (): Promise<string> => (await daemon.ksmd('logs', '--json')).stdout;
  await until('it is told of', async () => (await logged()).includes('ENOSPC: the files in'));
  expect(await client.guests()).toHaveLength(12);
  await client.stop();
  expect(await daemon.exited).toBe(0);
  expect(daemon.stderr).toBe('');
  client.close();
  daemon.directory.remove();
});
