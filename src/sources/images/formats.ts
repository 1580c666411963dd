/**
 * What an image can be, by its first bytes: those that are read, each by its own module, and those
 * that are refused, with the tool that makes something readable of them. Names of files are of no
 * account. What none of these is, is raw.
 */
import { KsmdError } from '../../errors.js';
import type { Source } from '../source.js';
import type { Forward } from './forward.js';
import { type Input, streamInput } from './input.js';

/** All magics lie within so many bytes. */
export const HEAD_BYTES = 36 * 1024;

/** Reads an image that has been recognised. EINVAL if it is none after all. */
export type Open = (input: Input) => Promise<Source>;
/** What is in a wrapping: to be recognised in its turn. */
export type Unwrap = (input: Input) => Promise<Input>;
/** What is to be done with an input. */
export type Format = { readonly open: Open } | { readonly unwrap: Unwrap };

interface Magic {
  /** Latin-1, one of these. */
  readonly magics: readonly string[];
  /** Of the magic, in bytes; default 0. */
  readonly at?: number;
}

interface Readable extends Magic {
  readonly load: () => Promise<Format>;
}

interface Refused extends Magic {
  /** After "is". */
  readonly what: string;
  /** What would make it readable. */
  readonly instead: string;
}

const READ: readonly Readable[] = [
  {
    magics: ['\x7fELF'],
    load: async () => ({ open: (await import('./elf-core.js')).openElfCore }),
  },
  {
    magics: ['KDUMP   '],
    load: async () => ({ open: (await import('./kdump/kdump.js')).openKdump }),
  },
  {
    magics: ['makedumpfile\0\0\0\0'],
    load: async () => ({ unwrap: (await import('./kdump/flattened.js')).unflattened }),
  },
  {
    magics: ['EMiL', 'AVML'],
    load: async () => ({ open: (await import('./ram-ranges.js')).openRamRanges }),
  },
  {
    magics: ['QEVM'],
    load: async () => ({ open: (await import('./qemu/migration.js')).openMigration }),
  },
  {
    magics: ['LibvirtQemudSave'],
    load: async () => ({ unwrap: (await import('./qemu/libvirt.js')).unwrapLibvirt }),
  },
  packed('gzip', ['\x1f\x8b\x08'], async () => (await import('./compression/gzip.js')).gunzipped),
  packed('zstd', ['\x28\xb5\x2f\xfd'], async () => (await import('./compression/zstd.js')).unzstd),
  packed('xz', ['\xfd7zXZ\0'], async () => (await import('./compression/xz.js')).unxz),
  packed('lz4', ['\x04\x22\x4d\x18'], async () => (await import('./compression/lz4.js')).unlz4ed),
];

type Unpack = (packed: Forward) => AsyncGenerator<Uint8Array, void, undefined>;

function packed(
  wrapping: string,
  magics: readonly string[],
  load: () => Promise<Unpack>,
): Readable {
  return {
    magics,
    load: async () => {
      const unpack = await load();
      return {
        unwrap: async (input) =>
          streamInput(input.path, unpack(input.forward), { input, wrapping }),
      };
    },
  };
}

const IN_IMG = "'qemu-img convert' and the like read disks, and ksmd reads memory";
const NO_MEMORY = 'it holds no memory';
const GPT = 'a disk with partitions (GPT)';
const UNPACK = 'unpack it, and give what is in it';
const DUMP_LIVE =
  "'virsh dump --memory-only', or QEMU's dump-guest-memory, writes what can be read";

/** It has no magic: these are the heads that 'xz --format=lzma' writes, by their dictionaries. */
const LZMA = [0x04, 0x10, 0x20, 0x40, 0x80, 0x100, 0x200, 0x400].map(
  (size) => `\x5d\0\0${String.fromCharCode(size & 0xff, size >> 8)}${'\xff'.repeat(8)}\0`,
);

const REFUSED: readonly Refused[] = [
  {
    magics: ['QFI\xfb'],
    what: 'a qcow2 disk',
    instead: `${IN_IMG}: load its state, then ${DUMP_LIVE}`,
  },
  { magics: ['KDMV', '# Disk DescriptorFile'], what: 'a VMDK disk', instead: IN_IMG },
  { magics: ['vhdxfile', 'conectix'], what: 'a VHD disk', instead: IN_IMG },
  { magics: ['\x7f\x10\xda\xbe'], at: 64, what: 'a VDI disk', instead: IN_IMG },
  { magics: ['QED\0'], what: 'a QED disk', instead: IN_IMG },
  { magics: ['LUKS\xba\xbe'], what: 'an encrypted disk (LUKS)', instead: NO_MEMORY },
  // A boot sector without one may be the first page of a memory too.
  { magics: ['EFI PART'], at: 512, what: GPT, instead: NO_MEMORY },
  // Of sectors of 4 KiB. There a page of a memory begins: the header's version is asked for too.
  { magics: ['EFI PART\0\0\x01\0'], at: 4096, what: GPT, instead: NO_MEMORY },
  { magics: ['\x01CD001\x01'], at: 32768, what: 'an ISO 9660 image', instead: NO_MEMORY },
  {
    magics: ['KSMDREC'],
    what: 'a recording',
    instead: "'ksmd register --recording FILE' and 'ksmd estimate FILE' read it",
  },
  {
    magics: ['KSMDSNP'],
    what: "a snapshot of ksmd's",
    instead: "'ksmd start --restore FILE' brings its guests back",
  },
  {
    magics: ['PAGEDU64', 'PAGEDUMP'],
    what: 'a crash dump of Windows',
    instead: "Volatility's layerwriter plugin makes a raw image of it",
  },
  {
    magics: ['hibr', 'HIBR', 'wake', 'WAKE', 'RSTR'],
    what: 'a hibernation file of Windows',
    instead: "Volatility's layerwriter plugin makes a raw image of it",
  },
  { magics: ['MDMP'], what: 'a minidump of Windows', instead: 'it holds no whole memory' },
  {
    magics: ['S1SUSPEND', 'S2SUSPEND', 'LINHIB0001'],
    at: 4086,
    what: 'where Linux hibernates to',
    instead: 'nothing but Linux itself reads it; take a dump while it runs',
  },
  {
    magics: ['\xd0\xbe\xd2\xbe', '\xd1\xba\xd1\xba', '\xd2\xbe\xd2\xbe', '\xd3\xbe\xd3\xbe'],
    what: "a state of VMware's (.vmss, .vmsn)",
    instead: "give the .vmem beside it, which is raw; without one, 'vmss2core -N6' makes a core",
  },
  {
    magics: ['\x7fVirtualBox SavedState'],
    what: 'a saved state of VirtualBox',
    instead: "let it go on, and 'VBoxManage debugvm NAME dumpvmcore --filename FILE'",
  },
  {
    magics: ['LibvirtQemudPart'],
    what: "a save of libvirt's that did not come to its end",
    instead: "'virsh save' again",
  },
  {
    magics: ['LibxlFmt', 'LinuxGuestRecord'],
    what: "a saved state of Xen's",
    instead: "bring it back with 'xl restore', and dump it from inside (LiME, AVML, kdump)",
  },
  {
    magics: ['\x19\x43\x56\x54', '\x40\x59\x10\x55', '\x25\x40\x08\x56'],
    what: "one of CRIU's descriptions",
    instead: 'the memory is in the pages-N.img beside it, which is raw',
  },
  {
    magics: ['\xcf\xfa\xed\xfe', '\xfe\xed\xfa\xcf'],
    what: 'a Mach-O file, as macOS writes cores',
    instead: 'nothing is known to make a core or a raw image of it',
  },
  {
    magics: ['\xa8\x19\x01\x73\x61\x8f\x23\xfd'],
    what: 'a dump of s390',
    instead: "'zgetdump -f elf' makes an ELF core of it",
  },
  { magics: ['DISKDUMP'], what: 'a dump of diskdump, before kdump', instead: 'crash reads it' },
  {
    magics: ['EVF\x09\x0d\x0a\xff\x00'],
    what: 'an EWF image (.E01)',
    instead: "'ewfexport -f raw' makes a raw image of it",
  },
  { magics: ['PK\x03\x04'], what: 'a zip archive (AFF4 is one too)', instead: UNPACK },
  { magics: ['7z\xbc\xaf\x27\x1c'], what: 'a 7z archive', instead: UNPACK },
  { magics: ['Rar!\x1a\x07'], what: 'a rar archive', instead: UNPACK },
  { magics: ['ustar\0', 'ustar  \0'], at: 257, what: 'a tar archive', instead: UNPACK },
  { magics: LZMA, what: 'packed by lzma', instead: "'xz -dc FILE |' and --image -" },
  { magics: ['LZIP\x01'], what: 'packed by lzip', instead: "'lzip -dc FILE |' and --image -" },
  {
    magics: ['\x02\x21\x4c\x18'],
    what: "packed by 'lz4 -l'",
    instead: "'lz4 -dc FILE |' and --image -",
  },
  { magics: ['BZh'], what: 'packed by bzip2', instead: "'bzip2 -dc FILE |' and --image -" },
  {
    magics: ['\x89LZO\x00\x0d\x0a\x1a\x0a'],
    what: 'packed by lzop',
    instead: "'lzop -dc FILE |' and --image -",
  },
  { magics: ['SQLite format 3\0'], what: 'a database of SQLite', instead: NO_MEMORY },
  { magics: ['\x89PNG\x0d\x0a\x1a\x0a'], what: 'a PNG picture', instead: NO_MEMORY },
  { magics: ['%PDF-'], what: 'a PDF document', instead: NO_MEMORY },
  {
    magics: ['This program cannot be run in DOS mode'],
    at: 78,
    what: 'a program or library of Windows (PE)',
    instead: NO_MEMORY,
  },
];

/**
 * What reads an image that begins so; undefined if it is raw. EINVAL if it is of a kind that is
 * refused.
 */
export async function formatOf(path: string, head: Uint8Array): Promise<Format | undefined> {
  const text = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1');
  const begins = ({ magics, at = 0 }: Magic): boolean =>
    magics.some((magic) => text.startsWith(magic, at));
  const refused = REFUSED.find(begins);
  if (refused !== undefined)
    throw new KsmdError(
      'EINVAL',
      `${path} is ${refused.what}: ${refused.instead} (--raw takes the bytes as they are)`,
    );
  return await READ.find(begins)?.load();
}
