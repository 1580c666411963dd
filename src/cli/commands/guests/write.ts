/** `ksmd write`: bytes into a guest, from a file or standard input. */
import { open } from 'node:fs/promises';
import { Argument, Option } from 'commander';
import { KsmdError } from '../../../errors.js';
import { fileChunks } from '../../../sources/file-chunks.js';
import { parseBytes } from '../../values.js';
import { verb } from '../../verb.js';

export const write = verb<[string, number], { readonly file?: string }>({
  name: 'write',
  summary: "store bytes into a guest's memory",
  arguments: [
    new Argument('<guest>'),
    new Argument('<address>', 'bytes, like 0x100000000').argParser(parseBytes),
  ],
  options: [new Option('--file <file>', 'the bytes to store (default: standard input)')],
  examples: [
    'echo hello | ksmd write web 0x100000000',
    'ksmd write vm1 0x100000000 --file page.bin',
  ],
  hints: { ENOENT: "'ksmd guests' lists them", EFAULT: "'ksmd guests GUEST' lists its regions" },
  run: async ({ client }, [guest, address], { file: path }) => {
    if (path === undefined) {
      await client.store(guest, address, { chunks: process.stdin });
      return undefined;
    }
    const file = await open(path);
    try {
      const stat = await file.stat();
      if (!stat.isFile()) throw new KsmdError('EINVAL', `${path} is no regular file`);
      await client.store(guest, address, {
        length: stat.size,
        chunks: fileChunks(file, stat.size),
      });
    } finally {
      await file.close();
    }
    return undefined;
  },
});
