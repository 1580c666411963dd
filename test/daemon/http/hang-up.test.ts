/** SIGHUP: from logrotate, from a terminal that goes, or from nobody in particular. */
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DaemonProcess, KSMD, run, TemporaryDirectory } from '../../daemon-process.js';
import { until } from '../../until.js';

let directory: TemporaryDirectory;
beforeEach(() => {
  directory = new TemporaryDirectory();
});
afterEach(() => directory.remove());

function messages(file: string): string[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { msg: string }).msg);
}

async function loggingTo(file: string): Promise<DaemonProcess> {
  const daemon = DaemonProcess.spawn(['--log-file', file, '--log-level', 'debug']);
  await until('it listens', () => messages(file).includes('listening'));
  return daemon;
}

describe('a daemon that gets SIGHUP', () => {
  test('goes on in a new log file where the old one has been moved away, with every line in one of the two', async () => {
    const file = directory.file('ksmd.log.json');
    const daemon = await loggingTo(file);
    const asking = Promise.all(Array.from({ length: 8 }, () => ask(daemon, 100)));
    renameSync(file, directory.file('old'));
    daemon.child.kill('SIGHUP');
    await until('the new file is there', () =>
      messages(file).includes('the log file is opened anew'),
    );
    await asking;
    expect(await daemon.stop()).toBe(0);
    const [old, later] = [messages(directory.file('old')), messages(file)];
    expect(old).toContain('listening');
    expect(later).toContain('stopped');
    expect([...old, ...later].filter((msg) => msg === 'answered')).toHaveLength(800);
  });

  test('goes on in the same log file where it is still there', async () => {
    const file = directory.file('ksmd.log.json');
    const daemon = await loggingTo(file);
    daemon.child.kill('SIGHUP');
    await until('it is open anew', () => messages(file).includes('the log file is opened anew'));
    expect(await daemon.stop()).toBe(0);
    expect(messages(file).filter((msg) => msg === 'listening')).toHaveLength(1);
    expect(messages(file).at(-1)).toBe('stopped');
  });

  test('goes on in the old log file where a new one cannot be made, and says so there', async () => {
    const kept = new TemporaryDirectory();
    const file = directory.file('ksmd.log.json');
    const daemon = await loggingTo(file);
    renameSync(file, kept.file('old'));
    rmSync(directory.path, { recursive: true });
    daemon.child.kill('SIGHUP');
    await until('it says so', () =>
      messages(kept.file('old')).includes('the log goes on in the old file'),
    );
    expect(await daemon.stop()).toBe(0);
    expect(messages(kept.file('old')).at(-1)).toBe('stopped');
    kept.remove();
  });

  test('goes on without a log file, and says that there is none', async () => {
    const daemon = await DaemonProcess.start();
    daemon.child.kill('SIGHUP');
    await until('it says so', () =>
      daemon.log.some(({ msg }) => String(msg).includes('there is none')),
    );
    expect((await daemon.client.status()).pid).toBe(daemon.child.pid);
    expect(await daemon.stop()).toBe(0);
    expect(daemon.stderr).toBe('');
  });
});

/**
 * Runs the program on a terminal of its own, takes the terminal away once the socket is there, and
 * prints how the program ends: minus a signal, or a status.
 */
const TERMINAL_THAT_GOES = `
import os, pty, sys, time
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[2], sys.argv[2:])
while not os.path.exists(sys.argv[1]):
    time.sleep(0.01)
while b'listening' not in os.read(terminal, 65536):
    pass
os.close(terminal)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

test('a daemon whose terminal goes removes its socket and ends as of SIGHUP', async (context) => {
  if ((await run('sh', ['-c', 'python3 -c "import pty"'])).status !== 0)
    context.skip('python3, which makes the terminal, is not installed');
  const socket = directory.file('ksmd.sock');
  const daemon = [process.execPath, KSMD, 'start', '--memory', '64MiB', '--socket', socket];
  const { stdout, stderr } = await run('python3', ['-c', TERMINAL_THAT_GOES, socket, ...daemon]);
  expect({ stdout, stderr }).toEqual({ stdout: '-1\n', stderr: '' });
  expect(existsSync(socket)).toBe(false);
});

async function ask(daemon: DaemonProcess, times: number): Promise<void> {
  for (let i = 0; i < times; i++) await daemon.client.status();
}
