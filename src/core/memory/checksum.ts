/**
 * A page's checksum, which the core asks its thread for (src/machine/checksum.ts): an import of the
 * module `checksum`.
 */

/** XXH64 with seed 0 of the frame's page, the low 32 bits. */
export declare function frameChecksum(frame: u32): u32;
