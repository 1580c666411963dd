/** `ksmd shared` as people run it. */
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MAPPING_ADVISED, PAGE_CONTENT } from '../../../../src/recording/format.js';
import { RecordingWriter } from '../../../../src/recording/recording-writer.js';
import { KSMD, run, TemporaryDirectory } from '../../../daemon-process.js';
import { GUEST, HEADER } from '../../../recording/small-recording.js';

let directory: TemporaryDirectory;
let recording: string;

beforeAll(async () => {
  directory = new TemporaryDirectory();
  recording = directory.file('host.rec');
  const same = randomBytes(64 * 4096);
  const images = ['web-1', 'web-2', 'db'].flatMap((name) => {
    const image = directory.file(`${name}.img`);
    const own = randomBytes(32 * 4096);
    writeFileSync(
      image,
      Buffer.concat(name === 'db' ? [own, same.subarray(0, 4096)] : [same, own]),
    );
    return ['--image', image];
  });
  await ksmd('capture', ...images, '--duration', '0', '--output', recording);
});
afterAll(() => directory.remove());

function ksmd(...args: string[]): ReturnType<typeof run> {
  const env = { ...process.env, XDG_CONFIG_HOME: directory.path };
  return run(process.execPath, [KSMD, ...args], { env });
}

test('groups first, then what each guest has in common with others', async () => {
  const { status, stdout } = await ksmd('shared', recording, '--matrix');
  expect(status).toBe(0);
  const lines = stdout.split('\n');
  expect(lines[0]).toMatch(/^3 guests, 900 KiB: 260 KiB \(28\.9 %\) could be saved between them/);
  expect(stdout).toContain(
    'Alike, each two by half of what the larger one has, and more:\n  web-1.img, web-2.img\n',
  );
  expect(stdout).toMatch(/^web-1\.img +384 KiB +0 B +0 B +256 KiB +web-2\.img$/m);
  expect(stdout).toMatch(/^db\.img +132 KiB +0 B +0 B +4 KiB +web-/m);
  expect(stdout).toMatch(/^1 web-1\.img +· +256 KiB +4 KiB$/m);
});

test('tenants, and what merging only within them gives up', async () => {
  const tenants = directory.file('tenants');
  writeFileSync(tenants, '# who rents what\nweb-1* red\n* blue\n');
  const { stdout } = await ksmd('shared', recording, '--tenants', tenants);
  expect(stdout).toMatch(/^blue +2 +4 KiB$/m);
  expect(stdout).toMatch(/^red +1 +0 B$/m);
  expect(stdout).toContain('Merging only within tenants gives up 256 KiB.');
  writeFileSync(tenants, 'web-* red\n');
  const missing = await ksmd('shared', recording, '--tenants', tenants);
  expect(missing.status).toBe(1);
  expect(missing.stderr).toMatch(/EINVAL: no line of .* says whose 'db\.img' is/);
  writeFileSync(tenants, 'web-* red blue\n');
  const wrong = await ksmd('shared', recording, '--tenants', tenants);
  expect(wrong.stderr).toMatch(/EINVAL: line 1 of .* is not 'PATTERN TENANT'/);
});

test('--json has every pair, as indices of guests', async () => {
  const { stdout } = await ksmd('shared', recording, '--json');
  const { guests, pairs, groups } = JSON.parse(stdout);
  expect(groups).toEqual([[0, 1]]);
  expect(pairs[0]).toEqual({ a: 0, b: 1, pages: 64, error: 0 });
  expect(pairs).toHaveLength(3);
  expect(guests[0]).toMatchObject({ pages: 96, withOthers: { pages: 64, error: 0 } });
});

test('--html writes a page beside what is printed, whole or not at all', async () => {
  const page = directory.file('shared.html');
  const { stdout } = await ksmd('shared', recording, '--html', page);
  expect(stdout).toMatch(/^3 guests.*\n(.*\n)*.*shared\.html: the same as a map/);
  const text = readFileSync(page, 'utf8');
  expect(text).toContain('"names":["web-1.img","web-2.img","db.img"]');
  expect(text).toMatch(/<th scope="row">web-1\.img<\/th><td>384 KiB<\/td>/);
  writeFileSync(page, text.replace('web-1.img', 'an older one'));
  expect((await ksmd('shared', recording, '--html', page)).status).toBe(0);
  expect(readFileSync(page, 'utf8')).toBe(text);
  writeFileSync(page, 'my diary');
  const refused = await ksmd('shared', recording, '--html', page);
  expect(refused).toMatchObject({ status: 1, stdout: '' });
  expect(refused.stderr).toMatch(/EEXIST: .*shared\.html' is there, and is no page of ksmd's/);
  expect(readFileSync(page, 'utf8')).toBe('my diary');
  const missing = await ksmd('shared', recording, '--html', directory.file('no/such/page.html'));
  expect(missing).toMatchObject({ status: 1, stdout: '' });
  expect(missing.stderr).toMatch(/ENOENT: cannot write/);
});

test('hosts are compared if their contents can be', async () => {
  const other = directory.file('other.rec');
  const image = directory.file('db.img');
  await ksmd(
    ...['capture', '--image', image, '--duration', '0', '--output', other],
    ...['--key', directory.file('another')],
  );
  const { status, stderr } = await ksmd('shared', recording, other);
  expect(status).toBe(1);
  expect(stderr).toMatch(/EINVAL: .*other\.rec was captured with another key, sample or page/);
});

test('a host counts once: of two recordings of it the older one is named, to be left out', async () => {
  const twice = await ksmd('shared', recording, recording);
  expect(twice).toMatchObject({ status: 1, stdout: '' });
  expect(twice.stderr).toContain('its guests would count twice');
  const days = ['monday', 'tuesday'].map((name, day) => {
    const path = directory.file(`${name}.rec`);
    const writer = RecordingWriter.create(path, { ...HEADER, startedAtMs: day * 86_400_000 });
    writer.endSweep({ startMs: 0, durationMs: 0, processorMs: 0 });
    writer.close();
    return path;
  });
  const [monday] = days;
  for (const paths of [days, days.toReversed()]) {
    const { status, stderr } = await ksmd('shared', ...paths);
    expect(status).toBe(1);
    expect(stderr).toContain(`leave out ${monday}, or`);
    expect(stderr).toContain(`of host '${HEADER.host}'`);
  }
});

test('what is advised counts by host: one that advises nothing is looked at whole', async () => {
  const fingerprints = randomBytes(8 * 16);
  const paths = ['advised', 'plain'].map((name, at) => {
    const path = directory.file(`${name}.rec`);
    const writer = RecordingWriter.create(path, { ...HEADER, host: name });
    writer.write({ ...GUEST, guest: 1 });
    const flags = at === 0 ? MAPPING_ADVISED : 0;
    const where = { guest: 1, page: 512, pages: 8, node: undefined, label: '' };
    writer.write({ type: 'mapping', ...where, flags });
    writer.write({ type: 'mapping', ...where, page: 1024, flags: 0 });
    for (const page of [512, 1024]) {
      const run = { type: 'pages', guest: 1, page, pages: 8, state: PAGE_CONTENT } as const;
      writer.write({ ...run, fingerprints: page === 512 ? fingerprints : randomBytes(8 * 16) });
    }
    writer.endSweep({ startMs: 0, durationMs: 0, processorMs: 0 });
    writer.close();
    return path;
  });
  const { stdout } = await ksmd('shared', ...paths);
  expect(stdout).toMatch(/^advised\/vm +32 KiB +0 B +0 B +32 KiB +plain\/vm$/m);
  expect(stdout).toMatch(/^plain\/vm +64 KiB +0 B +0 B +32 KiB +advised\/vm$/m);
  expect(stdout).toContain('32 KiB are left out that are not advised mergeable');
  expect(stdout.replaceAll('\n', ' ')).toContain('between them if all were on one host, zero');
  const { pageSize, sample, hosts } = JSON.parse((await ksmd('shared', ...paths, '--json')).stdout);
  expect({ pageSize, sample, hosts }).toEqual({
    ...{ pageSize: 4096, sample: 1, hosts: ['advised', 'plain'] },
  });
});

test('nothing named is the daemon, which has to be there', async () => {
  const { status, stderr } = await ksmd('shared', '--socket', directory.file('none.sock'));
  expect(status).toBe(1);
  expect(stderr).toMatch(/ENOENT: .*none\.sock/);
});
