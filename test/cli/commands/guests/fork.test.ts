/** Huge pages, forks and the server that forks, as a user types them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DaemonProcess } from '../../../daemon-process.js';
import { until } from '../../../until.js';

let daemon: DaemonProcess;
beforeAll(async () => {
  daemon = await DaemonProcess.start(['--run', '0', '--max-workloads', '4']);
});
afterAll(async () => {
  expect(await daemon.stop()).toBe(0);
});

const ksmd = (...args: string[]) => daemon.ksmd(...args);

async function guests(): Promise<string[]> {
  return (await daemon.client.guests()).map(({ name }) => name);
}

describe('register --huge', () => {
  test('makes a guest whose huge pages are shown once there are any', async () => {
    expect((await ksmd('register', 'vm', '--pages', '1024', '--huge')).stdout).toBe(
      'vm: 1,024 untouched pages at 0x100000000\n',
    );
    expect((await ksmd('guests')).stdout).toMatch(
      /^GUEST +NODE +REGIONS +PAGES +PRESENT +MERGED\n/,
    );
    await daemon.ksmdWithInput('x', 'write', 'vm', '0x100000000');
    const { stdout } = await ksmd('guests', 'vm');
    expect(stdout).toMatch(/^GUEST +NODE +REGIONS +PAGES +PRESENT +HUGE +MERGED\n/);
    expect(stdout).toMatch(/^vm +0 +1 +1,024 +4 MiB +512 +2 MiB +1 +0 +0 B$/m);
    expect(stdout).toMatch(
      /^REGION +ADDRESS +PAGES +HUGE\nmemory +0x100000000 +1,024 +4 MiB +yes$/m,
    );
    expect(JSON.parse((await ksmd('guests', 'vm', '--json')).stdout)).toMatchObject({
      hugePages: 1,
      regions: [{ huge: true }],
    });
  });

  test('is not for a process', async () => {
    expect(await ksmd('register', 'me', '--pid', String(process.pid), '--huge')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('--huge goes with --image or --pages'),
    });
  });
});

test('madvise collapse makes huge pages of small ones, and says why not', async () => {
  await ksmd('madvise', 'vm', 'dontneed', '--address', '0x100001000', '--length', '4096');
  expect((await daemon.client.guest('vm')).hugePages).toBe(0);
  const range = ['--address', '0x100000000', '--length', '2MiB'];
  expect(await ksmd('madvise', 'vm', 'collapse', ...range)).toEqual({
    status: 0,
    stdout: '',
    stderr: '',
  });
  expect((await daemon.client.guest('vm')).hugePages).toBe(1);
  expect(await ksmd('madvise', 'vm', 'collapse', '--region', 'memory')).toMatchObject({
    status: 1,
    stderr: 'ksmd: EINVAL: nothing is mapped there that could become a huge page\n',
  });
});

describe('fork', () => {
  test('makes a guest of another, and says what both share', async () => {
    expect(await ksmd('fork', 'vm', 'vm-1')).toEqual({
      status: 0,
      stdout: 'vm-1: 512 pages (2 MiB) shared with vm\n',
      stderr: '',
    });
    expect(JSON.parse((await ksmd('fork', 'vm-1', 'vm-2', '--json')).stdout)).toMatchObject({
      name: 'vm-2',
      presentPages: 512,
      hugePages: 1,
    });
    expect((await ksmd('read', 'vm-2', '0x100000000', '1')).stdout).toBe('x');
  });

  test('says what to do about a name that is taken, and a guest that is not there', async () => {
    expect(await ksmd('fork', 'vm', 'vm-1')).toMatchObject({
      status: 1,
      stderr:
        "ksmd: EEXIST: guest 'vm-1' exists already (choose another name, or 'ksmd unregister' it " +
        'first)\n',
    });
    expect(await ksmd('fork', 'nobody', 'x')).toMatchObject({
      status: 1,
      stderr: "ksmd: ENOENT: no guest 'nobody' ('ksmd guests' lists them)\n",
    });
    expect((await ksmd('fork', 'vm')).status).toBe(2);
    for (const name of await guests()) await daemon.client.removeGuest(name);
  });
});

describe('run', () => {
  test('--huge has a workload run in huge pages', async () => {
    const args = ['--guest', 'vm', '--size', '2MiB', '--huge', '--json'];
    const { id } = JSON.parse((await ksmd('run', 'boot', ...args)).stdout);
    await until('it has begun', async () => (await daemon.client.guest('vm')).hugePages === 1);
    await daemon.client.kill(id);
    await daemon.client.removeGuest('vm');
  });

  test('prefork loads, forks, and has all children serve', async () => {
    const args = ['--guest', 'web', '--size', '4MiB', '--huge', '--children', '2'];
    const { status, stdout, stderr } = await ksmd('run', 'prefork', ...args);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(
      /^web: 1,024 pages \(4 MiB\) loaded\nweb-1: forked, serves as workload \d+\nweb-2: forked, serves as workload \d+\n$/,
    );
    expect(await guests()).toEqual(['web', 'web-1', 'web-2']);
    const all = () => daemon.client.workloads();
    await until('each has written', async () => (await all()).every(({ stores }) => stores > 9));
    expect(await all()).toMatchObject([
      { workload: 'serve', guest: 'web-1', region: 'load', state: 'running', wrong: 0 },
      { workload: 'serve', guest: 'web-2', region: 'load', state: 'running', wrong: 0 },
    ]);
    expect((await daemon.client.guest('web')).hugePages).toBe(2);
    expect(await daemon.client.check()).toEqual([]);
    for (const name of await guests()) await daemon.client.removeGuest(name);
  });

  test('prefork has four children, and tells of them in JSON', async () => {
    const args = ['--guest', 'web', '--region', 'data', '--size', '64KiB', '--spread', '3'];
    const started = JSON.parse((await ksmd('run', 'prefork', ...args, '--json')).stdout);
    expect(started).toMatchObject(
      [1, 2, 3, 4].map((i) => ({ workload: 'serve', guest: `web-${i}`, region: 'data' })),
    );
    for (const name of await guests()) await daemon.client.removeGuest(name);
  });

  test('prefork that cannot have all its children leaves none', async () => {
    const args = ['--guest', 'web', '--size', '64KiB', '--children', '5'];
    expect(await ksmd('run', 'prefork', ...args)).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(/^ksmd: ENOSPC: there are already 4 workloads/),
    });
    expect(await guests()).toEqual(['web']);
    expect(await daemon.client.workloads()).toEqual([]);
  });
});
