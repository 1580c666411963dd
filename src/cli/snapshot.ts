/** `ksmd snapshot`: an image of all guests into a file, whole or not at all. */
import { open, rename, rm } from 'node:fs/promises';
import { Argument } from 'commander';
import { BrokenConnectionError } from '../client/errors.js';
import { Progress } from './progress.js';
import { verb } from './verb.js';
import { size } from './wording.js';

export const snapshot = verb<[string], object>({
  name: 'snapshot',
  summary: 'write an image of all guests and tunables while they run',
  arguments: [new Argument('<file>', 'an older file of that name is replaced once the new one is whole')],
  examples: ['ksmd snapshot host.snap && ksmd start --restore host.snap'],
  run: async ({ client, print }, [path]) => {
    const { length, chunks } = await client.snapshot();
    const partial = `${path}.part`;
    const file = await open(partial, 'w');
    const progress = new Progress(path, length);
    let written = 0;
    try {
      for await (const chunk of progress.watch(chunks)) {
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
      progress.end();
    }
    print(`${path}: ${size(length)}`);
    return undefined;
  },
});
