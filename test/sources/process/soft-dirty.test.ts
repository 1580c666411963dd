/** Whether a kernel has soft-dirty bits, by what its files say of a stack; who may clear them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { assertSoftDirty, clearSoftDirty } from '../../../src/sources/process/soft-dirty.js';

const folder = mkdtempSync(join(tmpdir(), 'ksmd-soft-dirty-'));
afterAll(() => rmSync(folder, { recursive: true }));

const PRESENT = 1n << 63n;
const SOFT_DIRTY = 1n << 55n;
const NO_PROCESS = 2 ** 22 + 1;

/** What the kernel has in /proc/self of a process with a stack of these entries. */
function proc(name: string, entries: readonly bigint[]): string {
  const path = join(folder, name);
  mkdirSync(path);
  const maps = ['0000-1000 r-xp 0 0:0 0 /bin/cat', '2000-5000 rw-p 0 0:0 0      [stack]', ''];
  writeFileSync(join(path, 'maps'), maps.join('\n'));
  writeFileSync(join(path, 'pagemap'), new BigUint64Array(entries));
  return path;
}

test('a kernel that shows a written stack as unwritten has no soft-dirty bits', () => {
  const none = proc('none', [SOFT_DIRTY, SOFT_DIRTY, 0n, PRESENT, PRESENT, SOFT_DIRTY]);
  expect(() => assertSoftDirty(none)).toThrow(/ENOTSUP|CONFIG_MEM_SOFT_DIRTY/);
  expect(() =>
    assertSoftDirty(proc('one', [0n, 0n, 0n, PRESENT, PRESENT | SOFT_DIRTY])),
  ).not.toThrow();
});

test('bits of a process that is not there cannot be cleared', async () => {
  await expect(clearSoftDirty(NO_PROCESS)).rejects.toMatchObject({ code: 'ESRCH' });
});
