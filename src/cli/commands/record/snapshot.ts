/** `ksmd snapshot`: an image of all guests into a file, whole or not at all. */
import { Argument } from 'commander';
import { KsmdError } from '../../../errors.js';
import { Progress } from '../../terminal/progress.js';
import { size } from '../../terminal/wording.js';
import { verb } from '../../verb.js';
import { writeWhole } from './whole-file.js';

export const snapshot = verb<[string], object>({
  name: 'snapshot',
  summary: 'write an image of all guests and tunables while they run',
  arguments: [
    new Argument('<file>', 'an older file of that name is replaced once the new one is whole'),
  ],
  examples: ['ksmd snapshot host.snap && ksmd start --restore host.snap'],
  run: async ({ client, print }, [path]) => {
    const length = await writeWhole(path, async (file) => {
      const image = await client.snapshot();
      const progress = new Progress(path, image.length);
      let written = 0;
      try {
        for await (const chunk of progress.watch(image.chunks)) {
          await file.write(chunk);
          written += chunk.length;
        }
      } finally {
        progress.end();
      }
      if (written !== image.length)
        throw new KsmdError(
          'ECONNRESET',
          `the snapshot broke off after ${written} of ${image.length} bytes`,
        );
      return image.length;
    });
    print(`${path}: ${size(length)}`);
    return undefined;
  },
});
