/** `ksmd snapshot`: an image of all guests into a file, whole or not at all. */
import { KsmdError } from '../../../errors.js';
import { size } from '../../../wording/amounts.js';
import { Progress } from '../../terminal/progress.js';
import type { Action } from '../../verb.js';
import { type FileKind, writeWhole } from './whole-file.js';

/** Of any version. */
const SNAPSHOT: FileKind = {
  what: 'snapshot',
  mode: 0o600,
  isBegunBy: (head) => head.startsWith('KSMDSNP'),
};

export const action: Action<[string], object> = async (
  { client, json, print, printJson },
  [path],
) => {
  const length = await writeWhole(path, SNAPSHOT, async (file) => {
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
  if (json) printJson({ file: path, bytes: length });
  else print(`${path}: ${size(length)}`);
  return undefined;
};
