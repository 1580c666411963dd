/**
 * Checksums: XXH64 with seed 0, the low 32 bits, as the kernel's. Through xxhash-wasm.
 *
 * xxhash-wasm copies the page into a memory of its own and answers in a BigInt, so a checksum costs
 * several times the hashing and two short-lived objects. A checksum is therefore taken only where
 * the answer is in doubt: see `PageAccess` on what a page held before it was written.
 */
import xxhash from 'xxhash-wasm';

const hasher = await xxhash();

/** XXH64 of `bytes` with seed 0, its low 32 bits as a signed integer. */
export function checksum(bytes: Uint8Array): number {
  return Number(BigInt.asIntN(32, hasher.h64Raw(bytes)));
}
