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
  const input = await openInput(path);
  try {
    return raw ? await openRaw(input) : await openRecognised(input);
  } catch (error) {
    await input.close();
    throw error;
  }
}

/** Of what is in a wrapping too. */
export async function openRecognised(input: Input): Promise<Source> {
  const { path, file, forward, wrappings } = input;
  if (wrappings.length > MOST_WRAPPINGS)
    throw new KsmdError('EINVAL', `${path} is packed more than ${MOST_WRAPPINGS} times over`);
  const head =
    file === undefined
      ? await forward.peek(HEAD_BYTES)
      : await file.read(0, Math.min(HEAD_BYTES, file.length), 'its beginning');
  if (head.length === 0) throw new KsmdError('EINVAL', `${path} is empty`);
  const open = (await formatOf(path, head)) ?? openRaw;
  return await open(input);
}
