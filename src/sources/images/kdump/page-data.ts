/** The bytes of a page as a kdump has them: as they are, or packed in one of four ways. */
import { inflateSync } from 'node:zlib';
import { unlzo } from '../compression/lzo.js';
import { frameHeader } from '../compression/zstd-frame.js';
import { malformed } from '../malformed.js';

const ZLIB = 1;
const LZO = 2;
const SNAPPY = 4;
const ZSTD = 0x20;

/** Undefined if the page is damaged. */
type Unpack = (packed: Uint8Array) => Uint8Array | undefined;

export class PageData {
  private readonly unpackers = new Map<number, Unpack>();

  constructor(
    private readonly path: string,
    private readonly pageSize: number,
  ) {}

  /** The way that these flags name, to be had at once from then on. EINVAL if there is none. */
  async prepare(flags: number, position: number): Promise<void> {
    if (!this.unpackers.has(flags)) this.unpackers.set(flags, await this.unpacker(flags, position));
  }

  isPrepared(flags: number): boolean {
    return this.unpackers.has(flags);
  }

  /** Of a page; EINVAL if it is damaged. The bytes are good until the next one. */
  unpacked(packed: Uint8Array, flags: number, position: number): Uint8Array {
    const page = this.unpackers.get(flags)?.(packed);
    if (page?.length !== this.pageSize)
      throw malformed(this.path, 'a page that does not unpack to one', position);
    return page;
  }

  private async unpacker(flags: number, position: number): Promise<Unpack> {
    const { pageSize, path } = this;
    switch (flags) {
      case 0:
        return (packed) => packed;
      case ZLIB:
        return (packed) => orUndefined(() => inflateSync(packed, { maxOutputLength: pageSize }));
      case LZO: {
        const page = new Uint8Array(pageSize);
        return (packed) => (unlzo(packed, page) === pageSize ? page : undefined);
      }
      case SNAPPY: {
        const unpack = (await import('../compression/snappy.js')).unsnappy();
        return (packed) => unpack(packed, pageSize);
      }
      case ZSTD: {
        const { decompress } = await import('fzstd');
        return (packed) =>
          orUndefined(() =>
            frameHeader(packed.subarray(4), path, position).contentBytes === pageSize
              ? decompress(packed, new Uint8Array(pageSize))
              : undefined,
          );
      }
      default:
        throw malformed(path, `a page packed in no known way (${flags})`, position);
    }
  }
}

function orUndefined(unpack: () => Uint8Array | undefined): Uint8Array | undefined {
  try {
    return unpack();
  } catch {
    return undefined;
  }
}
