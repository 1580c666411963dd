/** What becomes of a mount whose tree has a fault. */
import { mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Mounts } from '../../../../src/daemon/sysfs/mount/mounts.js';
import { fixedDirectory } from '../../../../src/daemon/sysfs/tree.js';
import { run, TemporaryDirectory } from '../../../daemon-process.js';
import { needs } from '../carriers.js';

test('a fault in an answer is EIO to who asked, is told, and the next is answered', async (context) => {
  await needs(context, 'mount');
  const directory = new TemporaryDirectory();
  const path = join(realpathSync(directory.path), 'sys');
  mkdirSync(path);
  const fault = new TypeError('thrown by a test');
  const faulty = (): string => {
    throw fault;
  };
  const root = fixedDirectory(
    0o755,
    new Map([
      ['faulty', { mode: 0o444, text: faulty }],
      ['sound', { mode: 0o444, text: () => '1\n' }],
    ]),
  );
  const told: unknown[] = [];
  const mounts = await Mounts.make(
    [
      [
        { path, beneath: path },
        { root, fileBytes: 0, ready: async () => {} },
      ],
    ],
    { lost: (lost) => told.push(lost), fault: (error) => told.push(error) },
  );
  try {
    const { stderr } = await run('cat', [join(path, 'faulty')]);
    expect(stderr).toMatch(/Input\/output error\n$/);
    expect(told).toEqual([fault]);
    expect((await run('cat', [join(path, 'sound')])).stdout).toBe('1\n');
    await mounts.settled();
  } finally {
    mounts.remove();
    directory.remove();
  }
});
