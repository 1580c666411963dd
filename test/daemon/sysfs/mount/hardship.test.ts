/** Where no mount can be had, and what comes of one that something happens to. */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FATAL } from '../../../../src/daemon/fatal.js';
import { DaemonProcess, run, TemporaryDirectory, type Within } from '../../../daemon-process.js';
import { until } from '../../../until.js';
import { needs, sysfsAs, unmountAll } from '../carriers.js';

const KOFFI = dirname(fileURLToPath(import.meta.resolve('koffi')));
const FAULTS = { NODE_OPTIONS: `--import=${new URL('../../faults.mjs', import.meta.url)}` };

let directory: TemporaryDirectory;
let sysfs: string;
let daemon: DaemonProcess | undefined;

beforeEach(async (context) => {
  await needs(context, 'mount');
  directory = new TemporaryDirectory();
  sysfs = directory.file('sys');
});
afterEach(async () => {
  await daemon?.stop();
  daemon = undefined;
  await unmountAll(directory);
  directory.remove();
});

/** In mounts of its own, of which this is one. */
function behind(mount: string): Within {
  return (command) => ['unshare', '--mount', 'sh', '-c', `${mount} && exec "$@"`, 'sh', ...command];
}

const withoutTheRight: Within = (command) => [
  ...['setpriv', '--bounding-set=-sys_admin', '--inh-caps=-all'],
  ...command,
];

async function refused(
  args: readonly string[],
  within?: Within,
): Promise<{ status: number | null; stderr: string }> {
  const other = DaemonProcess.spawn(args, {}, within);
  const status = await other.exited;
  other.directory.remove();
  return { status, stderr: other.stderr };
}

function mounted(): string[] {
  return readFileSync('/proc/self/mountinfo', 'latin1')
    .split('\n')
    .filter((line) => line.includes(' - fuse.ksmd ') && line.includes(directory.path));
}

describe.each([
  ['the right to mount', withoutTheRight, 'EPERM', 'mount(2) fails with EPERM'],
  ['koffi', behind(`mount -t tmpfs none '${KOFFI}'`), 'ENOENT', 'koffi, an optional package'],
  ['/dev/fuse', behind('mount -t tmpfs none /dev'), 'ENOENT', "open '/dev/fuse'"],
])('without %s', (_what, within, errno, reason) => {
  test('there are plain files, and the log says why in a line', async () => {
    daemon = await DaemonProcess.start(['--sysfs', sysfs], {}, within);
    expect(mounted()).toEqual([]);
    expect(readFileSync(join(sysfs, 'kernel/mm/ksm/run'), 'latin1')).toBe('1\n');
    const told = daemon.log.map(({ msg }) => String(msg)).filter((msg) => msg.includes('plain'));
    expect(told).toHaveLength(1);
    expect(told[0]).toContain(`the kernel's files in ${sysfs} are plain files: ${errno}: `);
    expect(told[0]).toContain(reason);
    expect((await daemon.client.status()).sysfs).toEqual({ directory: sysfs, as: 'picture' });
    expect((await daemon.ksmd('status')).stdout).toMatch(/^files +a picture in /m);
  });

  test('who wants a mount and nothing else is refused, with nothing left', async () => {
    const { status, stderr } = await refused(sysfsAs('mount', sysfs), within);
    expect(status).toBe(FATAL.SysfsUnusable.exitStatus);
    expect(stderr).toMatch(new RegExp(`^ksmd: ${errno}: cannot keep the kernel's files in `));
    expect(stderr).toContain(reason);
    expect(readdirSync(directory.path)).toEqual([]);
  });
});

test('without the right to mount a picture goes on in the files that one before it has left', async () => {
  const dead = await DaemonProcess.start(['--sysfs', sysfs], {}, withoutTheRight);
  const { ino } = statSync(join(sysfs, 'kernel/mm/ksm/run'));
  await dead.stop('SIGKILL');
  daemon = await DaemonProcess.start(['--sysfs', sysfs], {}, withoutTheRight);
  expect(statSync(join(sysfs, 'kernel/mm/ksm/run')).ino).toBe(ino);
  // A mount has no use for them.
  await daemon.stop('SIGKILL');
  daemon = await DaemonProcess.start(['--sysfs', sysfs]);
  expect((await daemon.client.status()).sysfs?.as).toBe('mount');
  expect(await daemon.stop()).toBe(0);
  daemon = undefined;
  expect(readdirSync(directory.path)).toEqual([]);
});

test('a mount that a killed daemon has left stays where there is no right to take it away', async () => {
  const dead = await DaemonProcess.start(sysfsAs('mount', sysfs));
  await dead.stop('SIGKILL');
  const { status, stderr } = await refused(sysfsAs('picture', sysfs), withoutTheRight);
  expect(status).toBe(FATAL.SysfsUnusable.exitStatus);
  expect(stderr).toMatch(/^ksmd: EPERM: .* a mount that a killed daemon has left there cannot be /);
  // Whoever may mount may take it away, also for plain files.
  daemon = await DaemonProcess.start(sysfsAs('picture', sysfs));
  expect(mounted()).toEqual([]);
});

test('of a daemon that is stopped it is not taken', async () => {
  daemon = await DaemonProcess.start(sysfsAs('mount', sysfs));
  daemon.child.kill('SIGSTOP');
  const { status, stderr } = await refused(sysfsAs('mount', sysfs));
  daemon.child.kill('SIGCONT');
  expect(status).toBe(FATAL.SysfsUnusable.exitStatus);
  expect(stderr).toMatch(/^ksmd: EBUSY: another daemon keeps its files in /);
  expect(readFileSync(join(sysfs, 'kernel/mm/ksm/run'), 'latin1')).toBe('1\n');
});

test('a daemon whose mount somebody takes away says so, and goes on', async () => {
  const running = await DaemonProcess.start(sysfsAs('mount', sysfs));
  daemon = running;
  expect((await run('umount', [sysfs])).status).toBe(0);
  const told = (): unknown[] =>
    running.log.filter(({ level }) => level === 'error').map(({ msg }) => msg);
  await until('it is told of', () => told().length > 0);
  expect(told()).toEqual([`somebody has unmounted ${sysfs}: the files there are gone`]);
  expect(readdirSync(directory.file('proc'))).toEqual([]);
  expect((await running.client.ksm()).run).toBe(1);
  expect((await running.client.status()).sysfs).toBeUndefined();
  expect(await running.stop()).toBe(0);
  daemon = undefined;
  expect(readdirSync(directory.path)).toEqual([]);
});

test('what somebody mounts in its place stays, though the kernel gives it the same number', async () => {
  const running = await DaemonProcess.start(sysfsAs('mount', sysfs));
  daemon = running;
  const other = directory.file('other');
  mkdirSync(other);
  writeFileSync(join(other, 'note'), 'mine');
  const { status } = await run('sh', [
    '-c',
    `umount '${sysfs}' && mount --bind '${other}' '${sysfs}'`,
  ]);
  expect(status).toBe(0);
  await until('it is told of', () => running.log.some(({ level }) => level === 'error'));
  expect(await running.stop()).toBe(0);
  daemon = undefined;
  expect(readFileSync(join(sysfs, 'note'), 'latin1')).toBe('mine');
});

test('where what a picture has left cannot be removed, the picture goes on', async () => {
  const dead = await DaemonProcess.start(sysfsAs('picture', sysfs));
  await dead.stop('SIGKILL');
  const file = join(sysfs, 'kernel/mm/ksm/run');
  const other = directory.file('other');
  writeFileSync(other, '');
  expect((await run('mount', ['--bind', other, file])).status).toBe(0);
  try {
    daemon = await DaemonProcess.start(['--sysfs', sysfs]);
    expect((await daemon.client.status()).sysfs?.as).toBe('picture');
    expect(mounted()).toEqual([]);
    const told = daemon.log.map(({ msg }) => String(msg)).filter((msg) => msg.includes('plain'));
    expect(told).toEqual([expect.stringMatching(/ are plain files: .*EBUSY/)]);
  } finally {
    await run('umount', ['--lazy', file]);
  }
});

test('goes with a daemon that a fault ends', async () => {
  const faulty = await DaemonProcess.start(sysfsAs('mount', sysfs), FAULTS);
  faulty.child.kill('SIGALRM');
  expect(await faulty.exited).toBe(FATAL.InternalFault.exitStatus);
  faulty.directory.remove();
  expect(mounted()).toEqual([]);
});

test('a socket in there is refused: the daemon would wait for itself', async () => {
  const { status, stderr } = await refused([
    ...sysfsAs('mount', sysfs),
    '--socket',
    join(sysfs, 'ksmd.sock'),
  ]);
  expect(status).toBe(FATAL.SysfsUnusable.exitStatus);
  expect(stderr).toBe(
    `ksmd: EINVAL: the socket is to be in ${sysfs}: choose another --sysfs, or another --socket\n`,
  );
});
