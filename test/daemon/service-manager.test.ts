/** What systemd hears of a daemon that it starts. */
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FATAL } from '../../src/daemon/fatal.js';
import { DaemonProcess, run, TemporaryDirectory, text } from '../daemon-process.js';
import { removeTools, tool } from '../debian-tool.js';
import { until } from '../until.js';

let directory: TemporaryDirectory;
beforeEach(() => {
  directory = new TemporaryDirectory();
});
afterEach(() => directory.remove());
afterAll(removeTools);

/**
 * systemd's end of the socket: prints each message's first line, and whether the daemon's socket,
 * which its second line names, is listened on.
 */
const SERVICE_MANAGER = `
import socket, sys
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.bind(sys.argv[1])
print('bound', flush=True)
while True:
    state, *more = manager.recv(4096).decode().split('\\n')
    if state == 'BARRIER=1':
        continue
    for line in more:
        if line.startswith('STATUS=Listening on '):
            socket.socket(socket.AF_UNIX).connect(line.removeprefix('STATUS=Listening on '))
            state += ' and listens'
    print(state, flush=True)
`;

test('systemd hears READY=1 once the daemon listens, and STOPPING=1 as it stops', async (context) => {
  if ((await run('sh', ['-c', 'python3 -c ""'])).status !== 0)
    context.skip('python3, which binds the socket of the service manager, is not installed');
  const notify = await tool(context, 'systemd-notify', ['systemd', 'libsystemd-shared']);
  const socket = directory.file('notify');
  const manager = spawn('python3', ['-c', SERVICE_MANAGER, socket], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const heard = text(manager.stdout);
  try {
    await until('the socket is bound', () => heard() === 'bound\n');
    const daemon = await DaemonProcess.start([], { ...notify.env, NOTIFY_SOCKET: socket });
    await until('it is ready', () => heard() === 'bound\nREADY=1 and listens\n');
    expect(await daemon.stop()).toBe(0);
    await until('it was stopping', () => heard() === 'bound\nREADY=1 and listens\nSTOPPING=1\n');
  } finally {
    manager.kill();
  }
});

const LATE =
  '[ "$1" = READY=1 ] || for i in 1 2 3 4 5 6 7 8 9 10; do kill -0 $PPID || exit; sleep ' +
  '0.05; done\n';

describe('a service manager', () => {
  /**
   * A systemd-notify that writes down what it is given. Of a stop it does so late, and only as long
   * as there is somebody who waits for it.
   */
  function recorder(): { env: NodeJS.ProcessEnv; told: () => string } {
    const record = directory.file('told');
    writeFileSync(directory.file('systemd-notify'), `#!/bin/sh\n${LATE}echo "$1" >> ${record}\n`);
    chmodSync(directory.file('systemd-notify'), 0o755);
    return {
      env: { PATH: `${directory.path}:${process.env.PATH}` },
      told: () => (existsSync(record) ? readFileSync(record, 'utf8') : ''),
    };
  }

  test('is told nothing by a daemon that does not come to listen', async () => {
    const { env, told } = recorder();
    const daemon = DaemonProcess.spawn(['--socket', '/proc/ksmd.sock'], {
      ...env,
      NOTIFY_SOCKET: '/nowhere',
    });
    expect(await daemon.exited).toBe(FATAL.ListenFailed.exitStatus);
    expect(told()).toBe('');
    daemon.directory.remove();
  });

  test('is told of the stop whoever asks for it, before the daemon has ended', async () => {
    const { env, told } = recorder();
    const daemon = await DaemonProcess.start([], { ...env, NOTIFY_SOCKET: '/nowhere' });
    await daemon.client.stop();
    expect(await daemon.exited).toBe(0);
    expect(told()).toBe('READY=1\nSTOPPING=1\n');
    daemon.directory.remove();
  });

  test('that is not there is told nothing', async () => {
    const { env, told } = recorder();
    const daemon = await DaemonProcess.start([], { ...env, NOTIFY_SOCKET: '' });
    expect(await daemon.stop()).toBe(0);
    expect(told()).toBe('');
  });

  test('that cannot be told is a line in the log, and the daemon goes on', async () => {
    const daemon = await DaemonProcess.start([], {
      PATH: directory.path,
      NOTIFY_SOCKET: '/nowhere',
    });
    await until('it says so', () =>
      daemon.log.some(({ level, msg }) => level === 'warn' && String(msg).includes('READY=1')),
    );
    expect((await daemon.client.status()).pid).toBe(daemon.child.pid);
    expect(await daemon.stop()).toBe(0);
  });
});
