/** The machine's page size is asked of the kernel, not presumed. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { hostPageSize } from '../../src/sources/host-page-size.js';

test('it is what getconf says', () => {
  expect(hostPageSize()).toBe(Number(execFileSync('getconf', ['PAGESIZE'], { encoding: 'utf8' })));
});

test('a machine of larger pages is believed, one that does not say is refused', () => {
  const directory = mkdtempSync(join(tmpdir(), 'ksmd-auxv-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'auxv');
  const vector = (...numbers: bigint[]): void => writeFileSync(path, new BigUint64Array(numbers));
  vector(16n, 0xbfebfbffn, 6n, 65536n, 0n, 0n);
  expect(hostPageSize(path)).toBe(65536);
  vector(16n, 0xbfebfbffn, 0n, 0n);
  expect(() => hostPageSize(path)).toThrow(/does not say how large/);
});
