/** `ksmd read`: bytes of a guest, raw or as a dump; always as a dump to a terminal. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { hexDump } from '../../terminal/hex-dump.js';
import type { Action } from '../../verb.js';

export const action: Action<[string, number, number], { readonly hex?: true }> = async (
  { client },
  [guest, address, length],
  { hex = process.stdout.isTTY },
) => {
  const bytes = client.load(guest, address, length);
  await pipeline(
    hex ? Readable.from(hexDump(address, bytes)) : Readable.from(bytes, { objectMode: false }),
    process.stdout,
    { end: false },
  );
  return undefined;
};
