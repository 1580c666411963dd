/** What those whom a capture follows are called. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { capturedProcesses } from '../../../../src/cli/commands/record/captured-processes.js';

const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

async function start(): Promise<number> {
  const child = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => {}, 1e6)']);
  started.push(child);
  await once(child.stdout, 'data');
  if (child.pid === undefined) throw new Error('it has not begun');
  return child.pid;
}

test('two that are there cannot have one name, and what tells them apart is said', async () => {
  const pid = [await start(), await start()];
  await expect(capturedProcesses({ pid, name: 'web' })?.()).rejects.toMatchObject({
    code: 'EINVAL',
    message: expect.stringContaining("--name '{name}-{pid}'"),
  });
});

test('who comes later than one of that name has a number, and who was there keeps it', async () => {
  const pid = [await start()];
  const processes = capturedProcesses({ pid, name: 'web' });
  const [first = 0] = pid;
  expect(await processes?.()).toEqual([{ pid: first, name: 'web' }]);
  const later = await start();
  pid.unshift(later);
  const both = [
    { pid: later, name: `web-${later}` },
    { pid: first, name: 'web' },
  ];
  expect(await processes?.()).toEqual(both);
  expect(await processes?.()).toEqual(both);
});
