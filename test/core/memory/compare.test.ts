/**
 * Comparing pages and taking their checksums: as Buffer.compare and XXH64 have it, wherever two
 * pages differ.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import xxhash from 'xxhash-wasm';
import { checksum } from '../../../src/machine/checksum.js';
import { SharedMemory } from '../../../src/machine/memory.js';
import { HOLDER_API } from '../../../src/machine/pte.js';
import { xxh64 } from './xxh64.js';

const PAGE_SIZES = [16, 32, 64, 128, 4096, 65536];
const A = 1;
const B = 2;

class TwoPages {
  readonly memory: SharedMemory;
  readonly a: Uint8Array;
  readonly b: Uint8Array;

  constructor(readonly pageSize: number) {
    this.memory = SharedMemory.create(
      { memoryBytes: 4 * pageSize, pageSize, guestPages: 1, maxGuests: 1, maxRegions: 1 },
      HOLDER_API,
    );
    this.a = this.memory.u8.subarray(this.memory.frameByte(A), this.memory.frameByte(A) + pageSize);
    this.b = this.memory.u8.subarray(this.memory.frameByte(B), this.memory.frameByte(B) + pageSize);
  }

  /** Equal random pages up to `at`, where `a` is less; random and unrelated behind it. */
  differFrom(at: number, seed: number): void {
    fillRandom(this.a, seed);
    fillRandom(this.b, seed + 1);
    this.b.set(this.a.subarray(0, at));
    this.a[at] &= 0xfe;
    this.b[at] = this.a[at] + 1;
  }

  compare(from: number): number {
    return this.memory.core.framesMismatch(A, B, from);
  }
}

/** Same seed, same bytes. */
function fillRandom(bytes: Uint8Array, seed: number): void {
  let state = Math.imul(seed, 0x9e3779b1) | 1;
  for (let i = 0; i < bytes.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[i] = state;
  }
}

test('the mismatch of two pages is the first byte in which they differ, at each of 4096 positions, either way round and from any hint', () => {
  const pages = new TwoPages(4096);
  const { core } = pages.memory;
  for (let at = 0; at < 4096; at++) {
    pages.differFrom(at, at);
    const hints = [0, at, Math.max(0, at - 1), at >> 1, at & ~63, at & ~15];
    const found = [
      ...hints.map((from) => core.framesMismatch(A, B, from)),
      ...hints.map((from) => core.framesMismatch(B, A, from)),
    ];
    expect(found, `pages that differ at byte ${at}`).toEqual(Array.from({ length: 12 }, () => at));
    expect(Buffer.compare(pages.a, pages.b)).toBe(-1);
    expect(pages.a[found[0]] < pages.b[found[0]], 'the byte found decides as memcmp does').toBe(
      true,
    );
    expect(core.framesEqual(A, B) + core.framesEqual(B, A)).toBe(0);
  }
});

test.each(PAGE_SIZES)(
  'pages of %i bytes: found where they differ, and nowhere if they do not',
  (pageSize) => {
    const pages = new TwoPages(pageSize);
    for (let i = 0; i < 200; i++) {
      // Each of the first and last 64 positions, and some between.
      const at =
        i < 64
          ? i % pageSize
          : i < 128
            ? pageSize - 1 - (i % Math.min(64, pageSize))
            : (Math.imul(i, 2654435761) % pageSize) & (pageSize - 1);
      pages.differFrom(at, i);
      expect([pages.compare(0), pages.compare(at), pages.compare(at >> 1)]).toEqual([at, at, at]);
      pages.b.set(pages.a);
      expect([pages.compare(0), pages.compare(at), pages.compare(pageSize)]).toEqual([
        pageSize,
        pageSize,
        pageSize,
      ]);
      expect(pages.memory.core.framesEqual(A, B)).toBe(1);
    }
  },
);

test('pages of any bytes compare as Buffer.compare has it', () => {
  const pages = new TwoPages(64);
  const bytes = fc.uint8Array({ minLength: 64, maxLength: 64, max: 2 });
  fc.assert(
    fc.property(bytes, bytes, fc.nat({ max: 64 }), (a, b, shared) => {
      pages.a.set(a);
      pages.b.set(b);
      pages.b.set(a.subarray(0, shared));
      const at = pages.compare(shared);
      const order = at === 64 ? 0 : Math.sign(pages.a[at] - pages.b[at]);
      expect(order).toBe(Buffer.compare(pages.a, pages.b));
      expect(pages.compare(0)).toBe(at);
    }),
    { numRuns: 500 },
  );
});

test('a checksum is the low 32 bits of XXH64 with seed 0, and changes with a byte at any position', async () => {
  const { h64Raw } = await xxhash();
  const pages = new TwoPages(4096);
  fillRandom(pages.a, 7);
  const before = pages.memory.frameChecksum(A);
  for (let at = 0; at < 4096; at++) {
    pages.a[at] ^= 0x10;
    expect(pages.memory.frameChecksum(A)).toBe(Number(BigInt.asIntN(32, h64Raw(pages.a))));
    expect(pages.memory.frameChecksum(A), `byte ${at} has changed`).not.toBe(before);
    pages.a[at] ^= 0x10;
  }
  expect(pages.memory.frameChecksum(A)).toBe(before);
});

test.each(PAGE_SIZES)(
  'the checksum of a page of %i bytes is the one its specification gives',
  (pageSize) => {
    const page = new Uint8Array(pageSize);
    expect(checksum(page)).toBe(Number(BigInt.asIntN(32, xxh64(page))));
    fillRandom(page, pageSize);
    expect(checksum(page)).toBe(Number(BigInt.asIntN(32, xxh64(page))));
  },
);
