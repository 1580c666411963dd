/**
 * An image of memory, whatever its format: what is in the file says which. Nothing of it is
 * believed before it has been looked at, and a wrapping may have anything in it but a tower of
 * wrappings.
 */
import { KsmdError } from '../../errors.js';
import type { Source } from '../source.js';
import { formatOf, HEAD_BYTES } from './formats.js';
import { type Input, openInput } from './input.js';
import { openRaw } from './raw.js';

const MOST_WRAPPINGS = 3;

export interface ImageOptions {
  /** The bytes as they are, whatever they look like. */
  readonly raw?: boolean;
}

/**
 * A file, a pipe, or standard input, which is `-`. EINVAL if it is none that can be read: the
 * message names the place, or the tool that converts it.
 */
export async function openImage(path: string, { raw = false }: ImageOptions = {}): Promise<Source> {
  let input = await openInput(path);
  try {
    if (raw) return await openRaw(input);
    for (;;) {
      const format = await formatOf(path, await headOf(input));
      if (format === undefined) return await openRaw(input);
      if ('open' in format) return await format.open(input);
      input = await format.unwrap(input);
      if (input.wrappings.length > MOST_WRAPPINGS)
        throw new KsmdError('EINVAL', `${path} is packed more than ${MOST_WRAPPINGS} times over`);
    }
  } catch (error) {
    await input.close();
    throw error;
  }
}

async function headOf({ path, file, forward }: Input): Promise<Uint8Array> {
  const head =
    file === undefined
      ? await forward.peek(HEAD_BYTES)
      : await file.read(0, Math.min(HEAD_BYTES, file.length), 'its beginning');
  if (head.length === 0) throw new KsmdError('EINVAL', `${path} is empty`);
  return head;
}
