/**
 * Bytes of frames, and of the words that are one thread's own: by address, little endian.
 *
 * Plain accesses. Guests write their pages meanwhile; whoever concludes something from bytes read
 * here looks afterwards whether the page was written (trees/descent.ts), or holds the pte's lock.
 */

export function byteAt(address: usize): u32 {
  return load<u8>(address);
}

export function u16At(address: usize): u32 {
  return load<u16>(address);
}

export function u32At(address: usize): u32 {
  return load<u32>(address);
}

export function u64At(address: usize): u64 {
  return load<u64>(address);
}

export function storeU64(address: usize, value: u64): void {
  store<u64>(address, value);
}
