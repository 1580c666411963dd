/** Bytes that are almost what they were. Most changes are where headers are. */

/** A whole number from 0 up to, not including, `below`. */
type Random = (below: number) => number;

const NUMBERS = [
  ...[0, 1, 2, 3, 7, 8, 15, 16, 31, 32, 63, 64, 127, 128, 254, 255, 256, 511, 512, 4095, 4096],
  ...[4097, 8192, 65535, 65536, 2 ** 24, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 4096, 2 ** 32 - 1],
  ...[2 ** 32, 2 ** 40, 2 ** 47 - 4096, 2 ** 47, 2 ** 52, 2 ** 53, 2 ** 63],
].map(BigInt);
const HEADER_BYTES = 512;

const CHANGES: readonly ((bytes: Buffer, random: Random) => Buffer)[] = [
  (bytes, random) => {
    const at = place(bytes, random, 1);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
    return bytes;
  },
  (bytes, random) => {
    bytes[place(bytes, random, 1)] = random(256);
    return bytes;
  },
  (bytes, random) => {
    const value = NUMBERS[random(NUMBERS.length)] ?? 0n;
    const width = [2, 4, 8][random(3)] ?? 8;
    const near = value + BigInt(random(3) - 1);
    const number = Buffer.alloc(8);
    number.writeBigUInt64LE(BigInt.asUintN(64, near));
    const field = number.subarray(0, width);
    if (random(2) === 0) field.reverse();
    field.copy(bytes, place(bytes, random, width));
    return bytes;
  },
  (bytes, random) => bytes.subarray(0, random(bytes.length)),
  (bytes, random) => {
    const from = place(bytes, random, 1);
    const to = Math.min(bytes.length, from + 1 + random(64));
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
  },
  (bytes, random) => {
    const from = place(bytes, random, 1);
    const to = Math.min(bytes.length, from + 1 + random(256));
    return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
  },
  (bytes, random) => {
    const length = 1 + random(16);
    const [from, to] = [place(bytes, random, length), place(bytes, random, length)];
    bytes.copyWithin(to, from, from + length);
    return bytes;
  },
];

/** A copy with a few changes. */
export function mutated(original: Buffer, random: Random): Buffer {
  let bytes: Buffer = Buffer.from(original);
  for (let left = 1 + random(4); left > 0 && bytes.length > 0; left--)
    bytes = CHANGES[random(CHANGES.length)]?.(bytes, random) ?? bytes;
  return bytes;
}

/** Where a change begins: in the header, behind a page's beginning, or anywhere. */
function place({ length }: Buffer, random: Random, width: number): number {
  const room = Math.max(1, length - width + 1);
  const within = Math.min(room, HEADER_BYTES);
  switch (random(3)) {
    case 0:
      return random(within);
    case 1:
      return Math.min(room - 1, 4096 * random(Math.ceil(room / 4096)) + random(within));
    default:
      return random(room);
  }
}
