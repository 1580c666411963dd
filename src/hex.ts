/** Addresses as people read them: 0x100000000. */

/** What is too large to be an address stands as it was given. */
export function hex(address: number): string {
  return Number.isSafeInteger(address) ? `0x${address.toString(16)}` : String(address);
}
