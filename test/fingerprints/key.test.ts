import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defaultKeyPath, keyOf } from '../../src/fingerprints/key.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ksmd-key-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('the key of fingerprints', () => {
  it('is made at first use, for its owner alone, and stays', async () => {
    const path = join(folder, 'new', 'key');
    const made = await keyOf(path);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'new'))).mode & 0o777).toBe(0o700);
    expect(Buffer.from((await keyOf(path)).bytes)).toEqual(Buffer.from(made.bytes));
  });

  it('is one, of any number who make it at once', async () => {
    const keys = await Promise.all(Array.from({ length: 20 }, () => keyOf(join(folder, 'key'))));
    expect(new Set(keys.map(({ id }) => id)).size).toBe(1);
  });

  it('is not in its id', async () => {
    const path = join(folder, 'key');
    const { id } = await keyOf(path);
    expect(id).toMatch(/^[0-9a-f]{16}$/);
    expect(await readFile(path, 'latin1')).not.toContain(id);
  });

  it('is refused when others may read it, when it is none, and when it is no file', async () => {
    const path = join(folder, 'key');
    await keyOf(path);
    await chmod(path, 0o640);
    await expect(keyOf(path)).rejects.toThrow(/may be read by others: chmod 600/);
    await writeFile(join(folder, 'short'), 'abc\n', { mode: 0o600 });
    await expect(keyOf(join(folder, 'short'))).rejects.toThrow(/holds no key: 64 hex digits/);
    await expect(keyOf(folder)).rejects.toThrow(/is no file|may be read by others/);
    await expect(keyOf('/proc/1/no/such')).rejects.toMatchObject({ name: 'KsmdError' });
  });

  it('is where a user keeps what is configured', () => {
    expect(defaultKeyPath({ XDG_CONFIG_HOME: '/some/where' })).toBe('/some/where/ksmd/key');
    expect(defaultKeyPath({ XDG_CONFIG_HOME: 'relative' })).toMatch(/\/\.config\/ksmd\/key$/);
  });
});
