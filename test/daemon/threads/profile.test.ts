/** Profiles of a running scanner, however they end. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { symbolTable } from '../../../src/hotspots/table.js';
import type { CpuProfile } from '../../../src/protocol/routes/profile.js';
import { freePort } from '../../../tools/load/free-port.js';
import { DaemonProcess } from '../../daemon-process.js';
import { until } from '../../until.js';

let daemon: DaemonProcess;
let port: number;
beforeAll(async () => {
  port = await freePort();
  daemon = await DaemonProcess.start(['--run', '0', '--http', `127.0.0.1:${port}`]);
});
afterAll(async () => {
  await daemon.stop();
});

/** How many profiles the log tells of, begun or ended. */
function told(msg: 'the scanner is being profiled' | 'the profile has ended'): number {
  return daemon.log.filter((line) => line.msg === msg).length;
}

/** Resolves once another profile has begun. */
async function begun(): Promise<void> {
  const before = told('the profile has ended');
  await until('a profile has begun', () => told('the scanner is being profiled') > before);
}

/** One can be taken again. */
async function takeAnother(): Promise<CpuProfile> {
  await until(
    'the profile has ended',
    () => told('the profile has ended') === told('the scanner is being profiled'),
  );
  return daemon.client.profile(0.1);
}

test('a scanner that sleeps is idle, and the profile is of the format that DevTools open', async () => {
  const { status, json } = await daemon.curlJson('/v1/profile', '-d', '{"seconds": 0.5}');
  expect(status).toBe(200);
  const profile = json as CpuProfile;
  expect(profile.endTime - profile.startTime).toBeGreaterThanOrEqual(500_000);
  expect(profile.samples.length).toBe(profile.timeDeltas.length);
  const ids = new Set(profile.nodes.map(({ id }) => id));
  expect(profile.samples.every((id) => ids.has(id))).toBe(true);
  expect(profile.nodes[0]).toMatchObject({ callFrame: { functionName: '(root)' } });
  expect(symbolTable(profile).idleShare).toBeGreaterThan(0.8);
});

test.each([
  ['{"seconds": 0.01}', /^seconds must be a number of seconds, 0.1 to 60$/],
  ['{"seconds": 61}', /^seconds must be a number of seconds, 0.1 to 60$/],
  ['{}', /^the body lacks 'seconds'$/],
])('%s is refused', async (body, message) => {
  expect(await daemon.curlJson('/v1/profile', '-d', body)).toEqual({
    status: 400,
    json: { error: { code: 'EINVAL', message: expect.stringMatching(message) } },
  });
});

test('over TCP, where the daemon is only looked at, there is none', async () => {
  const answer = await fetch(`http://127.0.0.1:${port}/v1/profile`, {
    method: 'POST',
    body: '{"seconds": 0.1}',
  });
  expect(answer.status).toBe(403);
  expect(await answer.json()).toMatchObject({ error: { code: 'EACCES' } });
});

test('one at a time, and a client that goes takes its profile along', async () => {
  const leave = new AbortController();
  const first = daemon.client.profile(60, leave.signal);
  await begun();
  await expect(daemon.client.profile(1)).rejects.toMatchObject({
    code: 'EBUSY',
    message: 'a profile is being taken: wait for its end',
  });
  leave.abort();
  await expect(first).rejects.toMatchObject({ code: 'ECONNRESET' });
  expect((await takeAnother()).samples.length).toBeGreaterThan(0);
});

test('a scanner that is killed ends its profile with a sentence, and the next one can be profiled', async () => {
  const profile = daemon.client.profile(60).catch((error: unknown) => error);
  await begun();
  await daemon.client.restartScanner();
  expect(await profile).toMatchObject({
    code: 'EBUSY',
    message: expect.stringContaining('the scanner died before the profile was done'),
  });
  expect((await takeAnother()).samples.length).toBeGreaterThan(0);
});

test('a daemon that stops says so to whoever waits for a profile', async () => {
  const profile = daemon.client.profile(60).catch((error: unknown) => error);
  await begun();
  daemon.child.kill('SIGTERM');
  expect(await profile).toMatchObject({
    code: 'EINTR',
    message: expect.stringContaining('the daemon stops'),
  });
  expect(await daemon.exited).toBe(0);
});
