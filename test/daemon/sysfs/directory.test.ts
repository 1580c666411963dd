/** The directory of the kernel's files: whose it is, whatever shows them there. */
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FATAL } from '../../../src/daemon/fatal.js';
import { SYSFS_CARRIERS, type SysfsCarrier } from '../../../src/names.js';
import { DaemonProcess, run, TemporaryDirectory } from '../../daemon-process.js';
import { until } from '../../until.js';
import { needs, sysfsAs, unmountAll } from './carriers.js';

const KSM = 'kernel/mm/ksm';

let carrier: SysfsCarrier;
let directory: TemporaryDirectory;
let sysfs: string;
let proc: string;
let daemon: DaemonProcess | undefined;

beforeEach(() => {
  directory = new TemporaryDirectory();
  sysfs = directory.file('sys');
  proc = directory.file('proc');
});
afterEach(async () => {
  await daemon?.stop();
  daemon = undefined;
  await unmountAll(directory);
  directory.remove();
});

async function start(...args: string[]): Promise<DaemonProcess> {
  daemon = await DaemonProcess.start([...sysfsAs(carrier, sysfs), ...args]);
  return daemon;
}

/** The status and the sentence that a daemon ends with at once. */
async function refused(...args: string[]): Promise<{ status: number | null; stderr: string }> {
  const other = DaemonProcess.spawn(args);
  const status = await other.exited;
  other.directory.remove();
  return { status, stderr: other.stderr };
}

function read(name: string): string {
  return readFileSync(join(sysfs, KSM, name), 'latin1');
}

async function shows(name: string, text: string): Promise<void> {
  await until(`${name} shows ${text}`, () => read(name) === text);
}

describe.each(SYSFS_CARRIERS)('the directory of a %s', (as) => {
  beforeEach(async (context) => {
    await needs(context, as);
    carrier = as;
  });

  test('is removed at the end, and so is all in it', async () => {
    const { client } = await start();
    await client.createGuest('g');
    await until('the guest is there', () => existsSync(join(proc, '1')));
    expect(await daemon?.stop()).toBe(0);
    daemon = undefined;
    expect(readdirSync(directory.path)).toEqual([]);
  });

  test('stays, empty, if it was there before', async () => {
    mkdirSync(sysfs);
    await start();
    await daemon?.stop();
    daemon = undefined;
    expect(readdirSync(sysfs)).toEqual([]);
  });

  test("is one daemon's where several start at once over a stale one, twice", async () => {
    let last = await start();
    for (let i = 0; i < 2; i++) {
      await last.stop('SIGKILL');
      const daemons = Array.from({ length: 3 }, () => DaemonProcess.spawn(sysfsAs(carrier, sysfs)));
      const losers = new Set<DaemonProcess>();
      for (const each of daemons) void each.exited.then(() => losers.add(each));
      await until('all but one have given up', () => losers.size === 2);
      for (const loser of losers) {
        expect(loser.stderr).toMatch(/^ksmd: EBUSY: another daemon keeps its files in /);
        loser.directory.remove();
      }
      last = daemons.find((each) => !losers.has(each)) ?? last;
      daemon = last;
      await until('it is up', () => last.log.some(({ msg }) => msg === 'listening'));
      await last.client.setKsm({ pages_to_scan: 500 + i });
      await shows('pages_to_scan', `${500 + i}\n`);
    }
    expect(await last.stop()).toBe(0);
    daemon = undefined;
    expect(readdirSync(directory.path)).toEqual([]);
  });

  test.each([
    ['a file', () => writeFileSync(join(sysfs, 'notes'), 'mine'), 'sys/notes'],
    [
      'the files of another kernel',
      () => {
        mkdirSync(join(sysfs, KSM), { recursive: true });
        writeFileSync(join(sysfs, KSM, 'run'), '0\n');
      },
      `sys/${KSM}/run`,
    ],
    ['a link', () => symlinkSync('/', join(sysfs, 'kernel')), 'sys/kernel'],
    ['a process beside it', () => mkdirSync(join(proc, 'self'), { recursive: true }), 'proc/self'],
  ])('is left as it is where there is somebody else’s: %s', async (_what, put, named) => {
    mkdirSync(sysfs);
    put();
    const { stdout: before } = await run('find', [directory.path]);
    const { status, stderr } = await refused(...sysfsAs(carrier, sysfs));
    expect(status).toBe(FATAL.SysfsUnusable.exitStatus);
    expect(stderr).toBe(
      `ksmd: EEXIST: ${directory.file(named)} is not ksmd's: choose a --sysfs that is ` +
        'empty, and has no proc beside it that is not\n',
    );
    expect((await run('find', [directory.path])).stdout).toBe(before);
  });

  test('of a daemon that lives is not taken from it, nor is proc by one beside it', async () => {
    await start('--run', '0');
    for (const other of [sysfs, directory.file('other')]) {
      const { status, stderr } = await refused(...sysfsAs(carrier, other), '--pages-to-scan', '7');
      expect(status).toBe(FATAL.SysfsUnusable.exitStatus);
      expect(stderr).toMatch(
        /^ksmd: EBUSY: another daemon keeps its files in .*: stop it, or choose another --sysfs\n$/,
      );
    }
    expect(read('pages_to_scan')).toBe('100\n');
    expect(readdirSync(directory.path).sort()).toEqual(['proc', 'sys']);
  });

  test.skipIf(process.geteuid?.() !== 0)(
    'is refused where somebody else could put links in the place of its files',
    async () => {
      chownSync(directory.path, 65534, 65534);
      const { status, stderr } = await refused(...sysfsAs(carrier, sysfs));
      expect(status).toBe(FATAL.SysfsUnusable.exitStatus);
      expect(stderr).toBe(
        `ksmd: EPERM: others can replace what is in ${directory.path}: choose a --sysfs in ` +
          'a directory of your own\n',
      );
      expect(readdirSync(directory.path)).toEqual([]);
    },
  );

  test('nor where anybody may write', async () => {
    mkdirSync(sysfs);
    chmodSync(sysfs, 0o777);
    expect((await refused(...sysfsAs(carrier, sysfs))).stderr).toMatch(
      /^ksmd: EPERM: others can replace what is in /,
    );
  });

  test.each([
    ['no directory can be made', '/proc/nowhere', 'ENOENT'],
    ['the real kernel’s files are', '/sys', 'EEXIST'],
  ])('is refused where %s', async (_where, path, errno) => {
    const { status, stderr } = await refused(...sysfsAs(carrier, path));
    expect(status).toBe(FATAL.SysfsUnusable.exitStatus);
    expect(stderr).toMatch(new RegExp(`^ksmd: ${errno}: .*choose .*--sysfs`));
  });
});
