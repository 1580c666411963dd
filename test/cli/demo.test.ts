import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ksmd, TemporaryDirectory } from '../daemon-process.js';

test('the demo merges two guests, proves that nothing is lost, and leaves nothing behind', async () => {
  const directory = new TemporaryDirectory();
  const { status, stdout, stderr } = await ksmd(['demo', '--size', '2MiB'], { env: { TMPDIR: directory.path } });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toContain('every byte is as it was written');
  expect(stdout).toMatch(/^Saved: 512 pages, 2 MiB/m);
  expect(readdirSync(directory.path)).toEqual([]);
  directory.remove();
});
