/** `ksmd start --background` and `ksmd wait`: scripts need no loop to wait for the daemon. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Client } from '../../../../src/client/client.js';
import { DaemonProcess, ksmd, type Outcome, TemporaryDirectory } from '../../../daemon-process.js';

const DONE: Outcome = { status: 0, stdout: '', stderr: '' };

describe('start --background', () => {
  let directory: TemporaryDirectory;
  let env: NodeJS.ProcessEnv;
  beforeEach(() => {
    directory = new TemporaryDirectory();
    env = { KSMD_SOCKET: directory.file('ksmd.sock') };
  });
  afterEach(async () => {
    await ksmd(['stop'], { env });
    directory.remove();
  });
  const start = (...options: string[]): Promise<Outcome> =>
    ksmd(['start', '--background', '--memory', '64MiB', ...options], { env });

  test('ends when the daemon listens, which holds no pipe of whoever started it', async () => {
    // A pipe that the daemon kept would keep this from ending.
    expect(await start('--run', '0')).toEqual(DONE);
    await using client = new Client(directory.file('ksmd.sock'));
    expect(await client.status()).toMatchObject({ scanner: { state: 'stopped' } });
    expect((await client.status()).memory.totalBytes).toBe(2 ** 26);
  });

  test("fails with start's exit status and its line", async () => {
    await start();
    expect(await start()).toEqual({
      status: 12,
      stdout: '',
      stderr: expect.stringMatching(/^ksmd: EADDRINUSE: a daemon listens on [^\n]*\n$/),
    });
    expect(await start('--memory', '3')).toEqual({
      status: 2,
      stdout: '',
      stderr: expect.stringMatching(/^ksmd: EINVAL: a memory of 3 bytes[^\n]*\n$/),
    });
  });

  test('fails too if what comes after the socket does', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    expect(await start('--http', `127.0.0.1:${port}`)).toMatchObject({
      status: 14,
      stderr: expect.stringMatching(/^ksmd: EADDRINUSE: [^\n]*\n$/),
    });
    taken.close();
  });
});

describe('wait', () => {
  test('ends when the daemon answers', async () => {
    const daemon = DaemonProcess.spawn();
    expect(await daemon.ksmd('wait')).toEqual(DONE);
    expect((await daemon.ksmd('status')).status).toBe(0);
    await daemon.stop();
  });

  test('says that nobody listens once its time is over', async () => {
    const socket = '/nowhere/ksmd.sock';
    expect(await ksmd(['wait', '--timeout', '1ms', '--socket', socket])).toEqual({
      status: 1,
      stdout: '',
      stderr: `ksmd: ETIMEDOUT: no daemon answers on ${socket} yet\n`,
    });
  });

  test('ends once its time is over, also where a stopped daemon does not answer', async () => {
    const daemon = await DaemonProcess.start();
    daemon.child.kill('SIGSTOP');
    for (const what of [[], ['--full-scans', '1']])
      expect(await daemon.ksmd('wait', '--timeout', '100ms', ...what)).toMatchObject({
        status: 1,
        stderr: expect.stringMatching(/^ksmd: ETIMEDOUT: [^\n]*\n$/),
      });
    daemon.child.kill('SIGCONT');
    await daemon.stop();
  });

  test('ends when full scans are done, and says so if none are to come', async () => {
    const daemon = await DaemonProcess.start(['--run', '0', '--sleep-ms', '0']);
    await daemon.client.createGuest('web');
    await daemon.client.map('web', 'memory', { pages: 16 });
    expect(await daemon.ksmd('wait', '--full-scans', '1')).toEqual({
      status: 1,
      stdout: '',
      stderr: "ksmd: EAGAIN: the scanner is stopped: 'ksmd set run=1' starts it\n",
    });
    const { full_scans: before } = await daemon.client.setKsm({ run: 1 });
    expect(await daemon.ksmd('wait', '--full-scans', '3')).toEqual(DONE);
    const { full_scans: after } = await daemon.client.ksm();
    expect(Number(after)).toBeGreaterThanOrEqual(Number(before) + 3);
    await daemon.stop();
  });
});
