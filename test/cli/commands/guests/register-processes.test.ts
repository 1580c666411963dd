/**
 * Real processes, registered: what of their memory KSM could merge, what not and why, and families
 * that share since a fork.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { parseSmaps } from '../../../../src/sources/process/smaps.js';
import { DaemonProcess, KSMD, run } from '../../../daemon-process.js';
import { until } from '../../../until.js';

const PROGRAM = fileURLToPath(new URL('./process-at-work.mjs', import.meta.url));
const IS_ROOT = process.getuid?.() === 0;
const MIB = 2 ** 20;
const PAGE = 4096;

let daemon: DaemonProcess;
const pids: string[] = [];
beforeAll(async () => {
  daemon = await DaemonProcess.start(['--memory', '256MiB', '--run', '0']);
  await daemon.client.setKsm({ smart_scan: 0 });
});
afterEach(async () => {
  for (const pid of pids.splice(0)) process.kill(Number(pid), 'SIGKILL');
  for (const { name } of await daemon.client.guests()) await daemon.client.removeGuest(name);
  await fullScans(2);
});
afterAll(async () => {
  expect(await daemon.client.check()).toEqual([]);
  expect(await daemon.stop()).toBe(0);
});

/** The numbers of the process and its children. */
async function start(...commands: string[]): Promise<string[]> {
  const child = spawn(process.execPath, [PROGRAM, ...commands], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(child.stdout, 'data');
  const started = String(line).trim().split(' ');
  pids.push(...started);
  return started;
}

async function register(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await daemon.ksmd('register', ...args);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

/** The table's only row, by its heads. It is no wider than any terminal. */
function tableIn(said: string): Record<string, string> {
  const lines = said.split('\n');
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  const cells: [string, string][] = [];
  for (const [at, line] of lines.entries()) {
    if (!line.startsWith('GUEST ')) continue;
    const values = (lines[at + 1] ?? '').split(/ {2,}/);
    for (const [column, head] of line.split(/ {2,}/).entries())
      cells.push([head.replace('LEFT OUT: ', ''), values[column] ?? '']);
  }
  return Object.fromEntries(cells);
}

function pidsOf(each: readonly string[]): string[] {
  return each.flatMap((pid) => ['--pid', pid]);
}

async function fullScans(times: number): Promise<void> {
  for (let i = 0; i < times; i++) await daemon.client.scan(1_000_000);
}

describe('of a process that has advised memory', () => {
  test('that is what counts, and what does not is said', async () => {
    const [pid = ''] = await start('advised=64', 'zero=32', 'shared=1000', 'private=50');
    const said = await register('web', '--pid', pid);
    expect(said).toMatch(/^web: 64 pages \(256 KiB\) of process \d+ in 1 mapping\n/);
    expect(said).toMatch(/as KSM sees it now: what the process has advised\n/);
    const told = tableIn(said);
    expect(told).toMatchObject({ GUEST: 'web', REGISTERED: '256 KiB', ADVISED: '256 KiB' });
    expect(told).toMatchObject({ SHARED: '3.9 MiB', 'ZERO PAGE': '128 KiB' });
    expect(told['NOT ADVISED']).toMatch(/MiB$/);
    expect((await daemon.client.guest('web')).presentPages).toBe(64);
  });

  test('--all takes the rest too', async () => {
    const [pid = ''] = await start('advised=64', 'private=50');
    const said = await register('web', '--all', '--pid', pid);
    expect(said).toMatch(/as if prctl\(PR_SET_MEMORY_MERGE\) were set\n/);
    expect((await daemon.client.guest('web')).presentPages).toBeGreaterThan(1000);
  });

  test('what is reserved and not there costs nothing', async () => {
    const [pid = ''] = await start(`reserved=${32 * 1024}`);
    expect(await register('sparse', '--pid', pid)).toMatch(/^sparse: 1 page \(4 KiB\)/);
  });
});

describe('of a machine whose memory is shared (share=on)', () => {
  test('nothing is advised, and it is said why and what to do', async () => {
    const [pid = ''] = await start('memfd=32768');
    const said = await register('vm', '--pid', pid);
    expect(tableIn(said)).toMatchObject({ ADVISED: '0 B', SHARED: '128 MiB' });
    expect(said).toContain(
      '  most of it is shared memory (128 MiB), of which KSM merges none;\n' +
        "  a virtual machine's is private with share=off in its memory-backend\n",
    );
  });

  test('--advised leaves nothing to register, and says the same', async () => {
    const [pid = ''] = await start('memfd=32768');
    expect(await daemon.ksmd('register', 'vm', '--advised', '--pid', pid)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/advised nothing .*128 MiB is shared.* share=off/),
    });
    expect(await daemon.client.guests()).toEqual([]);
  });
});

test('a machine that advises nothing (Firecracker, Cloud Hypervisor) is told from one that does', async () => {
  const [silent = ''] = await start('private=2048');
  const [advising = ''] = await start('advised=2048');
  const said = await register('vm', '--pid', silent);
  expect(said).toMatch(/as if prctl\(PR_SET_MEMORY_MERGE\) were set: it has advised nothing\n/);
  expect(tableIn(said)).toMatchObject({ ADVISED: '0 B' });
  expect(tableIn(await register('qemu', '--pid', advising))).toMatchObject({
    REGISTERED: '8 MiB',
    ADVISED: '8 MiB',
  });
  const both = await register('vms', ...pidsOf([silent, advising]));
  expect(both).toMatch(/\nvms-\d+: left out, as process \d+ has advised nothing that is present/);
});

const HAS_SWAP = readFileSync('/proc/swaps', 'latin1').trimEnd().includes('\n');

test.runIf(HAS_SWAP)('nothing is brought in from swap (left out where there is none)', async () => {
  const swapBytes = (pid: string): number =>
    1024 * Number(/^VmSwap:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]);
  const [pid = ''] = await start('swapped=2048');
  await until('it is swapped out', () => swapBytes(pid) > 4 * MIB);
  const before = swapBytes(pid);
  const said = await register('swapped', '--pid', pid);
  expect(tableIn(said)).toMatchObject({ SWAP: expect.stringMatching(/ MiB$/) });
  expect(swapBytes(pid)).toBe(before);
});

test('thousands of mappings in a row are few regions', async () => {
  const [pid = ''] = await start('many=2000');
  expect(await register('many', '--pid', pid)).toMatch(/ in 4,\d+ mappings\n/);
  expect((await daemon.client.guest('many')).regions.length).toBeLessThan(200);
});

describe('of one that has advised nothing', () => {
  test('all that is private counts, also of files, as if it had asked for that', async () => {
    const file = daemon.directory.file('mapped');
    writeFileSync(file, '');
    truncateSync(file, 4 * MIB);
    const [pid = ''] = await start(`file=${file}:1024`);
    expect(await register('app', '--pid', pid)).toMatch(
      /as if prctl\(PR_SET_MEMORY_MERGE\) were set: it has advised nothing\n/,
    );
    const mapping = parseSmaps(readFileSync(`/proc/${pid}/smaps`, 'latin1')).find(
      ({ path }) => path === file,
    );
    const at = mapping?.address ?? 0;
    const chunks: Uint8Array[] = [];
    for await (const chunk of daemon.client.load('app', at, 4 * MIB)) chunks.push(chunk);
    const memory = Buffer.concat(chunks);
    const wanted = Array.from({ length: 1024 }, (_, page) => page & 0xff);
    expect(wanted.map((_, page) => memory[page * PAGE])).toEqual(wanted);
    const page = await daemon.client.page('app', at + 1023 * PAGE, 0);
    expect(page.state).not.toBe('untouched');
  });

  test('--advised finds nothing, and leaves no guest', async () => {
    const [pid = ''] = await start('private=50');
    expect(await daemon.ksmd('register', 'app', '--advised', '--pid', pid)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(
        /^ksmd: EINVAL: process \d+ has advised nothing that is present: --all takes the rest/,
      ),
    });
    expect(await daemon.client.guests()).toEqual([]);
  });
});

describe.runIf(IS_ROOT)('processes that a fork has made', () => {
  test('share what they share, and KSM saves nothing of it', async () => {
    const family = await start('advised=8192', 'fork=3');
    const said = await register('worker', ...pidsOf(family));
    expect(
      said.match(/8,192 pages \(32 MiB\) are the same as worker-\d+'s since a fork/g),
    ).toHaveLength(3);
    await fullScans(3);
    const { memory, saved, counters } = await daemon.client.status();
    expect(memory.usedBytes).toBe(32 * MIB);
    expect(saved.bytes).toBe(0);
    expect(counters.pages_sharing).toBe(0);
  });

  test('differ where one has written since', async () => {
    const family = await start('advised=256', 'fork=1', 'twins=64');
    await register('worker', ...pidsOf(family));
    const guests = await daemon.client.guests();
    expect(guests.map(({ presentPages }) => presentPages)).toEqual([256 + 64, 256]);
    expect((await daemon.client.status()).memory.usedBytes).toBe((256 + 64) * PAGE);
  });
});

describe.runIf(IS_ROOT)('a family whose parent writes on', () => {
  test('is told by whom each page is shared with', async () => {
    const family = await start('advised=256', 'fork=2', 'rewrite=100');
    const said = await register('worker', ...pidsOf(family));
    expect(said).toMatch(/ 156 pages \(624 KiB\) are the same as worker-\d+'s since a fork\n/);
    expect(said).toMatch(/ 256 pages \(1 MiB\) are the same as worker-\d+'s since a fork\n/);
    expect((await daemon.client.status()).memory.usedBytes).toBe((256 + 100) * PAGE);
    const guests = await daemon.client.guests();
    expect(guests.map(({ presentPages }) => presentPages)).toEqual([256, 256, 256]);
  });

  test('is taken to share what is equal, where frames have no numbers', async () => {
    const family = await start('advised=256', 'fork=2', 'rewrite=100');
    const caps = ['--inh-caps', '-sys_admin', '--bounding-set', '-sys_admin'];
    const command = [KSMD, 'register', 'worker', '--socket', daemon.socketPath, ...pidsOf(family)];
    const { status, stdout } = await run('setpriv', [...caps, process.execPath, ...command]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/ 156 pages \(624 KiB\) are taken to be the same \(.*\) as worker-/);
    expect(stdout).toContain('To tell which takes CAP_SYS_ADMIN');
    expect((await daemon.client.status()).memory.usedBytes).toBe((256 + 100) * PAGE);
  });
});

describe('several at once', () => {
  test('where one has advised memory, only what is advised counts', async () => {
    const two = [...(await start('advised=8')), ...(await start('private=8'))];
    const said = await register('web', ...pidsOf(two));
    expect(said).toMatch(/web-\d+: left out, as process \d+ has advised nothing that is present/);
    expect(await daemon.client.guests()).toHaveLength(1);
  });

  test('have their numbers behind the name, or what a pattern makes of them', async () => {
    const two = [...(await start('advised=8')), ...(await start('advised=8'))];
    await register('web', ...pidsOf(two));
    await register('--name', 'node-{pid}', ...pidsOf(two));
    const names = (await daemon.client.guests()).map(({ name }) => name);
    expect(names).toEqual(['web', 'node'].flatMap((name) => two.map((pid) => `${name}-${pid}`)));
    await fullScans(2);
    // The first byte of a page is its number: eight pages, four times.
    expect((await daemon.client.status()).counters.pages_sharing).toBe(24);
  });

  test('are all registered, or none', async () => {
    const [pid = ''] = await start('advised=8');
    expect(await daemon.ksmd('register', 'web', ...pidsOf([pid, '4194304']))).toMatchObject({
      status: 1,
      stderr: 'ksmd: ESRCH: there is no process 4194304\n',
    });
    expect(await daemon.client.guests()).toEqual([]);
  });

  test('are all gone again at Ctrl-C', async () => {
    const [first = ''] = await start('advised=8');
    // More than there is memory for: it waits for frames.
    const [second = ''] = await start('advised=70000');
    const args = [KSMD, 'register', 'web', ...pidsOf([first, second])];
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, KSMD_SOCKET: daemon.socketPath },
    });
    const said = Promise.all([text(child.stdout), text(child.stderr)]);
    await until('the second is being made', async () =>
      (await daemon.client.guests()).some(({ name }) => name === `web-${second}`),
    );
    child.kill('SIGINT');
    const [status, signal] = await once(child, 'exit');
    expect({ status, signal }).toEqual({ status: 130, signal: null });
    expect(await daemon.client.guests()).toEqual([]);
    // Of none that is gone it is said that it is registered.
    expect(await said).toEqual([
      '',
      'ksmd: EINTR: interrupted: 2 guests taken back, none is registered\n',
    ]);
  });

  test('have a name each, or none is made, and it is said how to give them one', async () => {
    const two = [...(await start('advised=8')), ...(await start('advised=8'))];
    expect(await daemon.ksmd('register', '--name', 'web', ...pidsOf(two))).toEqual({
      status: 1,
      stdout: '',
      stderr:
        "ksmd: EINVAL: two of them would be the guest 'web': --name '{name}-{pid}' tells them " +
        'apart\n',
    });
    expect(await daemon.client.guests()).toEqual([]);
  });

  test('come from the node that is named, and that is said', async () => {
    const [pid = ''] = await start('advised=8');
    const said = await register('web', '--node', '3', '--pid', pid);
    expect(said).toMatch(/\n {2}its memory comes from NUMA node 3\n/);
    expect((await daemon.client.guest('web')).node).toBe(3);
  });

  test('are called by fields that there are', async () => {
    expect(await daemon.ksmd('register', '--name', '{foo}', '--pid', '1')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('There is no {foo}: write {name}, {comm}, {pid}.'),
    });
  });

  test('need a way, and one only', async () => {
    for (const args of [
      [],
      ['x'],
      ['x', '--pid', '1', '--qemu'],
      ['x', '--pid', '1', '--name', '{pid}'],
      ['x', '--pid', '1', '--advised', '--all'],
      ['--pages', '4'],
    ])
      expect((await daemon.ksmd('register', ...args)).status, args.join(' ')).toBe(2);
  });
});
