/**
 * Comparing pages, 64 bytes a step.
 *
 * Promises the order of memcmp: unsigned bytes, the first that differs decides. Other threads may
 * write the pages meanwhile. Then the answer is that of some mixture of old and new bytes, and
 * whoever acts on it compares again under the pte lock.
 */

/**
 * Index of the first byte at which the pages at `a` and `b` differ, `size` if none does.
 * `from`: so many leading bytes are known to be equal. `size`: bytes, a multiple of 16.
 */
export function mismatch(a: usize, b: usize, from: u32, size: u32): u32 {
  let i: u32 = from & ~15;
  while (i + 64 <= size) {
    const x0 = v128.xor(v128.load(a + i), v128.load(b + i));
    const x1 = v128.xor(v128.load(a + i, 16), v128.load(b + i, 16));
    const x2 = v128.xor(v128.load(a + i, 32), v128.load(b + i, 32));
    const x3 = v128.xor(v128.load(a + i, 48), v128.load(b + i, 48));
    if (v128.any_true(v128.or(v128.or(x0, x1), v128.or(x2, x3)))) break;
    i += 64;
  }
  while (i < size) {
    const equal = i8x16.bitmask(i8x16.eq(v128.load(a + i), v128.load(b + i)));
    if (equal != 0xffff) return i + ctz(~equal);
    i += 16;
  }
  return size;
}
