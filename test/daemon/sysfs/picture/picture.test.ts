/** The kernel's files as plain files, as a shell and a reader meet them. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { KERNEL_PROFILES } from '../../../../src/ksm/kernels.js';
import { DaemonProcess, run, TemporaryDirectory } from '../../../daemon-process.js';
import { until } from '../../../until.js';

/** Also where mounts could be had. */
const PICTURE = ['--sysfs-as', 'picture', '--sysfs'];
const KSM = 'kernel/mm/ksm';

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
  directory.remove();
});

async function start(...args: string[]): Promise<DaemonProcess> {
  daemon = await DaemonProcess.start([...PICTURE, sysfs, ...args]);
  return daemon;
}

function read(name: string): string {
  return readFileSync(join(sysfs, KSM, name), 'latin1');
}

async function shows(name: string, text: string): Promise<void> {
  await until(`${name} shows ${text}`, () => read(name) === text);
}

async function sh(script: string): Promise<void> {
  expect(await run('sh', ['-c', `cd '${join(sysfs, KSM)}' && ${script}`])).toEqual({
    status: 0,
    stdout: '',
    stderr: '',
  });
}

/** Files whose writes were refused, and why. */
function warnings(): unknown[] {
  return (daemon?.log ?? [])
    .filter(({ level, file }) => level === 'warn' && file !== undefined)
    .map(({ file, errno }) => [String(file).slice(join(sysfs, KSM).length + 1), errno]);
}

describe('/sys/kernel/mm/ksm', () => {
  test.each(KERNEL_PROFILES)(
    'has the files of Linux $name, with their modes and values',
    async ({ name, counters, tunables }) => {
      const { client } = await start('--kernel', name, '--run', '0');
      expect(readdirSync(join(sysfs, KSM)).sort()).toEqual([...counters, ...tunables].sort());
      for (const counter of counters)
        expect(statSync(join(sysfs, KSM, counter)).mode & 0o777).toBe(0o444);
      for (const tunable of tunables)
        expect(statSync(join(sysfs, KSM, tunable)).mode & 0o777).toBe(0o644);
      const files = await client.ksm();
      for (const file of [...counters, ...tunables])
        expect(read(file)).toBe(
          file === 'advisor_mode' ? '[none] scan-time\n' : `${files[file]}\n`,
        );
    },
  );

  test('has 24 files under 6.18', async () => {
    await start();
    expect(readdirSync(join(sysfs, KSM))).toHaveLength(24);
  });

  test('follows the counters and what the API sets, in files that stay the same ones', async () => {
    const { client } = await start();
    const { ino } = statSync(join(sysfs, KSM, 'pages_sharing'));
    const reader = openSync(join(sysfs, KSM, 'pages_sharing'), 'r');
    await client.createGuest('g');
    await client.map('g', 'memory', { pages: 12 });
    await client.store('g', 2 ** 32, Buffer.alloc(12 * 4096, 7));
    await shows('pages_sharing', '11\n');
    const buffer = Buffer.alloc(64);
    expect(buffer.toString('latin1', 0, readSync(reader, buffer, 0, 64, 0))).toBe('11\n');
    await client.madvise('g', 'unmergeable', { region: 'memory' });
    await shows('pages_sharing', '0\n');
    expect(statSync(join(sysfs, KSM, 'pages_sharing')).ino).toBe(ino);
    await client.setKsm({ advisor_mode: 'scan-time', sleep_millisecs: 7 });
    await shows('advisor_mode', 'none [scan-time]\n');
    await shows('sleep_millisecs', '7\n');
    expect(warnings()).toEqual([]);
  });

  test('takes up what is written, and shows it as the kernel would', async () => {
    const { client } = await start('--run', '0');
    await sh(
      'echo +0500 > pages_to_scan; echo on > use_zero_pages; printf scan-time > ' +
        'advisor_mode; echo 1 > run',
    );
    await shows('use_zero_pages', '1\n');
    await shows('advisor_mode', 'none [scan-time]\n');
    await until('the last of it is set', async () => (await client.ksm()).run === 1);
    expect(await client.ksm()).toMatchObject({ use_zero_pages: 1, advisor_mode: 'scan-time' });
    expect(warnings()).toEqual([]);
  });

  test('takes up what is written over the old value, or appended to it', async () => {
    await start();
    await sh(
      'printf "7\\n" | dd of=pages_to_scan conv=notrunc status=none; echo 9 >> sleep_millisecs',
    );
    await shows('pages_to_scan', '7\n');
    await shows('sleep_millisecs', '9\n');
  });

  test('takes up writes to several files in their order', async () => {
    const { client } = await start();
    await sh(
      'echo scan-time > advisor_mode; echo none > advisor_mode; echo 77 > pages_to_scan; ' +
        'echo 2 > run; echo 8 > max_page_sharing',
    );
    await until('all of it is set', async () => (await client.ksm()).max_page_sharing === 8);
    expect(await client.ksm()).toMatchObject({ advisor_mode: 'none', pages_to_scan: 77, run: 2 });
    expect(warnings()).toEqual([]);
  });

  test('refuses what the kernel refuses: a line in the log, and the old value comes back', async () => {
    const { client } = await start();
    await client.createGuest('g');
    await client.map('g', 'memory', { pages: 2 });
    await client.store('g', 2 ** 32, Buffer.alloc(8192, 7));
    await until('they are merged', async () => (await client.ksm()).pages_shared === 1);
    const before = await client.ksm();
    const expected: unknown[] = [];
    for (const [name, text, errno] of [
      ['run', '3', 'EINVAL'],
      ['pages_to_scan', '-1', 'EINVAL'],
      ['pages_to_scan', '', 'EINVAL'],
      ['sleep_millisecs', '4294967296', 'EINVAL'],
      ['advisor_mode', 'fast', 'EINVAL'],
      ['max_page_sharing', '8', 'EBUSY'],
    ] as const) {
      const shown = read(name);
      await sh(`echo ${text} > ${name}`);
      expected.push([name, errno]);
      await until(`${name} is refused`, () => warnings().length === expected.length);
      expect(warnings()).toEqual(expected);
      await shows(name, shown);
    }
    const { run, pages_to_scan, sleep_millisecs, advisor_mode, max_page_sharing } = before;
    expect(await client.ksm()).toMatchObject({
      run,
      pages_to_scan,
      sleep_millisecs,
      advisor_mode,
      max_page_sharing,
    });
  });

  test('a value in a file that was put in the place of one is taken up, and one that is removed comes back', async () => {
    const { client } = await start();
    await sh("sed -i 's/100/200/' pages_to_scan");
    await until('the value is taken up', async () => (await client.ksm()).pages_to_scan === 200);
    await shows('pages_to_scan', '200\n');
    await sh('echo 300 > pages_to_scan');
    await until(
      'and the file is followed again',
      async () => (await client.ksm()).pages_to_scan === 300,
    );
    await sh('rm full_scans sleep_millisecs');
    await until(
      'they are there again',
      () =>
        existsSync(join(sysfs, KSM, 'full_scans')) &&
        existsSync(join(sysfs, KSM, 'sleep_millisecs')),
    );
    await shows('sleep_millisecs', '20\n');
    expect(statSync(join(sysfs, KSM, 'full_scans')).mode & 0o777).toBe(0o444);
    expect(warnings()).toEqual([]);
  });

  test('what is written to a counter, as root can, does not stay; nor does a file made very large', async () => {
    await start('--run', '0');
    chmodSync(join(sysfs, KSM, 'full_scans'), 0o644);
    await sh('echo 5 > full_scans');
    await shows('full_scans', '0\n');
    await sh('truncate -s 300M sleep_millisecs');
    await until(
      'it is short again',
      () => statSync(join(sysfs, KSM, 'sleep_millisecs')).size < 100,
    );
    await shows('sleep_millisecs', '20\n');
  });

  test('what was refused is told in one line, however it was written', async () => {
    await start();
    await sh("printf 'two\\nlines' > run");
    await until('it is refused', () => warnings().length === 1);
    const told = String(daemon?.log.find(({ level }) => level === 'warn')?.msg);
    expect(told).toBe(
      'EINVAL: run takes whole numbers from 0 to 2, not "two\\nlines": the value before it stays',
    );
  });

  test('an empty file is no value: it fills again', async () => {
    await start();
    await sh(': > run');
    await shows('run', '1\n');
    expect(warnings()).toEqual([]);
  });

  test('goes on while a scanner dies and another takes over', async () => {
    const { client } = await start();
    const restarted = client.restartScanner();
    await sh('echo 321 > pages_to_scan');
    await restarted;
    await until('it is set', async () => (await client.ksm()).pages_to_scan === 321);
    expect(read('pages_to_scan')).toBe('321\n');
    expect(warnings()).toEqual([]);
  });
});

describe('/proc', () => {
  test('has a directory a guest, as long as it is there', async () => {
    const { client } = await start();
    await client.createGuest('first');
    await client.createGuest('second.with-a-long-name');
    await client.map('first', 'memory', { pages: 8 });
    await client.store('first', 2 ** 32, Buffer.alloc(8 * 4096, 7));
    const stat =
      'ksm_rmap_items 8\nksm_zero_pages 0\nksm_merging_pages 8\nksm_process_profit ' +
      '32256\nksm_merge_any: no\nksm_mergeable: yes\n';
    await until(
      'the pages are merged',
      () =>
        existsSync(join(proc, '1/ksm_stat')) &&
        readFileSync(join(proc, '1/ksm_stat'), 'latin1') === stat,
    );
    await until(
      'its other file says so too',
      () => readFileSync(join(proc, '1/ksm_merging_pages'), 'latin1') === '8\n',
    );
    await until('the other guest has its files', () => existsSync(join(proc, '2/ksm_stat')));
    expect(readdirSync(join(proc, '1')).sort()).toEqual([
      'comm',
      'ksm_merging_pages',
      'ksm_stat',
      'smaps_rollup',
    ]);
    expect(statSync(join(proc, '1/ksm_stat')).mode & 0o777).toBe(0o400);
    expect(readFileSync(join(proc, '1/comm'), 'latin1')).toBe('first\n');
    expect(readFileSync(join(proc, '2/comm'), 'latin1')).toBe('second.with-a-long-name\n');
    await client.removeGuest('first');
    await until('it is gone', () => !existsSync(join(proc, '1')));
    expect(existsSync(join(proc, '2'))).toBe(true);
  });

  test('has what the kernel of the profile has', async () => {
    const { client } = await start('--kernel', '6.1');
    await client.createGuest('g');
    await until('it is there', () => existsSync(join(proc, '1/ksm_merging_pages')));
    expect(readFileSync(join(proc, '1/ksm_stat'), 'latin1')).toBe('ksm_rmap_items 0\n');
  });
});

describe('the directory', () => {
  test('that fails while the daemon runs is told of once, and tried again', async () => {
    const { client } = await start();
    rmSync(proc, { recursive: true });
    await client.createGuest('g');
    const told = (): unknown[] =>
      (daemon?.log ?? []).filter(({ level }) => level === 'error').map(({ msg }) => msg);
    await until('it is told of', () => told().length > 0);
    for (const pages of [7, 8, 9]) {
      await client.setKsm({ pages_to_scan: pages });
      await shows('pages_to_scan', `${pages}\n`);
    }
    expect(told()).toEqual([expect.stringMatching(/^ENOENT: the files in .* cannot be kept: /)]);
    mkdirSync(proc);
    await until('the guest has its files', () => existsSync(join(proc, '1/comm')));
    expect(told()).toHaveLength(1);
  });

  test('of a daemon that was killed is taken over: its files go on, its guests are gone', async () => {
    const first = await start('--pages-to-scan', '12345');
    await first.client.createGuest('g');
    await until('the guest is there', () => existsSync(join(proc, '1')));
    const { ino } = statSync(join(sysfs, KSM, 'pages_to_scan'));
    await first.stop('SIGKILL');
    expect(read('pages_to_scan')).toBe('12345\n');
    await start('--kernel', '6.1');
    expect(read('pages_to_scan')).toBe('100\n');
    expect(statSync(join(sysfs, KSM, 'pages_to_scan')).ino).toBe(ino);
    expect(existsSync(join(sysfs, KSM, 'smart_scan'))).toBe(false);
    expect(existsSync(join(proc, '1'))).toBe(false);
    expect(await daemon?.stop()).toBe(0);
    daemon = undefined;
    expect(readdirSync(directory.path)).toEqual([]);
  });
});
