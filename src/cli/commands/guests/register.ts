/** `ksmd register`: a guest with the memory of a live process, of a file, or with none yet. */
import { InvalidArgumentError } from 'commander';
import { hex } from '../../../hex.js';
import { openImage } from '../../../sources/images/open-image.js';
import { count, size } from '../../terminal/wording.js';
import type { Action, Session } from '../../verb.js';
import { registerProcess } from './register-process.js';
import { registerSource } from './register-source.js';
import { withNewGuest } from './with-new-guest.js';

/** Where a machine's memory goes, which begins at 0. */
const FIRST_ADDRESS = 0x100000000;

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

type PlacedImage = Omit<Placed, 'huge'> & { readonly huge?: boolean };

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
  { address, huge = false }: PlacedImage,
  node: number | undefined,
): Promise<void> {
  const source = await openImage(path);
  try {
    const { firstAddress, regions, presentBytes } = await registerSource(client, guest, source, {
      offset: address ?? (source.addresses === 'physical' ? FIRST_ADDRESS : 0),
      huge,
      node,
    });
    const where = regions === 1 ? `at ${hex(firstAddress)}` : `in ${count(regions, 'region')}`;
    print(
      `${guest}: ${count(presentBytes / source.pageSize, 'page')} (${size(presentBytes)}) of ` +
        `${path} ${where} (${source.title})`,
    );
  } finally {
    await source.close();
  }
}
