/** `ksmd snapshot`: an image of all guests into a file, whole or not at all. */
import { randomUUID } from 'node:crypto';
import { open, rename, rm, stat } from 'node:fs/promises';
import { Argument } from 'commander';
import { BrokenConnectionError } from '../client/errors.js';
import { LocalError } from './failures.js';
import { Progress } from './progress.js';
import { verb } from './verb.js';
import { size } from './wording.js';

export const snapshot = verb<[string], object>({
  name: 'snapshot',
  summary: 'write an image of all guests and tunables while they run',
  arguments: [new Argument('<file>', 'an older file of that name is replaced once the new one is whole')],
  examples: ['ksmd snapshot host.snap && ksmd start --restore host.snap'],
  run: async ({ client, print }, [path]) => {
    if ((await stat(path).catch(() => undefined))?.isDirectory()) throw new LocalError('EISDIR', `${path} is a directory: name a file`);
    // A name of its own: two runs may write at once, and the last one whole stands.
    const partial = `${path}.${randomUUID()}.part`;
    const file = await open(partial, 'wx', 0o600);
    let progress: Progress | undefined;
    let length = 0;
    let written = 0;
    try {
      const image = await client.snapshot();
      length = image.length;
      progress = new Progress(path, length);
      for await (const chunk of progress.watch(image.chunks)) {
        await file.write(chunk);
        written += chunk.length;
      }
      if (written !== length) throw new BrokenConnectionError(`the snapshot broke off after ${written} of ${length} bytes`);
      await file.sync();
      await file.close();
      await rename(partial, path);
    } catch (error) {
      await file.close();
      await rm(partial, { force: true });
      throw error;
    } finally {
      progress?.end();
    }
    print(`${path}: ${size(length)}`);
    return undefined;
  },
});
