import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { KSMD, ksmd, TemporaryDirectory, text } from '../../../daemon-process.js';
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

test.each(['0', '1000'])('a demo of %s bytes is refused in one line', async (size) => {
  const { status, stderr } = await ksmd(['demo', '--size', size]);
  expect({ status, stderr }).toEqual({
    status: 2,
    stderr: `ksmd: EINVAL: --size: ${size} bytes are no whole pages of 4096, one or more\n`,
  });
});

test('a demo that is interrupted takes its daemon along', async () => {
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
  demo.kill('SIGINT');
  expect(await ended).toEqual([130, null]);
  await until('the daemon is gone', () => !isAlive(pid));
  expect(readdirSync(directory.path)).toEqual([]);
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
