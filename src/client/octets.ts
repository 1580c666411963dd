/** The body of an upload: bytes, and how many there will be where that is known. */
export class Octets {
  constructor(
    readonly chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    readonly length: number | undefined,
  ) {}
}
