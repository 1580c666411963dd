/**
 * A daemon that holds fingerprints of pages: what is registered with it, what it tells, what it
 * refuses, and that it counts what a daemon of bytes counts.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DaemonProcess, TemporaryDirectory } from '../daemon-process.js';

const AT_WORK = fileURLToPath(
  new URL('../cli/commands/guests/process-at-work.mjs', import.meta.url),
);
const MIB = 2 ** 20;
const PAGE = 4096;
const ADDRESS = 2 ** 32;
const FINGERPRINTS = 'content-type: application/vnd.ksmd.fingerprints';
const KEY_ID = '0123456789abcdef';
const ENOTSUP = expect.objectContaining({ code: 'ENOTSUP' });
const EINVAL = expect.objectContaining({ code: 'EINVAL' });

const files = new TemporaryDirectory();
const OFF = ['--run', '0', '--set', 'smart_scan=0'];
let daemon: DaemonProcess;
beforeAll(async () => {
  daemon = await DaemonProcess.start(['--fingerprints', ...OFF]);
});
afterAll(async () => {
  expect(await daemon.client.check()).toEqual([]);
  expect(await daemon.stop()).toBe(0);
  files.remove();
});

/** A file of pages, each filled with its number, twice over. */
function image(name: string, pages: number): string {
  const bytes = Buffer.alloc(pages * PAGE);
  for (let page = 0; page < pages; page++) bytes.fill(page, page * PAGE, (page + 1) * PAGE);
  writeFileSync(files.file(name), bytes);
  return files.file(name);
}

function registered(on: DaemonProcess, ...args: string[]) {
  return on.ksmd('register', ...args, '--key', files.file('key'));
}

async function withGuest(name: string, pages: number, use: () => Promise<void>): Promise<void> {
  await daemon.client.createGuest(name);
  await daemon.client.map(name, 'memory', { pages, address: ADDRESS });
  await use().finally(() => daemon.client.removeGuest(name));
}

function fingerprints(...contents: number[]): Uint8Array {
  const words = new Uint32Array(contents.length * 4);
  for (const [page, content] of contents.entries()) words[page * 4] = content;
  return new Uint8Array(words.buffer);
}

describe('a daemon of fingerprints', () => {
  test('is told by status, in bytes of pages and of what is held', async () => {
    const { memory, fingerprints: held, pageSize } = await daemon.client.status();
    expect(held).toEqual({ frameBytes: 16, oneIn: 1, reservedBytes: 64 * MIB });
    expect(pageSize).toBe(PAGE);
    // Some 84 bytes a page, tables included.
    expect(memory.totalBytes / PAGE).toBeGreaterThan((64 * MIB) / 90);
    expect((await daemon.ksmd('status')).stdout).toMatch(
      /^holds +fingerprints of pages, 16 bytes each\n +64 MiB of real memory with all tables$/m,
    );
    expect(daemon.log.find(({ msg }) => msg === 'memory reserved')).toMatchObject({
      frameBytes: 16,
      pages: memory.totalBytes / PAGE,
    });
    expect(await daemon.client.metrics()).toContain('\nksmd_frame_bytes 16\n');
  });

  test('takes images, and merges what is equal in them', async () => {
    const path = image('twice.img', 256);
    for (const guest of ['a', 'b']) {
      const { stdout, stderr } = await registered(daemon, guest, '--image', path, '--raw');
      expect(stderr).toBe('');
      expect(stdout).toMatch(
        /^.: 256 pages \(1 MiB\) of .*\n {2}as fingerprints, by the key [0-9a-f]{16} in .*key\n$/,
      );
    }
    const { fingerprints: held } = await daemon.client.status();
    expect((await daemon.ksmd('status')).stdout).toContain(`by the key ${held?.keyId}`);
    for (let scan = 0; scan < 3; scan++) await daemon.client.scan(1000);
    expect(await daemon.client.ksm()).toMatchObject({ pages_shared: 256, pages_sharing: 256 });
    expect((await daemon.client.status()).saved).toMatchObject({ pages: 256, bytes: MIB });
    expect((await daemon.ksmd('free', '-h')).stdout).toMatch(/^Saved: +1 MiB$/m);
    expect((await daemon.ksmd('top', '--once')).stdout).toMatch(/^ 1.0m {2}1.0m .* [ab]$/m);
    expect((await daemon.ksmd('guests', 'a')).stdout).toContain('256');
    expect((await daemon.ksmd('explain', 'a', '0x100003000')).stdout).toMatch(
      /^twins +b 0x100003000$/m,
    );
    expect((await daemon.client.pageMap()).guests.map(({ name }) => name)).toEqual(['a', 'b']);
    expect((await daemon.client.report()).sharing).toMatchObject({
      betweenGuestsPages: 255,
      // A page of zeroes is one: image() has page 0 filled with 0.
      zeroPages: 1,
    });
  });

  test('lets guests fork, exec and be advised, which takes no bytes', async () => {
    expect((await daemon.ksmd('fork', 'a', 'child')).status).toBe(0);
    expect((await daemon.ksmd('madvise', 'child', 'dontneed', '--region', 'image')).status).toBe(0);
    expect((await daemon.client.guest('child')).presentPages).toBe(0);
    expect((await daemon.ksmd('exec', 'child')).status).toBe(0);
    await daemon.client.removeGuest('child');
  });

  test('comes back of its snapshot, with its key, and takes no other', async () => {
    const { stderr } = await daemon.ksmd('snapshot', files.file('snapshot'));
    expect(stderr).toBe('');
    const restored = await DaemonProcess.start(['--restore', files.file('snapshot')]);
    try {
      const { fingerprints: held, counters } = await restored.client.status();
      expect(held).toEqual((await daemon.client.status()).fingerprints);
      expect(counters).toMatchObject({ pages_shared: 256, pages_sharing: 256 });
      expect(await restored.client.check()).toEqual([]);
      const other = files.file('other-key');
      const path = image('other.img', 1);
      const refused = await restored.ksmd(
        'register',
        'c',
        '--image',
        path,
        '--raw',
        '--key',
        other,
      );
      expect(refused.stderr).toMatch(
        /^ksmd: EINVAL: the daemon's pages are known by the key .*: none would be equal\. --key/,
      );
      await expect(restored.client.guest('c')).rejects.toThrow(
        expect.objectContaining({ code: 'ENOENT' }),
      );
      for (const name of ['a', 'b']) await restored.client.removeGuest(name);
      // Of no page any more: whichever comes first is its key then.
      expect(
        (await restored.ksmd('register', 'c', '--image', path, '--raw', '--key', other)).status,
      ).toBe(0);
    } finally {
      expect(await restored.stop()).toBe(0);
    }
    const bytes = DaemonProcess.spawn(['--restore', files.file('snapshot'), '--page-size', '16']);
    expect(await bytes.exited).not.toBe(0);
    bytes.directory.remove();
  });
});

describe('what needs bytes is refused, and nothing is left half done', () => {
  test('of the command line', async () => {
    const before = await daemon.client.guests();
    for (const args of [
      ['read', 'a', '0x100000000', '16'],
      ['write', 'a', '0x100000000', '--file', image('page.img', 1)],
      ['ksmpages', 'k', '--size', '1MiB'],
      ['run', 'dirty', '--guest', 'k', '--size', '1MiB'],
      ['run', 'prefork', '--guest', 'k', '--size', '1MiB'],
      ['run', 'launcher', '--guest', 'k', '--size', '1MiB'],
    ]) {
      const { status, stdout, stderr } = await daemon.ksmd(...args);
      expect({ args, status, stdout }).toEqual({ args, status: 1, stdout: '' });
      expect(stderr).toMatch(/^ksmd: ENOTSUP: .* fingerprints of pages, not their bytes: /);
    }
    expect((await daemon.client.guests()).map(({ name }) => name)).toEqual(
      before.map(({ name }) => name),
    );
  });

  test('of the API: bytes in, bytes out, programs', async () => {
    const { client } = daemon;
    await withGuest('g', 1, async () => {
      await expect(client.store('g', ADDRESS, new Uint8Array(PAGE))).rejects.toThrow(ENOTSUP);
      await expect(client.load('g', ADDRESS, 16).next()).rejects.toThrow(ENOTSUP);
      await expect(client.run({ workload: 'dirty', guest: 'g' })).rejects.toThrow(ENOTSUP);
      expect((await client.guest('g')).presentPages).toBe(0);
    });
  });

  test('of a daemon of bytes: fingerprints, and a key', async () => {
    const bytes = await DaemonProcess.start();
    try {
      await bytes.client.createGuest('g');
      await bytes.client.map('g', 'memory', { pages: 1, address: ADDRESS });
      const stored = bytes.client.storeFingerprints('g', ADDRESS, KEY_ID, fingerprints(1));
      await expect(stored).rejects.toThrow(ENOTSUP);
      const unused = files.file('unused');
      const a = ['a', '--image', image('a.img', 1), '--raw', '--key', unused];
      const { stderr } = await bytes.ksmd('register', ...a);
      expect(stderr).toMatch(/^ksmd: EINVAL: the daemon holds bytes of pages: --key is of no use/);
      expect(existsSync(unused)).toBe(false);
    } finally {
      expect(await bytes.stop()).toBe(0);
    }
  });
});

describe('uploads of fingerprints', () => {
  test('are stored page by page, in whatever pieces they come', async () => {
    const { client } = daemon;
    const keyId = (await client.status()).fingerprints?.keyId ?? '';
    const contents = Array.from({ length: 5000 }, (_, page) => 1 + (page % 100));
    const bytes = fingerprints(...contents);
    await withGuest('g', contents.length, async () => {
      const pieces = [7, 9, 16, 1, 40_000, 16 * 100 + 3];
      let at = 0;
      const chunks: Uint8Array[] = [];
      for (let i = 0; at < bytes.length; at += pieces[i++ % pieces.length] ?? 1)
        chunks.push(bytes.subarray(at, at + (pieces[i % pieces.length] ?? 1)));
      await client.storeFingerprints('g', ADDRESS, keyId, { chunks });
      expect((await client.guest('g')).presentPages).toBe(contents.length);
      const before = (await client.status()).saved.pages;
      for (let scan = 0; scan < 3; scan++) await client.scan(100_000);
      expect((await client.status()).saved.pages - before).toBe(contents.length - 100);
    });
  });

  test('are stored into several ranges, one after another', async () => {
    const { client } = daemon;
    const keyId = (await client.status()).fingerprints?.keyId ?? '';
    await withGuest('g', 6, async () => {
      const range = (page: number, pages: number) => ({
        address: ADDRESS + page * 4096,
        length: pages * 4096,
      });
      const bytes = fingerprints(1, 2, 3);
      await client.storeRanges('g', [range(4, 2), range(0, 1)], bytes, keyId);
      const states = [0, 1, 4, 5].map(
        async (page) => (await client.page('g', range(page, 1).address, 0)).state,
      );
      expect(await Promise.all(states)).toEqual(['waiting', 'untouched', 'waiting', 'waiting']);
      await expect(
        client.storeRanges('g', [{ address: ADDRESS, length: 100 }], bytes, keyId),
      ).rejects.toThrow(EINVAL);
    });
  });

  test('are refused in halves, of another key, without one, and where nothing is mapped', async () => {
    const { client } = daemon;
    const keyId = (await client.status()).fingerprints?.keyId ?? '';
    await withGuest('g', 2, async () => {
      const send = (id: string, bytes: Uint8Array, at = ADDRESS) =>
        client.storeFingerprints('g', at, id, bytes);
      await expect(send(keyId, new Uint8Array(17))).rejects.toThrow(EINVAL);
      await expect(send(KEY_ID, fingerprints(1))).rejects.toThrow(EINVAL);
      await expect(send('no key', fingerprints(1))).rejects.toThrow(/16 hex digits/);
      await expect(send(keyId, fingerprints(1), ADDRESS + 1)).rejects.toThrow(EINVAL);
      await expect(send(keyId, fingerprints(1, 2, 3))).rejects.toThrow(
        expect.objectContaining({ code: 'EFAULT' }),
      );
      expect((await client.guest('g')).presentPages).toBe(0);
      const half = { chunks: [new Uint8Array(16).fill(1), new Uint8Array(3)] };
      await expect(client.storeFingerprints('g', ADDRESS, keyId, half)).rejects.toThrow(
        /in the middle of a fingerprint: 16 bytes were stored/,
      );
      const path = `/v1/guests/g/memory?address=${ADDRESS}`;
      for (const [query, header] of [
        ['', FINGERPRINTS],
        [`&key=${keyId}`, 'content-type: application/octet-stream'],
      ])
        expect(
          await daemon.curlJson(`${path}${query}`, '-T', image('p.img', 1), '-H', `${header}`),
        ).toMatchObject({ status: 400, json: { error: { code: 'EINVAL' } } });
    });
  });
});

describe('a sample', () => {
  let sampled: DaemonProcess;
  beforeAll(async () => {
    sampled = await DaemonProcess.start(['--fingerprints', '--sample', '1/16', ...OFF]);
  });
  afterAll(async () => {
    expect(await sampled.client.check()).toEqual([]);
    expect(await sampled.stop()).toBe(0);
  });

  test('has room for more guests, and says everywhere that it is one', async () => {
    const { client } = sampled;
    const all = await daemon.client.status();
    const { memory, fingerprints: held } = await client.status();
    expect(held).toMatchObject({ oneIn: 16 });
    // Twice the frames that are needed for one page in 16.
    expect(memory.totalBytes * 8).toBeGreaterThan(2 * all.memory.totalBytes);
    expect(await client.metrics()).toContain('\nksmd_sample_one_in 16\n');
    for (const [verb, said] of [
      [['status'], /^holds .*\n.*\n +1 page in 16 is held, and counted$/m],
      [['free'], /^Sample: 1 page in 16, which all this is of$/m],
      [['top', '--once'], /, 1 page in 16, as Linux 6.18$/m],
    ] as const)
      expect((await sampled.ksmd(...verb)).stdout).toMatch(said);
    expect(JSON.parse((await sampled.ksmd('free', '--json')).stdout)).toMatchObject({ oneIn: 16 });
  });

  test('is chosen by content: what is equal is there on both sides, at its address', async () => {
    const { client } = sampled;
    const pages = 8192;
    const bytes = Buffer.alloc(pages * PAGE);
    // The last quarter is zeroes.
    for (let page = 0; page < (pages * 3) / 4; page++) bytes.writeUInt32LE(page + 1, page * PAGE);
    writeFileSync(files.file('many.img'), bytes);
    for (const guest of ['a', 'b']) {
      const args = [guest, '--image', files.file('many.img'), '--raw'];
      expect((await registered(sampled, ...args)).stdout).toContain('  1 page in 16 is held; ');
    }
    const [a, b] = await client.guests();
    expect(a?.registeredPages).toBe(pages);
    expect(a?.presentPages).toBe(b?.presentPages);
    // Of pages of zeroes just one in 16 by their place, of others some by chance.
    expect(Math.abs((a?.presentPages ?? 0) - pages / 16)).toBeLessThan(100);
    for (let scan = 0; scan < 3; scan++) await client.scan(100_000);
    const { counters, saved } = await client.status();
    const zeroes = pages / 4 / 16;
    const others = (a?.presentPages ?? 0) - zeroes;
    expect(counters.pages_unshared).toBe(0);
    expect(saved.pages).toBe(others + 2 * zeroes - 1);
    for (const name of ['a', 'b']) await client.removeGuest(name);
  });

  test('a page that comes to be of none of its contents is untouched again', async () => {
    const { client } = sampled;
    const [held, left] = [1, 0xff];
    await client.createGuest('g');
    await client.map('g', 'memory', { pages: 4, address: ADDRESS });
    const store = (...contents: number[]) =>
      client.storeFingerprints('g', ADDRESS, KEY_ID, fingerprints(...contents));
    const present = async () => (await client.guest('g')).presentPages;
    await store(held, held, left, held);
    expect(await present()).toBe(3);
    await store(left, held, held, left);
    expect(await present()).toBe(2);
    expect((await client.page('g', ADDRESS)).state).toBe('untouched');
    await client.removeGuest('g');
  });

  test('has no huge pages, is of fingerprints, and stays what it is in a snapshot', async () => {
    const { client } = sampled;
    await client.createGuest('g');
    const huge = client.map('g', 'huge', { pages: 512, huge: true });
    await expect(huge).rejects.toThrow(/a sample has no huge pages/);
    await client.map('g', 'memory', { pages: 2, address: ADDRESS });
    await client.storeFingerprints('g', ADDRESS, KEY_ID, fingerprints(1, 0xff));
    expect((await sampled.ksmd('snapshot', files.file('sample'))).status).toBe(0);
    await client.removeGuest('g');
    const restored = await DaemonProcess.start(['--restore', files.file('sample')]);
    expect((await restored.client.status()).fingerprints).toMatchObject({ oneIn: 16 });
    expect((await restored.client.guest('g')).presentPages).toBe(1);
    expect(await restored.stop()).toBe(0);
    const other = DaemonProcess.spawn(['--restore', files.file('sample'), '--sample', '1/8']);
    expect(await other.exited).not.toBe(0);
    expect(other.stderr).toContain('the snapshot holds one page in 16, the host one in 8');
    other.directory.remove();
    const bytes = DaemonProcess.spawn(['--sample', '1/8']);
    expect(await bytes.exited).toBe(2);
    expect(bytes.stderr).toContain('--sample goes with --fingerprints');
    bytes.directory.remove();
  });
});

describe.runIf(process.getuid?.() === 0)('processes', () => {
  test('a family by fingerprints comes to the counters of its bytes', async () => {
    const child = spawn(
      process.execPath,
      [AT_WORK, 'advised=512', 'twins=64', 'fork=2', 'rewrite=100'],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [line] = await once(child.stdout, 'data');
    const pids = String(line).trim().split(' ');
    const daemons = await Promise.all([
      DaemonProcess.start(['--fingerprints', ...OFF]),
      DaemonProcess.start(['--memory', '256MiB', ...OFF]),
    ]);
    try {
      // They stand still, so both daemons are given the same.
      for (const pid of pids) process.kill(Number(pid), 'SIGSTOP');
      const seen = [];
      for (const [i, each] of daemons.entries()) {
        const args = pids.flatMap((pid) => ['--pid', pid]);
        const key = i === 0 ? ['--key', files.file('key')] : [];
        expect(await each.ksmd('register', ...args, ...key)).toMatchObject({
          status: 0,
          stderr: '',
        });
        for (let scan = 0; scan < 3; scan++) await each.client.scan(1_000_000);
        const { counters } = await each.client.status();
        const guests = await each.client.guests();
        seen.push({ counters, present: guests.map(({ presentPages }) => presentPages) });
        expect(await each.client.check()).toEqual([]);
      }
      expect(seen[0]).toEqual(seen[1]);
      expect(seen[0]?.counters.pages_sharing).toBeGreaterThan(400);
    } finally {
      for (const pid of pids) process.kill(Number(pid), 'SIGKILL');
      for (const each of daemons) await each.stop();
    }
  });
});
