/** What is in an lz4 file: frames of blocks, which may copy from the 64 KiB before them. */
import xxhash from 'xxhash-wasm';
import { Fields } from '../fields.js';
import type { Forward } from '../forward.js';
import { malformed } from '../malformed.js';
import { unlz4 } from './lz4-block.js';

const MAGIC = 0x184d2204;
/** Any of sixteen: a frame for others to read. */
const SKIPPABLE = 0x184d2a5;
const HISTORY_BYTES = 64 * 1024;
const STORED = 0x80000000;

/** Rejects with EINVAL if it is damaged or cut. */
export async function* unlz4ed(packed: Forward): AsyncGenerator<Uint8Array, void, undefined> {
  for (;;) {
    const start = packed.position;
    const magic = await packed.upTo(4);
    if (magic.length === 0) return;
    if (magic.length < 4) throw malformed(packed.path, 'cut short within an lz4 frame', start);
    const first = new Fields(magic, true).u32(0);
    if (first >>> 4 === SKIPPABLE) {
      const size = new Fields(await packed.take(4, 'an lz4 frame'), true).u32(0);
      await packed.skip(size, 'the end of an lz4 frame');
    } else if (first === MAGIC) yield* frame(packed, start);
    else throw malformed(packed.path, 'no lz4 frame where one is due', start);
  }
}

async function* frame(packed: Forward, start: number): AsyncGenerator<Uint8Array, void, undefined> {
  const { path } = packed;
  const { create32 } = await xxhash();
  const [flags = 0, sizes = 0] = await packed.take(2, 'an lz4 frame');
  const bit = (mask: number): boolean => (flags & mask) !== 0;
  if (flags >> 6 !== 1) throw malformed(path, 'an lz4 frame of no known version', start);
  if (bit(1)) throw malformed(path, 'an lz4 frame with a dictionary', start);
  const sizeCode = (sizes >> 4) & 7;
  if (sizeCode < 4) throw malformed(path, 'an lz4 frame of blocks of no known size', start);
  const blockBytes = 2 ** (8 + 2 * sizeCode);
  await packed.skip((bit(8) ? 8 : 0) + 1, 'the blocks of an lz4 frame');
  const linked = !bit(0x20);
  const blocksChecked = bit(0x10);
  const checksum = bit(4) ? create32() : undefined;

  const out = new Uint8Array(HISTORY_BYTES + blockBytes);
  let history = 0;
  for (;;) {
    const blockAt = packed.position;
    const word = new Fields(await packed.take(4, 'an lz4 block'), true).u32(0);
    if (word === 0) break;
    const size = word % STORED;
    if (size > blockBytes) throw malformed(path, `an lz4 block of ${size} bytes`, blockAt);
    const block = await packed.take(size, 'an lz4 block');
    if (blocksChecked && !(await agrees(packed, create32().update(block).digest())))
      throw malformed(path, 'a checksum that does not agree with its lz4 block', blockAt);
    let unpacked: Uint8Array;
    if (word >= STORED) unpacked = block;
    else {
      const end = unlz4(block, out.subarray(0, history + blockBytes), history);
      if (end === undefined) throw malformed(path, 'a damaged lz4 block', blockAt);
      unpacked = out.slice(history, end);
    }
    checksum?.update(unpacked);
    if (linked) history = remember(out, history, unpacked);
    if (unpacked.length > 0) yield unpacked;
  }
  if (checksum !== undefined && !(await agrees(packed, checksum.digest())))
    throw malformed(path, 'a checksum that does not agree with its lz4 frame', packed.position - 4);
}

async function agrees(packed: Forward, digest: number): Promise<boolean> {
  return new Fields(await packed.take(4, 'an lz4 checksum'), true).u32(0) === digest;
}

/** The last 64 KiB, at the beginning of `out`. How many there are. */
function remember(out: Uint8Array, history: number, unpacked: Uint8Array): number {
  const kept = Math.min(history, Math.max(0, HISTORY_BYTES - unpacked.length));
  out.copyWithin(0, history - kept, history);
  const added = unpacked.subarray(Math.max(0, unpacked.length - HISTORY_BYTES));
  out.set(added, kept);
  return kept + added.length;
}
