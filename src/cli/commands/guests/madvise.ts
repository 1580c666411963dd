/** `ksmd madvise`: advice on a guest's pages, as programs give it to the kernel. */
import { Argument, InvalidArgumentError, Option } from 'commander';
import type { Advice } from '../../../protocol/guests.js';
import { parseBytes } from '../../values.js';
import { verb } from '../../verb.js';

interface MadviseOptions {
  readonly region?: string;
  readonly address?: number;
  readonly length?: number;
}

export const madvise = verb<[string, Advice], MadviseOptions>({
  name: 'madvise',
  summary: 'advise pages mergeable, unmergeable or dontneed',
  arguments: [
    new Argument('<guest>'),
    new Argument('<advice>').choices(['mergeable', 'unmergeable', 'dontneed']),
  ],
  options: [
    new Option('--region <region>', 'a whole region'),
    new Option('--address <address>', 'first byte, at the beginning of a page').argParser(
      parseBytes,
    ),
    new Option('--length <length>', 'bytes, whole pages of them').argParser(parseBytes),
  ],
  examples: [
    'ksmd madvise web unmergeable --region memory',
    'ksmd madvise web dontneed --address 0x100000000 --length 64KiB',
  ],
  hints: {
    ENOENT: "'ksmd guests GUEST' lists its regions",
    EFAULT: "'ksmd guests GUEST' lists its regions",
  },
  run: async ({ client }, [guest, advice], { region, address, length }) => {
    if (region !== undefined && address === undefined && length === undefined)
      await client.madvise(guest, advice, { region });
    else if (region === undefined && address !== undefined && length !== undefined)
      await client.madvise(guest, advice, { address, length });
    else throw new InvalidArgumentError('madvise takes either --region, or --address and --length');
    return undefined;
  },
});
