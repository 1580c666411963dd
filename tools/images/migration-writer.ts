/** QEMU's migration stream, as far as the end of RAM, and libvirt's header before it. */

export interface StreamBlock {
  readonly name: string;
  readonly bytes: number;
}

/** A record of RAM. */
export type RamRecord =
  | { readonly block: string; readonly offset: number; readonly page: Uint8Array }
  | { readonly block: string; readonly offset: number; readonly byte: number }
  | { readonly block: string; readonly offset: number; readonly packed: Uint8Array }
  | { readonly flags: number };

export interface StreamShape {
  readonly machine?: string;
  readonly capabilities?: readonly string[];
  readonly pageBits?: number;
  readonly footers?: boolean;
}

/** RAM in as many sections as there are lists of records. */
export function migration(
  blocks: readonly StreamBlock[],
  sections: readonly (readonly RamRecord[])[],
  { machine = 'pc-i440fx-7.2', capabilities, pageBits, footers = true }: StreamShape = {},
): Buffer {
  const parts: Buffer[] = [Buffer.from('QEVM'), u32(3)];
  parts.push(u8(7), u32(machine.length), Buffer.from(machine));
  if (pageBits !== undefined)
    parts.push(u8(5), name('configuration/target-page-bits'), u32(1), u32(pageBits));
  if (capabilities !== undefined)
    parts.push(
      ...[u8(5), name('configuration/capabilities'), u32(1), u32(capabilities.length)],
      ...capabilities.map(name),
    );
  const footer = footers ? Buffer.concat([u8(0x7e), u32(2)]) : Buffer.alloc(0);
  const total = blocks.reduce((sum, { bytes }) => sum + bytes, 0);
  parts.push(u8(1), u32(2), name('ram'), u32(0), u32(4), u64(total + 4));
  for (const block of blocks) parts.push(name(block.name), u64(block.bytes));
  parts.push(u64(0x10), footer);
  // QEMU says that a page is of the same block also where a section begins.
  let last = '';
  for (const [index, records] of sections.entries()) {
    parts.push(u8(index === sections.length - 1 ? 3 : 2), u32(2));
    for (const record of records) {
      parts.push(recordOf(record, last));
      if ('block' in record) last = record.block;
    }
    parts.push(u64(0x10), footer);
  }
  // The devices, and what of them nobody reads.
  parts.push(u8(4), Buffer.from('whatever QEMU makes of its devices'));
  return Buffer.concat(parts);
}

export interface Save {
  readonly magic?: string;
  readonly littleEndian?: boolean;
  readonly format?: number;
}

export function saved(
  stream: Uint8Array,
  { magic = 'LibvirtQemudSave', littleEndian = true, format = 0 }: Save = {},
): Buffer {
  const header = Buffer.alloc(92);
  const description = Buffer.from('<domain>…</domain>\0');
  header.write(magic, 'latin1');
  for (const [index, value] of [2, description.length, 1, format].entries())
    if (littleEndian) header.writeUInt32LE(value, 16 + index * 4);
    else header.writeUInt32BE(value, 16 + index * 4);
  return Buffer.concat([header, description, stream]);
}

function recordOf(record: RamRecord, last: string): Buffer {
  if (!('block' in record)) return u64(record.flags);
  const { block, offset } = record;
  const same = block === last;
  const head = (flags: number): Buffer =>
    Buffer.concat([u64(offset + flags + (same ? 0x20 : 0)), same ? Buffer.alloc(0) : name(block)]);
  if ('page' in record) return Buffer.concat([head(0x08), record.page]);
  if ('byte' in record) return Buffer.concat([head(0x02), u8(record.byte)]);
  return Buffer.concat([head(0x100), u32(record.packed.length), record.packed]);
}

function u8(value: number): Buffer {
  return Buffer.from([value]);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

function name(text: string): Buffer {
  return Buffer.concat([u8(text.length), Buffer.from(text)]);
}
