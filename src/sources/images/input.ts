/**
 * What an image is read from: a file, which can be read anywhere and may have holes, or a stream,
 * out of a pipe or a decompressor, which comes once and in order.
 */
import { open, stat } from 'node:fs/promises';
import { KsmdError } from '../../errors.js';
import { openRegularFile } from '../regular-file.js';
import { type Bytes, FileBytes, ForwardBytes, type Stored } from './bytes.js';
import { Forward } from './forward.js';
import { Holes } from './holes.js';

/** What st_blocks counts in. */
const BLOCK_BYTES = 512;
const READ_AHEAD_BYTES = 1024 * 1024;

export interface Input {
  /** As the user has named it. */
  readonly path: string;
  /** All of it, if it can be read anywhere. */
  readonly file: Stored | undefined;
  /** It has holes, and nothing can tell where: they are read as zeroes. */
  readonly holesUnseen: boolean;
  /** What it was unpacked from, the outermost first: `gzip`. */
  readonly wrappings: readonly string[];
  readonly bytes: Bytes;
  readonly forward: Forward;
  close(): Promise<void>;
}

/** What an input has come out of, and what that is called. */
interface Within {
  readonly input: Input;
  readonly wrapping: string;
}

/** `-` is standard input; a pipe is waited for. EINVAL if it is neither a pipe nor a file. */
export async function openInput(path: string): Promise<Input> {
  if (path === '-') return streamInput(path, process.stdin);
  const stats = await stat(path);
  if (stats.isFIFO()) {
    const handle = await open(path);
    return streamInput(path, handle.createReadStream({ highWaterMark: READ_AHEAD_BYTES }));
  }
  if (!stats.isFile()) throw new KsmdError('EINVAL', `${path} is neither a file nor a pipe`);
  const { file, length } = await openRegularFile(path);
  const sparse = stats.blocks * BLOCK_BYTES < length;
  const holes = sparse ? await Holes.of(file.fd).catch(() => undefined) : undefined;
  return {
    ...storedInput(path, new FileBytes(path, file, length, holes)),
    holesUnseen: sparse && holes === undefined,
  };
}

/** What can be read anywhere, out of another input if `within` says so. */
export function storedInput(path: string, bytes: Stored, within?: Within): Input {
  const forward = new Forward(path, bytes.chunks());
  return {
    path,
    file: bytes,
    holesUnseen: false,
    wrappings: wrappingsOf(within),
    bytes,
    forward,
    close: async () => {
      await forward.close();
      await bytes.close();
      await within?.input.close();
    },
  };
}

/** What a stream brings, which has come out of another one if `within` says so. */
export function streamInput(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  within?: Within,
): Input {
  const forward = new Forward(path, chunks);
  return {
    path,
    file: undefined,
    holesUnseen: false,
    wrappings: wrappingsOf(within),
    bytes: new ForwardBytes(forward),
    forward,
    close: async () => {
      await forward.close();
      await within?.input.close();
    },
  };
}

function wrappingsOf(within: Within | undefined): readonly string[] {
  return within === undefined ? [] : [...within.input.wrappings, within.wrapping];
}

/** What a source calls itself: `ELF core in gzip`. */
export function titled(format: string, { wrappings, holesUnseen }: Input): string {
  const packed = [format, ...wrappings.toReversed()].join(' in ');
  return holesUnseen
    ? `${packed}; its holes are read as zeroes: koffi, which finds them, is not installed`
    : packed;
}
