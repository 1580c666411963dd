import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { KSMD, ksmd, TemporaryDirectory, text } from '../../../daemon-process.js';
import { Terminal } from '../../../terminal.js';
import { until } from '../../../until.js';

let directory: TemporaryDirectory;
beforeEach(() => {
  directory = new TemporaryDirectory();
});
afterEach(() => directory.remove());

test('the demo merges two guests, proves that nothing is lost, and leaves nothing behind', async () => {
  const { status, stdout, stderr } = await ksmd(['demo', '--size', '2MiB'], {
    env: { TMPDIR: directory.path },
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toContain('every byte is as it was written');
  expect(stdout).toMatch(/^Saved: 512 pages, 2 MiB/m);
  expect(readdirSync(directory.path)).toEqual([]);
});

test('for programs: what was written, what is saved and what it took', async () => {
  const { status, stdout, stderr } = await ksmd(['demo', '--size', '2MiB', '--json']);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(JSON.parse(stdout)).toMatchObject({
    guests: [
      { guest: 'alice', bytes: 2 ** 21 },
      { guest: 'bob', bytes: 2 ** 21 },
    ],
    usedBytes: 2 ** 21,
    saved: { pages: 512, bytes: 2 ** 21, share: 0.5 },
    fullScans: expect.any(Number),
    cpuMs: expect.any(Number),
  });
});

describe('on a terminal', () => {
  const demo = (size: string, env: NodeJS.ProcessEnv = {}): Terminal =>
    Terminal.ksmd(['demo', '--size', size], { env: { TMPDIR: directory.path, ...env } });

  test('pages are drawn as they merge, and the last picture stays', async () => {
    const terminal = demo('2MiB');
    expect(await terminal.exited).toBe(0);
    expect(terminal.isRestored).toBe(true);
    const [live = '', after = ''] = terminal.raw.split('\x1b[?1049l');
    const frames = live.split('\x1b[H');
    expect(frames[1]).toContain('A daemon starts');
    for (const sentence of ['Two guests write', 'Pages of bob are found', 'read back, byte by'])
      expect(frames.some((frame) => frame.includes(sentence))).toBe(true);
    const merged = `\x1b[32m${'█'.repeat(73)}`;
    // Yellow as they are written, green once they are merged.
    expect(live).toContain('\x1b[33m░');
    expect(live).toContain(merged);
    expect(after).toContain(`alice  ${merged}`);
    expect(after).toContain('every byte is as it was written');
    expect(after).toContain('To try next:');
    expect(readdirSync(directory.path)).toEqual([]);
  });

  test('without colours stages differ by their signs', async () => {
    const terminal = demo('1MiB', { NO_COLOR: '1' });
    expect(await terminal.exited).toBe(0);
    expect(terminal.raw.split('\x1b[').filter((part) => /^[\d;]*m/.test(part))).toEqual([]);
    expect(terminal.raw).toContain('█'.repeat(73));
  });

  test.each([
    ['q', 0, (terminal: Terminal) => terminal.type('q')],
    ['Ctrl-C', 130, (terminal: Terminal) => terminal.type('\x03')],
    ['SIGTERM', 143, (terminal: Terminal) => terminal.signal('SIGTERM')],
    ['SIGHUP', 129, (terminal: Terminal) => terminal.signal('SIGHUP')],
  ])(
    '%s ends it with status %i: no daemon is left, the terminal as it was',
    async (_, status, end) => {
      const terminal = demo('64MiB');
      await until('pages are drawn', () =>
        terminal.frame.some((line) => line.startsWith('alice ')),
      );
      const pid = daemonsOf(directory.path)[0] ?? 0;
      expect(isAlive(pid)).toBe(true);
      await end(terminal);
      expect(await terminal.exited).toBe(status);
      expect(terminal.isRestored).toBe(true);
      expect(terminal.plain).not.toContain('To try next');
      await until('the daemon is gone', () => !isAlive(pid));
      expect(readdirSync(directory.path)).toEqual([]);
    },
  );
});

test.each(['0', '1000'])('a demo of %s bytes is refused in one line', async (size) => {
  const { status, stderr } = await ksmd(['demo', '--size', size]);
  expect({ status, stderr }).toEqual({
    status: 2,
    stderr: `ksmd: EINVAL: --size: ${size} bytes are no whole pages of 4096, one or more\n`,
  });
});

test('a demo of more than there is room for is refused in one line, which names the most', async () => {
  const { status, stderr } = await ksmd(['demo', '--size', '100GiB']);
  expect({ status, stderr }).toEqual({
    status: 2,
    stderr:
      'ksmd: ENOMEM: --size: 100 GiB a guest is more than a demo has room for, 1 GiB at most\n',
  });
});

test('why its daemon does not start is told in one line', async () => {
  // A preload that ends the daemon, and the demo lives.
  const preload = directory.file('preload.cjs');
  writeFileSync(
    preload,
    "if (process.argv[2] === 'start') { console.error('ksmd: ENOMEM: no room'); process.exit(1); }",
  );
  const { status, stderr } = await ksmd(['demo'], {
    env: { NODE_OPTIONS: `--require ${preload}` },
  });
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: 'ksmd: ECHILD: the daemon did not start: ENOMEM: no room\n',
  });
});

test.each([
  ['SIGHUP', 129],
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)(
  '%s ends a demo with status %i, and it takes its daemon along',
  async (signal, status) => {
    const demo = spawn(process.execPath, [KSMD, 'demo'], {
      env: { ...process.env, TMPDIR: directory.path },
      stdio: 'pipe',
    });
    const stdout = text(demo.stdout);
    const ended = once(demo, 'close');
    const pid = await until(
      'the daemon is there',
      () => Number(/process (\d+)/.exec(stdout())?.[1] ?? 0) || undefined,
    );
    demo.kill(signal);
    expect(await ended).toEqual([status, null]);
    await until('the daemon is gone', () => !isAlive(pid));
    expect(readdirSync(directory.path)).toEqual([]);
  },
);

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Processes that were started with a socket in this directory. */
function daemonsOf(path: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => commandLine(pid).some((word) => word.startsWith(`${path}/`)))
    .map(Number);
}

function commandLine(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    // It has ended meanwhile.
    return [];
  }
}
