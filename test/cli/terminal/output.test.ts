/** Nothing that stands in a file's name, in a path or on the command line commands a terminal. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DaemonProcess, KSMD, ksmd, run, TemporaryDirectory } from '../../daemon-process.js';
import { Terminal } from '../../terminal.js';

const ESCAPES = '\x1b]0;owned\x07\x9b2J\u202e\nksmd: all is well';
const SHOWN = '\\u001b]0;owned\\u0007\\u009b2J\\u202e\\nksmd: all is well';

const directory = new TemporaryDirectory();
afterAll(() => directory.remove());

const SCENARIO_FILE = 'scenario.json';
const SCENARIO = JSON.stringify({ ops: [{ op: 'guest', guest: 'g' }] });

test("a file's name in a result", async () => {
  const path = directory.file(`${ESCAPES}.json`);
  writeFileSync(path, SCENARIO);
  const { status, stdout } = await ksmd(['replay', path]);
  expect({ status, stdout }).toEqual({
    status: 0,
    stdout: `${directory.path}/${SHOWN}.json: agrees in 0 counters over 1 step\n`,
  });
  const json = (await ksmd(['replay', '--json', path])).stdout;
  expect(json).toMatch(/^[\x20-\x7e]*\n$/);
  expect(JSON.parse(json)).toMatchObject({ file: path });
});

describe('in a failure', () => {
  test.each<[what: string, command: string[], env?: NodeJS.ProcessEnv]>([
    ["a file's name", ['recording', `/nowhere/${ESCAPES}`]],
    ["a snapshot's name", ['start', '--restore', `/nowhere/${ESCAPES}`]],
    ["the socket's path", ['ps', '--socket', `/nowhere/${ESCAPES}`]],
    ['KSMD_SOCKET', ['ps'], { KSMD_SOCKET: `/nowhere/${ESCAPES}` }],
  ])('%s', async (_what, command, env = {}) => {
    const { status, stdout, stderr } = await ksmd(command, { env });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/^ksmd: [A-Z]+: [\x20-\x7e]+\n$/);
    expect(stderr).toContain(SHOWN);
  });

  test('an argument that commander refuses', async () => {
    const { status, stderr } = await ksmd(['scan', '--pages', '\x1b]0;owned\x07']);
    expect(status).toBe(2);
    expect(stderr).toContain('\\u001b]0;owned\\u0007');
    expect(stderr).toMatch(/^[\n\x20-\x7e]+$/);
  });
});

describe('in what a daemon answers', () => {
  const answers: Readonly<Record<string, string>> = {
    '/v1/workloads': JSON.stringify({
      workloads: [
        {
          id: 1,
          workload: 'dirty',
          guest: ESCAPES,
          region: 'r',
          state: 'running',
          stores: 0,
          loads: 0,
          verified: 0,
          wrong: 0,
          foreign: 0,
          retries: 0,
          cpuMs: 0,
        },
      ],
    }),
    '/v1/logs': JSON.stringify({ time: 't', level: 'info', msg: ESCAPES, guest: '\x9b2J\x1b[7m' }),
    '/v1/check': JSON.stringify({ disagreements: [ESCAPES] }),
  };
  const socketPath = directory.file('ksmd.sock');
  const server = createServer(({ url = '' }, response) => {
    response.end(answers[url.split('?')[0] ?? '']);
  });
  beforeAll(() => once(server.listen(socketPath), 'listening'));
  afterAll(() => server.close());

  test.each([['ps'], ['logs'], ['check']])('%s, as text and as JSON', async (verb) => {
    const env = { KSMD_SOCKET: socketPath };
    const text = await ksmd([verb], { env });
    expect(text.stderr).toBe('');
    expect(text.stdout).toMatch(/^[\n\x20-\x7e]+$/);
    expect(text.stdout).toContain(SHOWN);
    const json = (await ksmd([verb, '--json'], { env })).stdout;
    expect(json).toMatch(/^[\x20-\x7e]+\n$/);
    expect(json).toContain(SHOWN);
  });
});

test("a guest's bytes go to a terminal as a dump only", async () => {
  const daemon = await DaemonProcess.start();
  try {
    await daemon.client.createGuest('g');
    const { address } = await daemon.client.map('g', 'r', { pages: 1 });
    await daemon.client.store('g', address, Buffer.from(ESCAPES));
    const read = ['read', 'g', String(address), '16'];
    const terminal = Terminal.ksmd(read, { env: { KSMD_SOCKET: daemon.socketPath } });
    expect(await terminal.exited).toBe(0);
    expect(terminal.raw).toContain('1b 5d 30 3b');
    expect(terminal.raw).not.toContain('\x1b');
  } finally {
    await daemon.stop();
  }
});

test.each([['--version'], ['replay', SCENARIO_FILE], ['replay', '--json', SCENARIO_FILE]])(
  'what cannot be written is told in one line: %s',
  async (...args) => {
    writeFileSync(directory.file(SCENARIO_FILE), SCENARIO);
    const line = 'cd "$1"; shift; "$@" > /dev/full';
    const command = ['-c', line, 'sh', directory.path, process.execPath, KSMD, ...args];
    const { status, stderr } = await run('sh', command);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^ksmd: ENOSPC: cannot write to standard output: [^\n]*\n$/);
  },
);
