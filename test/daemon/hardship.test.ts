/** A daemon that nobody listens to, or that stands still for a while. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DaemonProcess, type Within } from '../daemon-process.js';
import { until } from '../until.js';

const deaf: Within = (command) => ['sh', '-c', 'exec "$@" >&- 2>&-', 'sh', ...command];

test('a daemon whose output is closed from the start lives as any other', async () => {
  const daemon = DaemonProcess.spawn([], {}, deaf);
  await until('it answers', async () => (await daemon.ksmd('status')).status === 0);
  expect((await daemon.ksmd('logs')).stdout).toContain('listening');
  expect(await daemon.stop()).toBe(0);
});

test('so does one whose output nobody reads', async () => {
  const daemon = DaemonProcess.spawn();
  daemon.child.stdout?.destroy();
  await until('it answers', async () => (await daemon.ksmd('status')).status === 0);
  expect(await daemon.stop()).toBe(0);
  expect(daemon.stderr).toBe('');
});

test('a daemon that is stopped goes on where it was, and answers what was asked meanwhile', async () => {
  const daemon = await DaemonProcess.start(['--pages-to-scan', '10000']);
  const { client, child } = daemon;
  await client.createGuest('g');
  const { address } = await client.map('g', 'memory', { pages: 1024 });
  await client.store('g', address, Buffer.alloc(512 * 4096, 7));
  child.kill('SIGSTOP');
  const state = (): string | undefined =>
    /\) (\S)/.exec(readFileSync(`/proc/${child.pid}/stat`, 'latin1'))?.[1];
  await until('it stands still', () => state() === 'T');
  const stored = client.store('g', address + 512 * 4096, Buffer.alloc(512 * 4096, 7));
  const status = daemon.ksmd('status');
  child.kill('SIGCONT');
  await stored;
  expect((await status).status).toBe(0);
  await until('it has merged all', async () => (await client.ksm()).pages_sharing === 1020);
  expect((await daemon.ksmd('check')).status).toBe(0);
  expect(await daemon.stop()).toBe(0);
});
