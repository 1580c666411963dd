/** `ksmd madvise`: advice on a guest's pages, as programs give it to the kernel. */
import { InvalidArgumentError } from 'commander';
import type { Advice } from '../../../names.js';
import type { Action } from '../../verb.js';

interface MadviseOptions {
  readonly region?: string;
  readonly address?: number;
  readonly length?: number;
}

export const action: Action<[string, Advice], MadviseOptions> = async (
  { client },
  [guest, advice],
  { region, address, length },
) => {
  if (region !== undefined && address === undefined && length === undefined)
    await client.madvise(guest, advice, { region });
  else if (region === undefined && address !== undefined && length !== undefined)
    await client.madvise(guest, advice, { address, length });
  else throw new InvalidArgumentError('madvise takes either --region, or --address and --length');
  return undefined;
};
