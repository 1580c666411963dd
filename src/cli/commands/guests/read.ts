/**
 * `ksmd read`: bytes of a guest, raw, as a dump, or as JSON, an object for so many bytes; always as
 * a dump to a terminal.
 */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { hexDump } from '../../terminal/hex-dump.js';
import type { Action } from '../../verb.js';

/** Of an object, at most. */
const OBJECT_BYTES = 4096;

export const action: Action<[string, number, number], { readonly hex?: true }> = async (
  { client, json },
  [guest, address, length],
  { hex = process.stdout.isTTY },
) => {
  const bytes = client.load(guest, address, length);
  const written = json
    ? Readable.from(objects(guest, address, bytes))
    : hex
      ? Readable.from(hexDump(address, bytes))
      : Readable.from(bytes, { objectMode: false });
  await pipeline(written, process.stdout, { end: false });
  return undefined;
};

/** Lines of JSON. */
async function* objects(
  guest: string,
  address: number,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<string, void, undefined> {
  let at = address;
  let rest = Buffer.alloc(0);
  const object = (bytes: Buffer): string => {
    const line = { guest, address: at, hex: bytes.toString('hex') };
    at += bytes.length;
    return `${JSON.stringify(line)}\n`;
  };
  for await (const chunk of chunks) {
    rest = Buffer.concat([rest, chunk]);
    for (; rest.length >= OBJECT_BYTES; rest = rest.subarray(OBJECT_BYTES))
      yield object(rest.subarray(0, OBJECT_BYTES));
  }
  if (rest.length > 0) yield object(rest);
}
