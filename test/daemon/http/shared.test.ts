/**
 * Who shares with whom in a daemon: what `ksmd shared` of it says is what it says of a recording of
 * the same memory, before pages are merged and after.
 */
import { randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Shared } from '../../../src/protocol/routes/shared.js';
import { DaemonProcess, TemporaryDirectory } from '../../daemon-process.js';

const PAGE = 4096;
const BASE = 2 ** 32;
const NAMES = ['web-1', 'web-2', 'db', 'idle'];
const OFF = ['--run', '0', '--set', 'smart_scan=0'];
const files = new TemporaryDirectory();

/** Pages of few contents, by number, 0 for zeroes: many are equal, within guests and between. */
const CONTENTS = NAMES.map((_name, at) => Array.from({ length: 200 }, () => randomInt(60 + at)));

beforeAll(() => {
  for (const [at, name] of NAMES.entries())
    writeFileSync(files.file(name), Buffer.concat((CONTENTS[at] ?? []).map(pageOf)));
});
afterAll(() => files.remove());

function pageOf(content: number): Buffer {
  return Buffer.alloc(PAGE, content === 0 ? 0 : `content ${content}`);
}

/** What does not depend on keys, hosts, and what mappings are called. */
function facts({
  hosts: _hosts,
  advisedPages: _advised,
  mappings,
  contents,
  ...rest
}: Shared): object {
  return {
    ...rest,
    present: mappings.reduce((sum, { pages }) => sum + pages, 0),
    // Of several that as many pages have, which are told depends on the key.
    contents: contents.map(({ pages }) => pages),
  };
}

describe.each([
  ['pages', []],
  ['fingerprints', ['--fingerprints']],
])('a daemon of %s', (_what, options) => {
  let daemon: DaemonProcess;
  const shared = async (...args: string[]): Promise<Shared> =>
    JSON.parse((await daemon.ksmd('shared', ...args, '--json')).stdout);

  beforeAll(async () => {
    daemon = await DaemonProcess.start([...OFF, ...options]);
    for (const name of NAMES) {
      const { status, stderr } = await daemon.ksmd(
        ...['register', name, '--image', files.file(name)],
        ...(options.length === 0 ? [] : ['--key', files.file('key')]),
      );
      expect(stderr).toBe('');
      expect(status).toBe(0);
    }
  });
  afterAll(async () => {
    expect(await daemon.client.check()).toEqual([]);
    expect(await daemon.stop()).toBe(0);
  });

  test('what a fork shares is one frame already, and no merge’s', async () => {
    const before = await shared();
    await daemon.client.fork('web-1', 'child');
    const { guests, between } = await shared();
    expect(between).toEqual(before.between);
    const pages = (name: string) => guests.find((guest) => guest.name === name)?.pages;
    expect(pages('child')).toBe(pages('web-1'));
    await daemon.client.removeGuest('child');
  });

  test('counts what a recording of the same memory does, however far it has merged', async () => {
    const recorded = await shared(...NAMES.flatMap((name) => ['--image', files.file(name)]));
    expect(recorded.pairs).toHaveLength(6);
    for (const use_zero_pages of [0, 1]) {
      expect(facts(await shared())).toEqual(facts(recorded));
      await daemon.client.setKsm({ use_zero_pages });
      for (let scans = 0; scans < 3; scans++) await daemon.client.scan(1000);
    }
    expect((await daemon.client.ksm()).pages_sharing).toBeGreaterThan(0);
    expect(facts(await shared())).toEqual(facts(recorded));
  });

  test('tenants keep of it what they do of a recording', async () => {
    writeFileSync(files.file('tenants'), '# whose\nweb-* red\n* blue\n');
    const images = NAMES.flatMap((name) => ['--image', files.file(name)]);
    const { tenants, acrossTenants } = await shared('--tenants', files.file('tenants'));
    expect(acrossTenants.pages).toBeGreaterThan(0);
    const recorded = await shared(...images, '--tenants', files.file('tenants'));
    expect({ tenants, acrossTenants }).toEqual({
      tenants: recorded.tenants,
      acrossTenants: recorded.acrossTenants,
    });
    await expect(daemon.client.shared({ tenants: 'web-* red' })).rejects.toMatchObject({
      code: 'EINVAL',
      message: expect.stringMatching(/^no line of the tenants says whose 'db' is/),
    });
  });

  test('is told on a screen, and what only recordings have is refused', async () => {
    const { stdout } = await daemon.ksmd('shared', '--matrix');
    expect(stdout).toMatch(/^4 guests, 3\.1 MiB: /);
    expect(stdout).toContain('As KSM sees it now: all of it is advised mergeable.\n');
    expect((await daemon.ksmd('shared', '--sample', '1/4')).status).toBe(2);
  });
});

test('of very many pages a sample is looked at, and what it comes to holds within its error', async () => {
  const daemon = await DaemonProcess.start([...OFF, '--fingerprints', '--memory', '256MiB']);
  const { client } = daemon;
  const pages = 1_100_000;
  const common = 300_000;
  for (const [at, guest] of ['a', 'b'].entries()) {
    const fingerprints = Buffer.alloc(pages * 16);
    const words = new Uint32Array(fingerprints.buffer);
    for (let page = 0; page < pages; page++)
      for (let word = 0; word < 4; word++)
        words[page * 4 + word] = mixed((page < common ? page : page + at * pages) * 4 + word);
    await client.createGuest(guest);
    const { address } = await client.map(guest, 'ram', { pages });
    const query = { address: String(address), key: '0123456789abcdef' };
    const contentType = 'application/vnd.ksmd.fingerprints';
    const params = { guest };
    const line = 'PUT /v1/guests/:guest/memory';
    await client.upload(line, fingerprints, { params, query, contentType });
  }
  const { sample, pairs, between, guests } = await client.shared();
  expect(sample).toBe(2);
  for (const { pages: found, error } of [...pairs, between]) {
    expect(error).toBeLessThan(common / 100);
    expect(Math.abs(found - common)).toBeLessThanOrEqual(error);
  }
  expect(guests.map((guest) => guest.pages)).toEqual([pages, pages]);
  expect(await daemon.stop()).toBe(0);
});

/** As evenly spread as digests are, and always the same. */
function mixed(value: number): number {
  let hash = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

test('only what is advised counts where something is, unless all is asked for', async () => {
  const daemon = await DaemonProcess.start(OFF);
  const { client } = daemon;
  for (const name of ['a', 'b']) {
    await client.createGuest(name);
    await client.map(name, 'ram', { pages: 8, address: BASE });
    await client.store(name, BASE, Buffer.concat([1, 2, 3, 4].map(pageOf)));
  }
  await client.madvise('a', 'unmergeable', { address: BASE + PAGE, length: PAGE });
  expect(await client.shared()).toMatchObject({
    unadvisedPages: 1,
    pairs: [{ a: 0, b: 1, pages: 3 }],
  });
  expect((await client.shared({ selection: 'all' })).pairs).toEqual([
    { a: 0, b: 1, pages: 4, error: 0 },
  ]);
  for (const name of ['a', 'b']) await client.madvise(name, 'unmergeable', { region: 'ram' });
  expect(await client.shared({ selection: 'advised' })).toMatchObject({
    unadvisedPages: 8,
    pairs: [],
  });
  expect((await client.shared()).pairs).toEqual([{ a: 0, b: 1, pages: 4, error: 0 }]);
  await expect(daemon.curlJson('/v1/shared?selection=some')).resolves.toMatchObject({
    status: 400,
  });
  expect(await daemon.stop()).toBe(0);
});

test('what forks write alike counts, what they share does not, before it has merged and after', async () => {
  const daemon = await DaemonProcess.start([...OFF, '--set', 'use_zero_pages=1']);
  const { client } = daemon;
  await client.createGuest('parent');
  await client.map('parent', 'ram', { pages: 8, address: BASE });
  await client.store('parent', BASE, Buffer.concat([1, 1, 2, 3, 0, 0].map(pageOf)));
  const children = ['one', 'two', 'three'];
  for (const child of children) await client.fork('parent', child);
  for (const child of children) await client.store(child, BASE + 2 * PAGE, pageOf(9));
  const told = async (): Promise<object> => {
    const { contents, ...rest } = await client.shared();
    return { ...rest, contents: contents.map(({ pages, guests }) => ({ pages, guests })) };
  };
  const before = await told();
  const parent = { name: 'parent', pages: 6, zeroPages: 2, within: { pages: 1, error: 0 } };
  expect(before).toMatchObject({ between: { pages: 2 } });
  expect(before).toHaveProperty(
    'guests',
    expect.arrayContaining([expect.objectContaining(parent)]),
  );
  for (let scans = 0; scans < 4; scans++) await client.scan(1000);
  // Between the children two, within the parent one, and two zero pages.
  expect((await client.status()).saved).toMatchObject({ pages: 2 + 1 + 2 });
  expect(await told()).toEqual(before);
  expect(await client.check()).toEqual([]);
  expect(await daemon.stop()).toBe(0);
});
