/** The kernel's files as a mount: a shell, a reader and other users meet them as the kernel's. */
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { KERNEL_PROFILES } from '../../../../src/ksm/kernels.js';
import { DaemonProcess, type Outcome, run, TemporaryDirectory } from '../../../daemon-process.js';
import { until } from '../../../until.js';
import { needs, sysfsAs, unmountAll } from '../carriers.js';

const KSM = 'kernel/mm/ksm';
const PAGE = 4096;
const NOBODY = '65534';

let directory: TemporaryDirectory;
let sysfs: string;
let proc: string;
let daemon: DaemonProcess | undefined;

beforeEach(async (context) => {
  await needs(context, 'mount');
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
  daemon = await DaemonProcess.start([...sysfsAs('mount', sysfs), ...args]);
  return daemon;
}

/** Two guests whose pages are all equal. */
async function twins({ client }: DaemonProcess, pages: number): Promise<void> {
  for (const guest of ['one', 'two']) {
    await client.createGuest(guest);
    await client.map(guest, 'r', { pages, address: 2 ** 32 });
    await client.store(guest, 2 ** 32, Buffer.alloc(pages * PAGE, 7));
  }
}

function read(name: string): string {
  return readFileSync(join(sysfs, KSM, name), 'latin1');
}

function write(name: string, text: string): void {
  writeFileSync(join(sysfs, KSM, name), text);
}

function bash(script: string): Promise<Outcome> {
  return run('bash', ['-c', `cd '${join(sysfs, KSM)}' && ${script}`]);
}

/** Nobody is there any more to be told that a file is closed. */
function closeBroken(fd: number): void {
  try {
    closeSync(fd);
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOTCONN' });
  }
}

/** Mounts of ksmd's that are to be seen. */
function mounted(): string[] {
  return readFileSync('/proc/self/mountinfo', 'latin1')
    .split('\n')
    .filter((line) => line.includes(' - fuse.ksmd ') && line.includes(directory.path));
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

  test('a write is done when it returns, and every read after it sees it', async () => {
    const running = await start('--sleep-ms', '0');
    await twins(running, 64);
    for (let i = 0; i < 10; i++) {
      write('run', '1\n');
      await until('all is merged', () => read('pages_sharing') === '127\n');
      const { stdout } = await bash('echo 2 > run; cat pages_shared pages_sharing; cat run');
      expect(stdout).toBe('0\n0\n2\n');
    }
  });

  test('two writes to one file in a row are two', async () => {
    const running = await start('--sleep-ms', '0');
    await twins(running, 64);
    for (let i = 0; i < 20; i++) {
      write('run', '1\n');
      await until('all is merged', () => read('pages_sharing') === '127\n');
      expect((await bash('echo 2 > run; echo 0 > run; cat pages_shared run')).stdout).toBe(
        '0\n0\n',
      );
    }
  });

  test('what the kernel refuses is refused to the writer, and nobody else is told', async () => {
    const running = await start('--sleep-ms', '0');
    await twins(running, 4);
    await until('all is merged', () => read('pages_sharing') === '7\n');
    for (const [name, text, errno] of [
      ['run', '3\n', 'EINVAL'],
      ['pages_to_scan', '-1\n', 'EINVAL'],
      ['pages_to_scan', '\n', 'EINVAL'],
      ['sleep_millisecs', '4294967296\n', 'EINVAL'],
      ['advisor_mode', 'fast\n', 'EINVAL'],
      ['max_page_sharing', '8\n', 'EBUSY'],
      ['full_scans', '8\n', 'EACCES'],
    ] as const) {
      const before = read(name);
      expect(() => write(name, text), `${name}: ${text}`).toThrow(errno);
      if (name !== 'full_scans') expect(read(name)).toBe(before);
    }
    expect((await bash('echo 7 > run')).stderr).toMatch(/write error: Invalid argument\n$/);
    expect((await bash('echo 8 > max_page_sharing')).stderr).toMatch(/Device or resource busy\n$/);
    expect(running.log.filter(({ level }) => level !== 'info')).toEqual([]);
  });

  test('takes what is written as the kernel does, however it is written', async () => {
    const { client } = await start('--run', '0');
    const { status, stderr } = await bash(
      'echo +0500 > pages_to_scan; echo on > use_zero_pages; printf scan-time > advisor_mode; ' +
        'echo 9 >> sleep_millisecs; ' +
        'printf "8\\n" | dd of=max_page_sharing conv=notrunc status=none',
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(await client.ksm()).toMatchObject({
      use_zero_pages: 1,
      advisor_mode: 'scan-time',
      sleep_millisecs: 9,
      max_page_sharing: 8,
    });
    expect(read('advisor_mode')).toBe('none [scan-time]\n');
  });

  test('who keeps a file open and reads it from its start again reads what it shows now', async () => {
    const { client } = await start('--run', '0');
    const reader = openSync(join(sysfs, KSM, 'sleep_millisecs'), 'r');
    const buffer = Buffer.alloc(64);
    const readAt = (position: number, length = 64): string =>
      buffer.toString('latin1', 0, readSync(reader, buffer, 0, length, position));
    for (const sleep of [7, 4294967295, 12]) {
      await client.setKsm({ sleep_millisecs: sleep });
      expect(readAt(0)).toBe(`${sleep}\n`);
    }
    // What follows is of the text that was begun.
    expect(readAt(0, 1)).toBe('1');
    await client.setKsm({ sleep_millisecs: 345 });
    expect(readAt(1)).toBe('2\n');
    expect(readAt(3)).toBe('');
    closeSync(reader);
  });

  test('nothing can be made, removed, or given other permissions; to cut short changes nothing', async () => {
    await start('--run', '0');
    for (const [script, told] of [
      ['touch notes', /Permission denied/],
      ['mkdir notes', /Operation not permitted/],
      ['rm run', /Operation not permitted/],
      ['mv run walk', /Operation not permitted/],
      ['ln -s run walk', /Operation not permitted/],
      ['chmod 666 run', /Operation not permitted/],
      ['cat walk', /No such file or directory/],
      ['cat .', /Is a directory/],
      ['cat run/walk', /Not a directory/],
    ] as const) {
      const { status, stderr } = await bash(script);
      expect(stderr, script).toMatch(told);
      expect(status, script).not.toBe(0);
    }
    expect(await bash(': > run; truncate -s 300M run; touch run; cat run')).toEqual({
      status: 0,
      stdout: '0\n',
      stderr: '',
    });
  });

  test('goes on while a scanner dies and another takes over: a write waits for that one', async () => {
    const { client } = await start();
    const restarted = client.restartScanner();
    expect((await bash('echo 321 > pages_to_scan; cat pages_to_scan')).stdout).toBe('321\n');
    await restarted;
    expect((await client.ksm()).pages_to_scan).toBe(321);
  });

  test('others may read it, and not write; of a guest only what the kernel lets them', async () => {
    const { client } = await start('--run', '0');
    await client.createGuest('g');
    // The way there is for its owner only, as mkdtemp makes it.
    await run('chmod', ['755', directory.path]);
    const asNobody = (script: string): Promise<Outcome> =>
      run('setpriv', ['--reuid', NOBODY, '--regid', NOBODY, '--clear-groups', 'sh', '-c', script]);
    expect((await asNobody(`cat ${sysfs}/${KSM}/pages_to_scan ${proc}/1/comm`)).stdout).toBe(
      '100\ng\n',
    );
    for (const script of [
      `echo 7 > ${sysfs}/${KSM}/run`,
      `cat ${proc}/1/ksm_stat`,
      `cat ${proc}/1/smaps_rollup`,
    ]) {
      const { status, stderr } = await asNobody(script);
      expect(stderr, script).toMatch(/Permission denied/);
      expect(status, script).not.toBe(0);
    }
  });
});

describe('/proc', () => {
  test('has a directory a guest from the moment it is there until it is gone', async () => {
    const { client } = await start('--run', '0');
    await client.createGuest('first');
    await client.createGuest('second.with-a-long-name');
    await client.map('first', 'memory', { pages: 8 });
    await client.store('first', 2 ** 32, Buffer.alloc(8 * PAGE, 7));
    await client.setKsm({ smart_scan: 0 });
    for (let i = 0; i < 3; i++) await client.scan(100);
    expect(readdirSync(proc)).toEqual(['1', '2']);
    expect(readdirSync(join(proc, '1')).sort()).toEqual([
      'comm',
      'ksm_merging_pages',
      'ksm_stat',
      'smaps_rollup',
    ]);
    expect(readFileSync(join(proc, '1/ksm_stat'), 'latin1')).toBe(
      'ksm_rmap_items 8\nksm_zero_pages 0\nksm_merging_pages 8\nksm_process_profit ' +
        '32256\nksm_merge_any: no\nksm_mergeable: yes\n',
    );
    expect(statSync(join(proc, '1/ksm_stat')).mode & 0o777).toBe(0o400);
    expect(readFileSync(join(proc, '1/ksm_merging_pages'), 'latin1')).toBe('8\n');
    expect(readFileSync(join(proc, '2/comm'), 'latin1')).toBe('second.with-a-long-name\n');
    // Of this moment, though it takes a look at every page.
    const rollup = (): string => readFileSync(join(proc, '1/smaps_rollup'), 'latin1');
    expect(rollup()).toMatch(/^Rss: +32 kB$/m);
    await client.madvise('first', 'dontneed', { region: 'memory' });
    expect(rollup()).toMatch(/^Rss: +0 kB$/m);
    const open = openSync(join(proc, '1/comm'), 'r');
    await client.removeGuest('first');
    expect(readdirSync(proc)).toEqual(['2']);
    expect(existsSync(join(proc, '1/comm'))).toBe(false);
    expect(() => readSync(open, Buffer.alloc(64), 0, 64, 0)).toThrow('ESRCH');
    closeSync(open);
    await client.createGuest('first');
    expect(readdirSync(proc)).toEqual(['2', '3']);
  });
});

describe('the mount', () => {
  test('is told of, and gone at the end, also where somebody is in there', async () => {
    const running = await start();
    expect((await running.ksmd('status')).stdout).toMatch(/^files +a mount in /m);
    expect((await running.client.status()).sysfs).toEqual({ directory: sysfs, as: 'mount' });
    expect(mounted()).toHaveLength(2);
    const open = openSync(join(sysfs, KSM, 'run'), 'r');
    expect(await running.stop()).toBe(0);
    daemon = undefined;
    expect(mounted()).toEqual([]);
    expect(readdirSync(directory.path)).toEqual([]);
    expect(() => readSync(open, Buffer.alloc(64), 0, 64, 0)).toThrow('ENOTCONN');
    closeBroken(open);
  });

  test('is gone though a second signal ends the daemon at once', async () => {
    const running = await start();
    running.child.kill('SIGTERM');
    running.child.kill('SIGTERM');
    expect([0, 143]).toContain(await running.exited);
    expect(mounted()).toEqual([]);
  });

  test('of a killed daemon gives its readers an error, and the next one takes it over', async () => {
    const dead = await start('--pages-to-scan', '12345');
    const open = openSync(join(sysfs, KSM, 'pages_to_scan'), 'r');
    await dead.stop('SIGKILL');
    expect(mounted()).toHaveLength(2);
    expect(() => readSync(open, Buffer.alloc(64), 0, 64, 0)).toThrow('ENOTCONN');
    expect(() => read('run')).toThrow('ENOTCONN');
    await start();
    expect(read('pages_to_scan')).toBe('100\n');
    expect(mounted()).toHaveLength(2);
    closeBroken(open);
  });
});
