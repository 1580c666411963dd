/** prctl, exec and nodes, as a user types them. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DaemonProcess } from '../../../daemon-process.js';

let daemon: DaemonProcess;
beforeAll(async () => {
  daemon = await DaemonProcess.start(['--run', '0']);
});
afterAll(async () => {
  expect(await daemon.stop()).toBe(0);
});

const ksmd = (...args: string[]) => daemon.ksmd(...args);
const said = (stdout: string) => ({ status: 0, stdout, stderr: '' });

test('prctl says what holds from then on, and guests shows it', async () => {
  await ksmd('register', 'web', '--pages', '4', '--node', '1');
  expect((await ksmd('guests')).stdout).not.toContain('ANY');
  expect(await ksmd('prctl', 'web', '--merge', 'on')).toEqual(
    said('web: all that it has and will map is mergeable\n'),
  );
  const { stdout } = await ksmd('guests');
  expect(stdout).toMatch(/^GUEST +NODE +REGIONS +PAGES +PRESENT +MERGED +ANY\n/);
  expect(stdout).toMatch(/^web +1 +1 +4 .*yes$/m);
  expect(JSON.parse((await ksmd('prctl', 'web', '--merge', 'on', '--json')).stdout)).toMatchObject({
    mergesAny: true,
    node: 1,
  });
});

test('exec says what is left of a guest', async () => {
  expect(await ksmd('exec', 'web')).toEqual(
    said('web: another program, without memory, and what it maps is mergeable\n'),
  );
  expect(await ksmd('prctl', 'web', '--merge', 'off')).toEqual(
    said('web: nothing of it is mergeable until it is advised\n'),
  );
  expect(await ksmd('exec', 'web')).toEqual(said('web: another program, without memory\n'));
});

test('regions on nodes of their own are shown as that', async () => {
  await daemon.client.map('web', 'near', { pages: 1 });
  await daemon.client.map('web', 'far', { pages: 1, node: 0 });
  expect((await ksmd('guests', 'web')).stdout).toMatch(
    /^REGION +ADDRESS +PAGES +NODE\nnear .* 4 KiB *\nfar .* 4 KiB +0$/m,
  );
});

test('wrong inputs are told what to do', async () => {
  expect(await ksmd('prctl', 'nobody', '--merge', 'on')).toMatchObject({
    status: 1,
    stderr: "ksmd: ENOENT: no guest 'nobody' ('ksmd guests' lists them)\n",
  });
  expect(await ksmd('prctl', 'web')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('--merge'),
  });
  expect((await ksmd('prctl', 'web', '--merge', 'maybe')).status).toBe(2);
  expect(await ksmd('exec', 'nobody')).toMatchObject({ status: 1 });
  expect(await ksmd('register', 'x', '--pages', '1', '--node', '99')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('EINVAL'),
  });
});

test('a kernel before 6.4 does not know it', async () => {
  const old = await DaemonProcess.start(['--run', '0', '--kernel', '6.1']);
  try {
    await old.client.createGuest('g');
    expect(await old.ksmd('prctl', 'g', '--merge', 'on')).toMatchObject({
      status: 1,
      stderr: 'ksmd: EINVAL: Linux 6.1 has no PR_SET_MEMORY_MERGE: 6.4 is the first\n',
    });
  } finally {
    expect(await old.stop()).toBe(0);
  }
});
