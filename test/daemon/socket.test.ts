import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FATAL } from '../../src/daemon/fatal.js';
import { directoryProblem } from '../../src/protocol/socket-path.js';
import { DaemonProcess, KSMD, ksmd, run, TemporaryDirectory } from '../daemon-process.js';
import { until } from '../until.js';

let directory: TemporaryDirectory;
beforeEach(() => {
  directory = new TemporaryDirectory();
});
afterEach(() => directory.remove());

async function startOn(path: string): Promise<DaemonProcess> {
  const daemon = DaemonProcess.spawn(['--socket', path]);
  await until('the daemon listens', () => daemon.log.some(({ msg }) => msg === 'listening'));
  return daemon;
}

describe('the socket', () => {
  test('is for its owner alone, and so is the directory that is made for it', async () => {
    const path = directory.file('made/for/it/ksmd.sock');
    const daemon = await startOn(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(directory.file('made/for/it')).mode & 0o777).toBe(0o700);
    expect(await daemon.stop()).toBe(0);
    expect(existsSync(path)).toBe(false);
  });

  test('of a living daemon is refused to a second one', async () => {
    const path = directory.file('ksmd.sock');
    const first = await startOn(path);
    const second = await ksmd(['start', '--socket', path]);
    expect(second).toMatchObject({
      status: FATAL.SocketInUse.exitStatus,
      stderr: expect.stringContaining('EADDRINUSE'),
    });
    expect(
      (await run('curl', ['-s', '--unix-socket', path, 'http://localhost/v1/status'])).status,
    ).toBe(0);
    await first.stop();
  });

  test('that a dead daemon left is taken over', async () => {
    const path = directory.file('ksmd.sock');
    const first = await startOn(path);
    first.child.kill('SIGKILL');
    await first.exited;
    expect(existsSync(path)).toBe(true);
    const second = await startOn(path);
    expect(await second.stop()).toBe(0);
  });

  test("is one daemon's where several start at once over a stale one, five times", async () => {
    const path = directory.file('ksmd.sock');
    let last = await startOn(path);
    for (let i = 0; i < 5; i++) {
      last.child.kill('SIGKILL');
      await last.exited;
      const daemons = Array.from({ length: 3 }, () => DaemonProcess.spawn(['--socket', path]));
      const losers = new Set<DaemonProcess>();
      for (const daemon of daemons) void daemon.exited.then(() => losers.add(daemon));
      await until('all but one have given up', () => losers.size === 2);
      for (const loser of losers) expect(await loser.exited).toBe(FATAL.SocketInUse.exitStatus);
      expect(
        (await run('curl', ['-s', '--unix-socket', path, 'http://localhost/v1/status'])).status,
      ).toBe(0);
      expect(readdirSync(directory.path)).toEqual(['ksmd.sock']);
      last = daemons.find((daemon) => !losers.has(daemon)) ?? last;
    }
    expect(await last.stop()).toBe(0);
    expect(readdirSync(directory.path)).toEqual([]);
  });

  test("that has come to be another daemon's is left to it", async () => {
    const path = directory.file('ksmd.sock');
    const first = await startOn(path);
    rmSync(path);
    const second = await startOn(path);
    expect(await first.stop()).toBe(0);
    expect(
      (await run('curl', ['-s', '--unix-socket', path, 'http://localhost/v1/status'])).status,
    ).toBe(0);
    expect(await second.stop()).toBe(0);
  });

  test.runIf(process.getuid?.() === 0)('refuses another user', async () => {
    const path = directory.file('ksmd.sock');
    chmodSync(directory.path, 0o755);
    const daemon = await startOn(path);
    const asNobody = ['--reuid', '65534', '--clear-groups', '--', process.execPath, KSMD];
    const { status, stderr } = await run('setpriv', [...asNobody, 'status', '--socket', path]);
    expect({ status, stderr }).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(`EACCES: the socket ${path} belongs to another user`),
    });
    expect(await daemon.stop()).toBe(0);
  });

  test('is not put where there is something else, which stays as it is', async () => {
    const path = directory.file('notes.txt');
    writeFileSync(path, 'mine');
    const refused = await ksmd(['start', '--socket', path]);
    expect(refused).toMatchObject({
      status: FATAL.SocketPathTaken.exitStatus,
      stderr: expect.stringContaining('is no socket'),
    });
    expect(readFileSync(path, 'utf8')).toBe('mine');
  });

  test('of somebody who is no ksmd is not taken over either', async () => {
    const path = directory.file('other.sock');
    const other = createServer().listen(path);
    await once(other, 'listening');
    expect((await ksmd(['start', '--socket', path])).status).toBe(FATAL.SocketInUse.exitStatus);
    other.close();
  });

  test('has a path of at most 107 bytes', async () => {
    const path = directory.file('x'.repeat(107 - directory.path.length));
    const refused = await ksmd(['start', '--socket', path]);
    expect(refused).toMatchObject({
      status: FATAL.SocketPathUnusable.exitStatus,
      stderr: expect.stringMatching(/has 108 bytes, of at most 107/),
    });
    const daemon = await startOn(path.slice(0, -1));
    expect(await daemon.stop()).toBe(0);
  });

  test('needs a directory that can be made', async () => {
    writeFileSync(directory.file('plain'), '');
    for (const path of [directory.file('plain/ksmd.sock'), '/proc/nowhere/ksmd.sock']) {
      expect(await ksmd(['start', '--socket', path])).toMatchObject({
        status: FATAL.SocketPathUnusable.exitStatus,
        stderr: expect.stringMatching(/^ksmd: [A-Z]+: cannot make the directory/),
      });
    }
  });

  test('needs a file system that can hold one', async () => {
    const refused = await ksmd(['start', '--socket', '/proc/ksmd.sock']);
    expect(refused).toMatchObject({
      status: FATAL.ListenFailed.exitStatus,
      stderr: expect.stringMatching(/^ksmd: [A-Z]+: cannot listen on/),
    });
  });

  test('is not put into a directory in /tmp that another user made, or may change', () => {
    const uid = process.getuid?.() ?? 0;
    const path = directory.file('private');
    expect(directoryProblem(path, uid)).toBeUndefined();
    mkdirSync(path, { mode: 0o700 });
    expect(directoryProblem(path, uid)).toBeUndefined();
    expect(directoryProblem(path, uid + 1)).toMatchObject({ code: 'EACCES' });
    symlinkSync(path, directory.file('link'));
    expect(directoryProblem(directory.file('link'), uid)).toMatchObject({ code: 'EACCES' });
    chmodSync(path, 0o755);
    expect(directoryProblem(path, uid)).toMatchObject({ code: 'EACCES' });
  });
});
