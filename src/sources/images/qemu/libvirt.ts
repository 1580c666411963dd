/**
 * What `virsh save` writes: a header of libvirt's, the machine's description in XML, and QEMU's
 * migration stream, packed if libvirt has been told to.
 */
import { Fields } from '../fields.js';
import { type Input, streamInput } from '../input.js';
import { malformed } from '../malformed.js';

/** The magic, version, length of the description, whether it ran, how it is packed, and room. */
const HEADER_BYTES = 92;
const VERSION_AT = 16;
const DATA_LENGTH_AT = 20;
const FORMAT_AT = 28;
const LAST_VERSION = 3;
/** As libvirt numbers them. It asks QEMU for `mapped-ram` then, and so does the stream. */
const FORMATS = ['raw', 'gzip', 'bzip2', 'xz', 'lzop', 'zstd', 'sparse'];

/** The stream, to be recognised in its turn: what it is packed with is to be seen in it. */
export async function unwrapLibvirt(input: Input): Promise<Input> {
  const { path, forward } = input;
  const header = await forward.take(HEADER_BYTES, "libvirt's header");
  const little = new Fields(header, true);
  const fields = little.u32(VERSION_AT) <= LAST_VERSION ? little : new Fields(header, false);
  if (fields.u32(VERSION_AT) > LAST_VERSION)
    throw malformed(path, "a version of libvirt's header that is not known", VERSION_AT);
  if (FORMATS[fields.u32(FORMAT_AT)] === undefined)
    throw malformed(path, 'packed in a way that is not known', FORMAT_AT);
  await forward.skip(fields.u32(DATA_LENGTH_AT), "the end of libvirt's description");
  return streamInput(path, forward.rest(), { input, wrapping: "libvirt's save" });
}
