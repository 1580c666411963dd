/** The kernel's files on huge pages and on what a process takes up, as a shell meets them. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SYSFS_CARRIERS, type SysfsCarrier } from '../../../src/names.js';
import { DaemonProcess, run, TemporaryDirectory } from '../../daemon-process.js';
import { until } from '../../until.js';
import { needs, sysfsAs, unmountAll } from './carriers.js';

const HUGE_PAGES = 'kernel/mm/transparent_hugepage';
const READ_ONLY = ['full_scans', 'pages_collapsed'];
const WRITABLE = [
  'max_ptes_none',
  'max_ptes_shared',
  'max_ptes_swap',
  'pages_to_scan',
  'scan_sleep_millisecs',
];

let carrier: SysfsCarrier;
let directory: TemporaryDirectory;
let sysfs: string;
let daemon: DaemonProcess | undefined;

beforeEach(() => {
  directory = new TemporaryDirectory();
  sysfs = directory.file('sys');
});
afterEach(async () => {
  await daemon?.stop();
  daemon = undefined;
  await unmountAll(directory);
  directory.remove();
});

async function start(...args: string[]): Promise<DaemonProcess> {
  daemon = await DaemonProcess.start([...sysfsAs(carrier, sysfs), '--run', '0', ...args]);
  return daemon;
}

function read(name: string): string {
  return readFileSync(join(sysfs, HUGE_PAGES, name), 'latin1');
}

async function sh(script: string): Promise<void> {
  const inFolder = `cd '${join(sysfs, HUGE_PAGES)}' && ${script}`;
  expect(await run('sh', ['-c', inFolder])).toMatchObject({ status: 0, stderr: '' });
}

/** The writer is told by a mount; by a picture the log is. */
async function refuses(name: string, text: string, errno: string): Promise<void> {
  const path = join(sysfs, HUGE_PAGES, name);
  const before = read(name);
  const write = (): void => writeFileSync(path, `${text}\n`);
  if (carrier === 'mount') {
    expect(write).toThrow(errno);
    expect(read(name)).toBe(before);
    expect(refusals()).toEqual([]);
  } else {
    write();
    await until('the value is back', () => read(name) === before);
    await until('it is told', () => refusals().length === 1);
    expect(refusals()).toEqual([[name, errno]]);
  }
}

function refusals(): unknown[] {
  return (daemon?.log ?? [])
    .filter(({ level, file }) => level === 'warn' && file !== undefined)
    .map(({ file, errno }) => [String(file).slice(join(sysfs, HUGE_PAGES).length + 1), errno]);
}

/** That of the first guest; nothing before it is there. */
function rollup(): string {
  const path = directory.file('proc/1/smaps_rollup');
  return existsSync(path) ? readFileSync(path, 'latin1') : '';
}

describe.each(SYSFS_CARRIERS)('as a %s', (as) => {
  beforeEach(async (context) => {
    await needs(context, as);
    carrier = as;
  });

  test('there are those of khugepaged, with their modes and values, and go with the daemon', async () => {
    const running = await start();
    expect(readdirSync(join(sysfs, HUGE_PAGES)).sort()).toEqual(['enabled', 'khugepaged']);
    const names = readdirSync(join(sysfs, HUGE_PAGES, 'khugepaged')).sort();
    expect(names).toEqual([...READ_ONLY, ...WRITABLE].sort());
    const files = await running.client.khugepaged();
    for (const name of names) {
      expect(read(`khugepaged/${name}`)).toBe(`${files[name]}\n`);
      const mode = READ_ONLY.includes(name) ? 0o444 : 0o644;
      expect(statSync(join(sysfs, HUGE_PAGES, 'khugepaged', name)).mode & 0o777).toBe(mode);
    }
    await running.stop();
    daemon = undefined;
    expect(existsSync(sysfs)).toBe(false);
  });

  test('a kernel that is older than huge pages has none', async () => {
    await start('--kernel', '2.6.32');
    expect(readdirSync(join(sysfs, 'kernel/mm'))).toEqual(['ksm']);
  });

  test('what another kernel has had goes when a daemon takes the directory over', async () => {
    const dead = await start();
    dead.child.kill('SIGKILL');
    await dead.exited;
    dead.directory.remove();
    await start('--kernel', '2.6.32');
    expect(readdirSync(join(sysfs, 'kernel/mm'))).toEqual(['ksm']);
  });

  test('what is written is taken, or refused', async () => {
    const { client } = await start();
    await sh('echo 0 > khugepaged/max_ptes_none; echo +0500 > khugepaged/scan_sleep_millisecs');
    await until('both are set', async () => {
      const { max_ptes_none, scan_sleep_millisecs } = await client.khugepaged();
      return max_ptes_none === 0 && scan_sleep_millisecs === 500;
    });
    expect(refusals()).toEqual([]);
    await refuses('khugepaged/max_ptes_none', '512', 'EINVAL');
    await client.setKhugepaged({ max_ptes_none: 5 });
    await until('it follows the API', () => read('khugepaged/max_ptes_none') === '5\n');
  });

  test('enabled says madvise, and takes nothing else', async () => {
    await start();
    expect(read('enabled')).toBe('always [madvise] never\n');
    await sh('echo madvise > enabled');
    await until('it is as it was', () => read('enabled') === 'always [madvise] never\n');
    expect(refusals()).toEqual([]);
    await refuses('enabled', 'always', 'EINVAL');
  });

  test('smaps_rollup follows what a guest takes up, and awk and grep read it as the kernel’s', async () => {
    const { client } = await start();
    for (const guest of ['one', 'two']) {
      await client.createGuest(guest);
      await client.map(guest, 'r', { pages: 8, address: 2 ** 32 });
      await client.store(guest, 2 ** 32, Buffer.alloc(4 * 4096, 7));
    }
    await until('what is written shows', () => /^Rss: +16 kB$/m.test(rollup()));
    await client.setKsm({ smart_scan: 0 });
    for (let i = 0; i < 3; i++) await client.scan(100);
    const wanted = [
      '100000000-100008000 ---p 00000000 00:00 0                                [rollup]',
      'Rss:                  16 kB',
      'Pss:                   2 kB',
      'Anonymous:            16 kB',
      'KSM:                  16 kB',
      'AnonHugePages:         0 kB',
      '',
    ];
    await until('what is merged shows', () => rollup() === wanted.join('\n'));
    expect(statSync(directory.file('proc/1/smaps_rollup')).mode & 0o777).toBe(0o400);
    const { stdout } = await run('awk', [
      '/^Pss:/ { print $2 * 2 }',
      directory.file('proc/1/smaps_rollup'),
    ]);
    expect(stdout).toBe('4\n');
  });

  test.each([
    ['2.6.32', undefined],
    ['6.1', ['Rss', 'Pss', 'Anonymous', 'AnonHugePages']],
    ['6.18', ['Rss', 'Pss', 'Anonymous', 'KSM', 'AnonHugePages']],
  ])('under %s it has the lines of that kernel', async (kernel, names) => {
    const { client } = await start('--kernel', kernel);
    await client.createGuest('one');
    await until('the guest is there', () => existsSync(directory.file('proc/1/comm')));
    if (names === undefined) {
      expect(existsSync(directory.file('proc/1/smaps_rollup'))).toBe(false);
      return;
    }
    await until('what it takes up is told', () => rollup().includes('AnonHugePages'));
    expect([...rollup().matchAll(/^(\w+): +0 kB$/gm)].map(([, name]) => name)).toEqual(names);
  });
});
