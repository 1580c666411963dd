/** Real processes, recorded: each page is what it is, and none of it can be read or guessed. */
import { spawn } from 'node:child_process';
import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, openSync, readSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Fingerprinter } from '../../../../src/fingerprints/fingerprint.js';
import { type FingerprintKey, keyOf } from '../../../../src/fingerprints/key.js';
import { BlockFile } from '../../../../src/recording/blocks.js';
import { capture, type SweepReport } from '../../../../src/recording/capture/capture.js';
import { PAGE_CONTENT, PAGE_KIND, PAGE_SHARED } from '../../../../src/recording/format.js';
import { RecordedHost } from '../../../../src/recording/recorded-host.js';
import { Recording } from '../../../../src/recording/recording.js';
import { RecordingWriter } from '../../../../src/recording/recording-writer.js';
import type { SweepRecord } from '../../../../src/recording/records.js';
import { KSMD, ksmd, run } from '../../../daemon-process.js';

const PROGRAM = fileURLToPath(new URL('../guests/process-at-work.mjs', import.meta.url));
const IS_ROOT = process.getuid?.() === 0;
const PAGE = 4096;

const folder = mkdtempSync(join(tmpdir(), 'ksmd-capture-'));
const keyPath = join(folder, 'key');
let key: FingerprintKey;
let files = 0;
const pids: string[] = [];
const newPath = (): string => join(folder, `${++files}.rec`);
beforeAll(async () => {
  key = await keyOf(keyPath);
});
afterEach(() => {
  for (const pid of pids.splice(0)) kill(pid);
});
afterAll(() => rmSync(folder, { recursive: true }));

function kill(pid: string): void {
  try {
    process.kill(Number(pid), 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

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

async function read(path: string): Promise<{ host: RecordedHost; records: SweepRecord[] }> {
  const recording = await Recording.open(path);
  const host = new RecordedHost(recording.header);
  const records: SweepRecord[] = [];
  try {
    expect(recording.damage).toBeUndefined();
    for await (const record of recording.records()) {
      host.apply(record);
      records.push(record);
    }
    return { host, records };
  } finally {
    await recording.close();
  }
}

/** The pages of a guest that are of a kind, and their fingerprints. */
function pagesOf(host: RecordedHost, name: string, kind: number): Map<number, string> {
  const guest = [...host.guests.values()].find(({ facts }) => facts.name === name);
  const pages = new Map<number, string>();
  for (const [place, stretch] of guest?.stretches ?? [])
    stretch.states.forEach((state, index) => {
      if ((state & PAGE_KIND) !== kind) return;
      const fingerprint = stretch.fingerprints.subarray(index * 16, index * 16 + 16);
      pages.set(place * 512 + index, fingerprint.toString('hex'));
    });
  return pages;
}

/** All that its blocks hold. */
async function unpacked(path: string): Promise<Buffer> {
  const file = await BlockFile.open(path);
  const payloads: Buffer[] = [];
  for await (const { payload } of file.blocks()) payloads.push(payload);
  await file.close();
  return Buffer.concat(payloads);
}

describe('a recording of processes', () => {
  test('has the fingerprint of each page, and nothing else', async () => {
    const [pid = ''] = await start('advised=600', 'zero=32', 'private=100');
    const path = newPath();
    const args = ['--pid', pid, '--advised', '--output', path, '--key', keyPath];
    const { status, stdout, stderr } = await ksmd([
      'capture',
      ...args,
      '--duration',
      '0',
      '--name',
      'web',
    ]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^sweep 1: 1 guest, 600 pages \(2\.3 MiB\), .* of a processor\n/);
    expect(stdout).toMatch(/: 1 sweep, .* 'ksmd estimate .*' says what merging could save\.\n$/);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const { host } = await read(path);
    expect(host.header.keyId).toBe(key.id);
    const pages = pagesOf(host, 'web', PAGE_CONTENT);
    expect(pages.size).toBe(600);
    const memory = openSync(`/proc/${pid}/mem`, 'r');
    const fingerprinter = new Fingerprinter(key, PAGE);
    const bytes = Buffer.alloc(PAGE);
    for (const [page, fingerprint] of pages) {
      readSync(memory, bytes, 0, PAGE, page * PAGE);
      expect(fingerprint).toBe(fingerprinter.of(bytes).toString('hex'));
    }
  });

  test('does not tell whether a page is one that somebody can guess', async () => {
    const [pid = ''] = await start('twins=50');
    const path = newPath();
    const args = ['--pid', pid, '--advised', '--output', path, '--key', keyPath];
    expect((await ksmd(['capture', ...args, '--duration', '0'])).status).toBe(0);
    const recording = await unpacked(path);
    const guess = Buffer.concat([Buffer.alloc(PAGE / 2, 7), Buffer.alloc(PAGE / 2, 1)]);
    // It is that page: who has the key finds it.
    expect(recording.includes(new Fingerprinter(key, PAGE).of(guess))).toBe(true);
    const tests = [
      guess.subarray(0, 8),
      createHash('sha256').update(guess).digest().subarray(0, 16),
      createHash('sha256').update(Buffer.alloc(32)).update(guess).digest().subarray(0, 16),
      createHash('sha256').update(key.id).update(guess).digest().subarray(0, 16),
      createHmac('sha256', key.id).update(guess).digest().subarray(0, 16),
      createHash('md5').update(guess).digest(),
    ];
    for (const test of tests) expect(recording.includes(test)).toBe(false);
    expect(recording.includes(Buffer.from(key.bytes))).toBe(false);
    expect(recording.includes(Buffer.from(key.bytes).toString('hex'))).toBe(false);
  });

  test.runIf(IS_ROOT)('has what a fork shares once', async () => {
    const [parent = '', ...children] = await start('advised=300', 'fork=2');
    const path = newPath();
    const args = [parent, ...children].flatMap((pid) => ['--pid', pid]);
    const names = ['--advised', '--output', path, '--key', keyPath, '--duration', '0'];
    expect((await ksmd(['capture', ...args, ...names])).status).toBe(0);
    const { host } = await read(path);
    const [first, ...others] = [...host.guests.values()];
    expect(first?.facts.pid).toBe(Number(parent));
    expect(pagesOf(host, first?.facts.name ?? '', PAGE_CONTENT).size).toBe(300);
    expect(others).toHaveLength(2);
    for (const { facts } of others) {
      expect(pagesOf(host, facts.name, PAGE_CONTENT).size).toBe(0);
      expect(pagesOf(host, facts.name, PAGE_SHARED).size).toBe(300);
    }
    const said = await ksmd(['estimate', path]);
    expect(said.stdout).toMatch(/^At most 0 B of 1\.2 MiB in use could be saved \(0\.0 %\)\n/);
    expect(said.stdout).toMatch(/shared by fork +2\.3 MiB {2}not counted: one frame already\n/);
  });

  test.runIf(IS_ROOT)('says where it cannot tell a fork from what KSM has merged', async () => {
    const [parent = '', child = ''] = await start('advised=300', 'fork=1');
    const path = newPath();
    const guests = ['--pid', parent, '--pid', child, '--advised'];
    const to = ['--output', path, '--key', keyPath, '--duration', '0'];
    const without = ['--bounding-set=-sys_admin', '--inh-caps=-all', process.execPath, KSMD];
    const captured = await run('setpriv', [...without, 'capture', ...guests, ...to]);
    const told = [captured, await ksmd(['recording', path]), await ksmd(['estimate', path])];
    for (const { stdout } of told) expect(stdout).toMatch(/To tell which takes CAP_SYS_ADMIN\.\n/);
    expect(told[2]?.stdout).toMatch(
      /shared by fork +1\.1 MiB {2}not counted: taken to be one frame already\n/,
    );
    const { stdout } = await ksmd(['capture', ...guests, ...to, '--output', newPath()]);
    expect(stdout).not.toContain('CAP_SYS_ADMIN');
  });

  test('knows what was advised before there is a page in it', async () => {
    const [pid = ''] = await start('private=100', 'advised=20', 'drop=20');
    const path = newPath();
    const args = ['--pid', pid, '--output', path, '--key', keyPath, '--duration', '0'];
    expect((await ksmd(['capture', ...args])).status).toBe(0);
    const { stdout } = await ksmd(['estimate', path]);
    expect(stdout).toMatch(/^At most 0 B of 0 B in use could be saved/);
    expect(stdout).toContain('As KSM sees it now: what is advised mergeable.\n');
  });

  test('Ctrl-C ends with a whole file', async () => {
    const [pid = ''] = await start('advised=600');
    const path = newPath();
    const args = ['--pid', pid, '--output', path, '--key', keyPath, '--interval', '100ms'];
    const child = spawn(process.execPath, [KSMD, 'capture', ...args, '--json'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let lines = '';
    for await (const chunk of child.stdout) {
      lines += chunk;
      if (lines.split('\n').length > 3) child.kill('SIGINT');
    }
    const [status] = child.exitCode === null ? await once(child, 'exit') : [child.exitCode];
    expect(status).toBe(0);
    const reports = lines.trim().split('\n');
    const { records } = await read(path);
    expect(records.filter(({ type }) => type === 'end')).toHaveLength(reports.length);
    expect(JSON.parse(reports[0] ?? '')).toMatchObject({
      sweep: 1,
      guests: 1,
      startMs: expect.any(Number),
    });
  });

  test('killed at any moment is whole up to a sweep', async () => {
    const [pid = ''] = await start('advised=600');
    for (let lines = 1; lines <= 3; lines++) {
      const path = newPath();
      const args = ['--pid', pid, '--output', path, '--key', keyPath, '--interval', '1ms'];
      const child = spawn(process.execPath, [KSMD, 'capture', ...args, '--json'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let seen = '';
      for await (const chunk of child.stdout) {
        seen += chunk;
        if (seen.split('\n').length > lines) child.kill('SIGKILL');
      }
      const recording = await Recording.open(path);
      expect(recording.sweeps).toBeGreaterThanOrEqual(lines);
      await recording.close();
    }
  });

  test('is refused where there is nothing, or a file already', async () => {
    const path = newPath();
    const none = await ksmd(['capture', '--pid', '4194303', '--output', path, '--key', keyPath]);
    expect(none.status).toBe(1);
    expect(none.stderr).toMatch(/^ksmd: ESRCH: /);
    expect(existsSync(path)).toBe(false);
    const [pid = ''] = await start('advised=10');
    const args = ['--pid', pid, '--key', keyPath, '--duration', '0', '--output'];
    expect((await ksmd(['capture', ...args, path])).status).toBe(0);
    const again = await ksmd(['capture', ...args, path]);
    expect(again.stderr).toMatch(/^ksmd: EEXIST: .*name another file, or remove that one/);
    const missing = await ksmd(['capture', ...args, newPath(), '--pid', '4194303']);
    expect(missing.stderr).toMatch(/^ksmd: ESRCH: there is no process 4194303\n$/);
    expect((await ksmd(['capture', '--output', newPath()])).status).toBe(2);
  });

  test('by soft-dirty bits is the same, or refused at once where the kernel has none', async () => {
    const [pid = ''] = await start('advised=30');
    const path = newPath();
    const args = ['--pid', pid, '--advised', '--key', keyPath, '--duration', '0', '--soft-dirty'];
    const { status, stderr } = await ksmd(['capture', ...args, '--output', path]);
    if (status === 0) {
      expect(pagesOf((await read(path)).host, `node-${pid}`, PAGE_CONTENT).size).toBe(30);
      return;
    }
    expect(stderr).toMatch(/^ksmd: ENOTSUP: this kernel does not tell .*CONFIG_MEM_SOFT_DIRTY/);
    expect(existsSync(path)).toBe(false);
  });
});

describe('a capture', () => {
  test('follows who comes and who goes', async () => {
    const [first = ''] = await start('advised=200');
    const path = newPath();
    const wanted = new Set([first]);
    const sweeps = capture({
      sink: (header) => RecordingWriter.create(path, header),
      writer: 'test',
      key,
      sample: 1,
      intervalMs: 1,
      durationMs: 60_000,
      selection: 'advised',
      mostShare: 1,
      processes: async () => [...wanted].map((pid) => ({ pid: Number(pid), name: `p${pid}` })),
      images: [],
      signal: new AbortController().signal,
      clock: { nowMs: () => 0, processorMs: () => 0, sleep: async () => {} },
    });
    const next = async (): Promise<SweepReport | undefined> =>
      (await sweeps.next()).value ?? undefined;
    expect(await next()).toMatchObject({ guests: 1, pages: 200 });
    const [second = ''] = await start('advised=100');
    wanted.add(second);
    expect(await next()).toMatchObject({ guests: 2, pages: 300 });
    kill(first);
    while (statSync(`/proc/${first}/mem`, { throwIfNoEntry: false })?.isFile() === true)
      await new Promise((resolve) => setImmediate(resolve));
    expect(await next()).toMatchObject({ guests: 1, pages: 100, changedPages: 0 });
    await sweeps.return();
    const { host, records } = await read(path);
    expect([...host.guests.values()].map(({ facts }) => facts.name)).toEqual([`p${second}`]);
    expect(records.filter(({ type }) => type === 'guest-gone')).toHaveLength(1);
  });
});
