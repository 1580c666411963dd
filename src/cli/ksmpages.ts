/** `ksmd ksmpages`: a guest that writes what the kernel's own KSM benchmark wrote. */
import { Argument, Option } from 'commander';
import { LocalError } from './failures.js';
import { ksmPages } from './ksmpages-content.js';
import { Progress } from './progress.js';
import { parseBytes, parseCount } from './values.js';
import { verb } from './verb.js';
import { withNewGuest } from './with-new-guest.js';
import { count, hex, size as inWords } from './wording.js';

interface KsmPagesOptions {
  readonly size: number;
  readonly best?: true;
  readonly seed: number;
}

export const ksmpages = verb<[string], KsmPagesOptions>({
  name: 'ksmpages',
  summary: 'register a guest and fill it with the worst (or best) case for KSM',
  arguments: [new Argument('<guest>')],
  options: [
    new Option('--size <size>', 'bytes, whole pages of them').argParser(parseBytes).default(64 * 2 ** 20, '64MiB'),
    new Option('--best', 'pages that are all the same, instead of all different'),
    new Option('--seed <n>', 'number of the first page: guests of one seed hold the same pages').argParser(parseCount).default(0),
  ],
  examples: ['ksmd ksmpages a && ksmd ksmpages b', 'ksmd ksmpages c --best --size 16MiB'],
  hints: { EEXIST: "choose another name, or 'ksmd unregister' it first", ENOMEM: "what was stored stays; 'ksmd unregister' gives it back" },
  run: async ({ client, print }, [guest], { size, best, seed }) => {
    const { pageSize } = await client.status();
    if (size === 0 || size % pageSize !== 0) throw new LocalError('EINVAL', `${size} bytes are no whole number of pages of ${pageSize}`);
    const pages = size / pageSize;
    const region = await withNewGuest(client, guest, () => client.map(guest, 'memory', { pages }));
    const progress = new Progress(guest, size);
    try {
      const chunks = ksmPages({ pages, pageSize, best: best ?? false, seed });
      await client.store(guest, region.address, { length: size, chunks: progress.watch(chunks) });
    } finally {
      progress.end();
    }
    print(`${guest}: ${count(pages, 'page')} (${inWords(size)}) written at ${hex(region.address)}`);
    return undefined;
  },
});
