/** The headers of an ELF file: what it is, and its segments. elf(5). */
import { KsmdError } from '../../errors.js';
import type { Bytes } from './bytes.js';
import { Fields } from './fields.js';
import { malformed } from './malformed.js';

export const ET_CORE = 4;
export const PT_LOAD = 1;

const CLASS_AT = 4;
const DATA_AT = 5;
/** There are more segments than fit where their number is: it is in the first section header. */
const PN_XNUM = 0xffff;
/** More than any dump has; Linux maps 65,530 for a process. */
const MOST_SEGMENTS = 1 << 20;

/** Where what is in the headers of 32 and 64 bits, in bytes. */
const LAYOUTS = {
  32: {
    header: { bytes: 52, phoff: 28, shoff: 32, phentsize: 42, phnum: 44 },
    segment: { bytes: 32, offset: 4, vaddr: 8, paddr: 12, filesz: 16, memsz: 20 },
    section: { bytes: 40, info: 28 },
  },
  64: {
    header: { bytes: 64, phoff: 32, shoff: 40, phentsize: 54, phnum: 56 },
    segment: { bytes: 56, offset: 8, vaddr: 16, paddr: 24, filesz: 32, memsz: 40 },
    section: { bytes: 64, info: 44 },
  },
} as const;

export interface Segment {
  readonly type: number;
  /** In the file. */
  readonly offset: number;
  readonly virtualAddress: number;
  readonly physicalAddress: number;
  readonly fileBytes: number;
  readonly memoryBytes: number;
  /** Where it is told of. */
  readonly headerAt: number;
}

export interface ElfFile {
  /** ET_CORE for a core. */
  readonly type: number;
  readonly segments: readonly Segment[];
}

/** EINVAL if a header is not as ELF has it, or lies outside of the file. */
export async function readElf(bytes: Bytes): Promise<ElfFile> {
  const { path } = bytes;
  const ident = await bytes.read(0, 16, 'the ELF header');
  const bits = ident[CLASS_AT] === 1 ? 32 : ident[CLASS_AT] === 2 ? 64 : undefined;
  if (bits === undefined) throw malformed(path, 'an ELF file of neither 32 nor 64 bits', CLASS_AT);
  const order = ident[DATA_AT];
  if (order !== 1 && order !== 2) throw malformed(path, 'an ELF file of no byte order', DATA_AT);
  const fieldsOf = (part: Uint8Array): Fields => new Fields(part, order === 1);
  const { header, segment, section } = LAYOUTS[bits];
  const word = (fields: Fields, at: number): number =>
    bits === 32 ? fields.u32(at) : fields.u64(at);

  const rest = fieldsOf(await bytes.read(16, header.bytes - 16, 'the ELF header'));
  const type = rest.u16(0);
  const at = word(rest, header.phoff - 16);
  const sectionsAt = word(rest, header.shoff - 16);
  const entryBytes = rest.u16(header.phentsize - 16);
  let count = rest.u16(header.phnum - 16);
  if (type !== ET_CORE || count === 0) return { type, segments: [] };
  if (entryBytes !== segment.bytes)
    throw malformed(path, `program headers of ${entryBytes} bytes each`, header.phentsize);
  if (count === PN_XNUM) {
    const first = await bytes.read(sectionsAt, section.bytes, 'the first section header');
    count = fieldsOf(first).u32(section.info);
  }
  if (count > MOST_SEGMENTS)
    throw new KsmdError('EINVAL', `${path}: ${count} program headers, and no dump has so many`);

  const table = await bytes.read(at, count * segment.bytes, 'the program headers');
  const fields = fieldsOf(table);
  const segments = Array.from({ length: count }, (_none, number) => {
    const begin = number * segment.bytes;
    return {
      type: fields.u32(begin),
      offset: word(fields, begin + segment.offset),
      virtualAddress: word(fields, begin + segment.vaddr),
      physicalAddress: word(fields, begin + segment.paddr),
      fileBytes: word(fields, begin + segment.filesz),
      memoryBytes: word(fields, begin + segment.memsz),
      headerAt: at + begin,
    };
  });
  return { type, segments };
}
