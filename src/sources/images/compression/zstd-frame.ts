/** The header of a zstd frame (RFC 8878): how much is in it, and what memory it takes to unpack. */
import { Fields } from '../fields.js';
import { malformed } from '../malformed.js';

export interface FrameHeader {
  /** Of the header, without the magic. */
  readonly bytes: number;
  readonly windowBytes: number;
  /** What is in it, if it says. */
  readonly contentBytes: number | undefined;
  /** Four bytes of XXH64 follow the last block. */
  readonly checked: boolean;
}

/** Of what follows the magic. EINVAL if it is cut, or needs a dictionary. */
export function frameHeader(head: Uint8Array, path: string, position: number): FrameHeader {
  const descriptor = head[0] ?? 0;
  const sizeCode = descriptor >> 6;
  const single = (descriptor & 0x20) !== 0;
  if ((descriptor & 8) !== 0) throw malformed(path, 'a zstd frame of no known kind', position);
  if ((descriptor & 3) !== 0) throw malformed(path, 'a zstd frame with a dictionary', position);
  const sizeAt = single ? 1 : 2;
  const bytes = sizeAt + (sizeCode === 0 ? (single ? 1 : 0) : 2 ** sizeCode);
  if (head.length < bytes) throw malformed(path, 'cut short within a zstd frame', position);
  const fields = new Fields(head, true);
  const contentBytes = [
    () => (single ? head[1] : undefined),
    () => fields.u16(sizeAt) + 256,
    () => fields.u32(sizeAt),
    () => fields.u64(sizeAt),
  ][sizeCode]?.();
  return {
    bytes,
    windowBytes: single ? (contentBytes ?? 0) : windowOf(head[1] ?? 0),
    contentBytes,
    checked: (descriptor & 4) !== 0,
  };
}

function windowOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}
