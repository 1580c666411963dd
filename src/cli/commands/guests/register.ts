/** `ksmd register`: a guest with the memory of a live process, of a file, or with none yet. */
import { InvalidArgumentError } from 'commander';
import { KsmdError } from '../../../errors.js';
import { hex } from '../../../hex.js';
import { fileChunks } from '../../../sources/file-chunks.js';
import { openRegularFile } from '../../../sources/regular-file.js';
import { Progress } from '../../terminal/progress.js';
import { count, size } from '../../terminal/wording.js';
import type { Action, Session } from '../../verb.js';
import { registerProcess } from './register-process.js';
import { withNewGuest } from './with-new-guest.js';

interface RegisterOptions {
  readonly pid?: number;
  readonly image?: string;
  readonly pages?: number;
  readonly address?: number;
  readonly huge?: true;
  readonly node?: number;
}

/** Where its region goes, and whether it is advised to huge pages. */
type Placed = Pick<RegisterOptions, 'address' | 'huge'>;

export const action: Action<[string], RegisterOptions> = async (
  session,
  [guest],
  { pid, image, pages, address, huge, node },
) => {
  if ([pid, image, pages].filter((way) => way !== undefined).length !== 1)
    throw new InvalidArgumentError('register takes one of --pid, --image and --pages');
  if (pid !== undefined) {
    if (address !== undefined)
      throw new InvalidArgumentError(
        '--pid keeps the addresses of the process: leave out --address',
      );
    if (huge !== undefined)
      throw new InvalidArgumentError('--huge goes with --image or --pages, not with --pid');
    await registerProcess(session, guest, pid, node);
    return undefined;
  }
  const placed = {
    ...(address === undefined ? {} : { address }),
    ...(huge === undefined ? {} : { huge }),
  };
  if (image !== undefined) await registerImage(session, guest, image, placed, node);
  else await registerEmpty(session, guest, pages ?? 0, placed, node);
  return undefined;
};

async function registerEmpty(
  { client, print }: Session,
  guest: string,
  pages: number,
  placed: Placed,
  node: number | undefined,
): Promise<void> {
  const region = await withNewGuest(
    client,
    guest,
    () => client.map(guest, 'memory', { pages, ...placed }),
    node,
  );
  print(`${guest}: ${count(pages, 'untouched page')} at ${hex(region.address)}`);
}

async function registerImage(
  { client, print }: Session,
  guest: string,
  path: string,
  placed: Placed,
  node: number | undefined,
): Promise<void> {
  const { file, length } = await openRegularFile(path);
  try {
    if (length === 0) throw new KsmdError('EINVAL', `${path} is empty`);
    const { pageSize } = await client.status();
    // What the last page has beyond the file's end reads as zeroes, as all untouched memory does.
    const pages = Math.ceil(length / pageSize);
    const region = await withNewGuest(
      client,
      guest,
      () => client.map(guest, 'image', { pages, ...placed }),
      node,
    );
    const progress = new Progress(guest, length);
    try {
      await client.store(guest, region.address, {
        length,
        chunks: progress.watch(fileChunks(file, length)),
      });
    } finally {
      progress.end();
    }
    print(
      `${guest}: ${count(pages, 'page')} (${size(length)}) of ${path} at ${hex(region.address)}`,
    );
  } finally {
    await file.close();
  }
}
