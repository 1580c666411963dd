/** The daemon's log where nobody takes it: the daemon goes on, and the log says what is missing. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  createReadStream,
  existsSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Client } from '../../../src/client/client.js';
import { DaemonProcess, KSMD, ksmd, TemporaryDirectory, text } from '../../daemon-process.js';
import { Terminal } from '../../terminal.js';
import { until } from '../../until.js';

let directory: TemporaryDirectory;
let socket: string;
beforeEach(() => {
  directory = new TemporaryDirectory();
  socket = directory.file('ksmd.sock');
});
afterEach(() => directory.remove());

/** More than what is held back: each answer is a line, as long as its URL. */
const QUESTIONS = 600;
const LONG_NAME = 'x'.repeat(4000);
const FAULTS = { NODE_OPTIONS: `--import=${new URL('../faults.mjs', import.meta.url)}` };
const DEBUGGING = ['--log-level', 'debug', '--memory', '16MiB'];

async function askALot(client: Client, times = QUESTIONS): Promise<void> {
  for (let i = 0; i < times; i++)
    await expect(client.guest(LONG_NAME)).rejects.toMatchObject({ code: expect.any(String) });
}

/** Lines that are whole, as they were written. */
function parsed(log: string): Record<string, unknown>[] {
  return log
    .split(/\r*\n/)
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line));
}

/** Every answer's line is there, or counted among the missing. */
function accountedFor(log: string): number {
  const lines = parsed(log);
  const answers = lines.filter(({ msg }) => msg === 'answered').length;
  return lines.reduce((sum, { dropped }) => sum + Number(dropped ?? 0), answers);
}

function isMissedTold(log: string): boolean {
  return parsed(log).some(({ dropped }) => Number(dropped) > 0);
}

test('a daemon on a terminal stopped with Ctrl-S goes on, and then says how much is missing', async () => {
  const terminal = Terminal.ksmd(['start', '--json', '--socket', socket, ...DEBUGGING]);
  await until('it listens', () => terminal.plain.includes('"msg":"listening"'));
  const client = new Client(socket);
  terminal.type('\x13');
  await askALot(client);
  const { pid } = await client.status();
  // The shell's opening of it blocks, as before.
  const [, flags = ''] =
    /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/fdinfo/1`, 'utf8')) ?? [];
  expect(Number.parseInt(flags, 8) & constants.O_NONBLOCK).toBe(0);
  terminal.type('\x11');
  await until('it is told', () => isMissedTold(terminal.plain));
  await until('all is told', () => accountedFor(terminal.plain) === QUESTIONS + 1);
  client.close();
  await terminal.signal('SIGTERM');
  expect(await terminal.exited).toBe(0);
});

test.each([
  ['told to', 'SIGTERM', 0],
  ['it meets a fault', 'SIGALRM', 70],
] as const)('a daemon on a stopped terminal ends when %s', async (_when, signal, exitStatus) => {
  const terminal = Terminal.ksmd(['start', '--json', '--socket', socket, ...DEBUGGING], {
    env: FAULTS,
  });
  await until('it listens', () => terminal.plain.includes('"msg":"listening"'));
  const client = new Client(socket);
  const { pid } = await client.status();
  terminal.type('\x13');
  await askALot(client);
  client.close();
  await terminal.signal(signal);
  await until('its process is gone', () => !isAlive(pid));
  expect(existsSync(socket)).toBe(false);
  terminal.type('\x11');
  expect(await terminal.exited).toBe(exitStatus);
});

test('a daemon whose log goes into a pipe that nobody reads goes on, and says how much is missing', async () => {
  const path = directory.file('pipe');
  execFileSync('mkfifo', [path]);
  // Who has both ends need not wait for the other.
  const readEnd = openSync(path, constants.O_RDWR);
  const writeEnd = openSync(path, constants.O_WRONLY);
  const daemon = spawn(process.execPath, [KSMD, 'start', '--socket', socket, ...DEBUGGING], {
    stdio: ['ignore', writeEnd, 'inherit'],
  });
  closeSync(writeEnd);
  const client = new Client(socket);
  await until('it listens', () =>
    client.status().then(
      () => true,
      () => false,
    ),
  );
  await askALot(client);
  const reading = createReadStream(path, { fd: readEnd });
  const log = text(reading);
  await until('it is told', () => isMissedTold(log()));
  await until('all is told', () => accountedFor(log()) >= QUESTIONS);
  client.close();
  daemon.kill();
  expect(await once(daemon, 'exit')).toEqual([0, null]);
  // A read that waits would never end.
  writeFileSync(path, 'end\n');
  reading.destroy();
});

test('a daemon whose log nobody reads goes on, and ends', async () => {
  const daemon = await DaemonProcess.start(DEBUGGING);
  daemon.child.stdout?.pause();
  await askALot(daemon.client);
  expect((await daemon.ksmd('stop')).status).toBe(0);
  daemon.child.stdout?.resume();
  expect(await daemon.exited).toBe(0);
  daemon.directory.remove();
});

test('a daemon whose disk is full goes on, and its next log file says how much is missing', async () => {
  const file = directory.file('log');
  symlinkSync('/dev/full', file);
  const daemon = DaemonProcess.spawn([...DEBUGGING, '--log-file', file]);
  await until('it listens', () =>
    daemon.client.status().then(
      () => true,
      () => false,
    ),
  );
  await askALot(daemon.client);
  rmSync(file);
  daemon.child.kill('SIGHUP');
  await until('it is told', async () => (await daemon.ksmd('logs')).stdout.includes('opened anew'));
  const log = readFileSync(file, 'utf8');
  expect(isMissedTold(log)).toBe(true);
  expect(accountedFor(log)).toBeGreaterThanOrEqual(QUESTIONS);
  expect(parsed(log)[0]).toMatchObject({ msg: 'ksmd starts' });
  expect(await daemon.stop()).toBe(0);
});

test('a log file that is a pipe without a reader is refused, not waited for', async () => {
  const pipe = directory.file('pipe');
  execFileSync('mkfifo', [pipe]);
  expect(await ksmd(['start', '--socket', socket, '--log-file', pipe])).toMatchObject({
    status: 15,
    stderr: expect.stringContaining('ENXIO'),
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
