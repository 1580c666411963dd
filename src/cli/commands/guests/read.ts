/** `ksmd read`: bytes of a guest, raw or as a dump. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Argument, Option } from 'commander';
import { hexDump } from '../../terminal/hex-dump.js';
import { parseBytes } from '../../values.js';
import { verb } from '../../verb.js';

export const read = verb<[string, number, number], { readonly hex?: true }>({
  name: 'read',
  summary: "print bytes of a guest's memory",
  arguments: [
    new Argument('<guest>'),
    new Argument('<address>', 'bytes, like 0x100000000').argParser(parseBytes),
    new Argument('<length>', 'bytes, like 4096 or 64KiB').argParser(parseBytes),
  ],
  options: [new Option('--hex', 'as a dump in hexadecimal')],
  examples: ['ksmd read web 0x100000000 64 --hex', 'ksmd read vm1 0x100000000 64MiB > vm1.mem'],
  hints: { ENOENT: "'ksmd guests' lists them", EFAULT: "'ksmd guests GUEST' lists its regions" },
  run: async ({ client }, [guest, address, length], { hex }) => {
    const bytes = client.load(guest, address, length);
    await pipeline(
      hex ? Readable.from(hexDump(address, bytes)) : Readable.from(bytes, { objectMode: false }),
      process.stdout,
      { end: false },
    );
    return undefined;
  },
});
