/** Files that have a magic and are not read: each by its name, with what to do instead. */
import { writeFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { openImage } from '../../../src/sources/images/open-image.js';
import { TemporaryDirectory } from '../../daemon-process.js';
import { memoryOfImage } from './memory.js';

const PAGES = 9;
const directory = new TemporaryDirectory();
afterAll(() => directory.remove());

test.each<[string, RegExp, number?]>([
  ['QFI\xfb', /is a qcow2 disk: .*virsh dump --memory-only/],
  ['KDMV', /is a VMDK disk/],
  ['vhdxfile', /is a VHD disk/],
  ['\x7f\x10\xda\xbe', /is a VDI disk/, 64],
  ['QED\0', /is a QED disk/],
  ['LUKS\xba\xbe', /is an encrypted disk \(LUKS\): it holds no memory/],
  ['EFI PART', /is a disk with partitions \(GPT\)/, 512],
  // Of sectors of 4 KiB, as libfdisk writes it.
  ['EFI PART\0\0\x01\0\x5c\0\0\0', /is a disk with partitions \(GPT\)/, 4096],
  ['\x01CD001\x01', /is an ISO 9660 image/, 32768],
  ['KSMDREC1', /is a recording: 'ksmd register --recording FILE'/],
  ['KSMDSNP2', /is a snapshot of ksmd's: 'ksmd start --restore FILE'/],
  ['PAGEDU64', /is a crash dump of Windows: Volatility's layerwriter/],
  ['PAGEDUMP', /is a crash dump of Windows: /],
  ['hibr', /is a hibernation file of Windows: /],
  ['MDMP', /is a minidump of Windows: /],
  ['S1SUSPEND', /is where Linux hibernates to: /, 4086],
  ['\xd0\xbe\xd2\xbe', /is a state of VMware's .*: give the .vmem beside it/],
  ['\xd2\xbe\xd2\xbe', /is a state of VMware's /],
  ['\x7fVirtualBox SavedState V2.0', /is a saved state of VirtualBox: .*dumpvmcore/],
  ['LibxlFmt', /is a saved state of Xen's: /],
  ['\x19\x43\x56\x54', /is one of CRIU's descriptions: the memory is in the pages-N.img/],
  ['\xcf\xfa\xed\xfe', /is a Mach-O file/],
  ['\xa8\x19\x01\x73\x61\x8f\x23\xfd', /is a dump of s390: 'zgetdump -f elf'/],
  ['DISKDUMP', /is a dump of diskdump/],
  ['EVF\x09\x0d\x0a\xff\x00', /is an EWF image \(\.E01\): 'ewfexport -f raw'/],
  ['PK\x03\x04', /is a zip archive/],
  ['7z\xbc\xaf\x27\x1c', /is a 7z archive/],
  ['Rar!\x1a\x07\x01\0', /is a rar archive/],
  ['ustar\x0000', /is a tar archive/, 257],
  ['ustar  \0', /is a tar archive/, 257],
  ['LZIP\x01', /is packed by lzip: 'lzip -dc FILE \|'/],
  ['\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff\0', /is packed by lzma: 'xz -dc FILE \|'/],
  ['\x5d\0\0\0\x04\xff\xff\xff\xff\xff\xff\xff\xff\0', /is packed by lzma: /],
  ['SQLite format 3\0', /is a database of SQLite/],
  ['\x89PNG\x0d\x0a\x1a\x0a', /is a PNG picture/],
  ['%PDF-1.7', /is a PDF document/],
  ['This program cannot be run in DOS mode', /is a program or library of Windows \(PE\)/, 78],
  ['BZh', /is packed by bzip2: 'bzip2 -dc FILE \|'/],
  ['\x89LZO\x00\x0d\x0a\x1a\x0a', /is packed by lzop: 'lzop -dc FILE \|'/],
])('%j is refused by name, and --raw insists', async (magic, message, at = 0) => {
  // By its content, whatever it is called.
  const path = directory.file('memory.raw');
  const bytes = Buffer.alloc(PAGES * 4096);
  bytes.write(magic, at, 'latin1');
  writeFileSync(path, bytes);
  await expect(openImage(path)).rejects.toMatchObject({ code: 'EINVAL' });
  await expect(openImage(path)).rejects.toThrow(message);
  expect((await memoryOfImage(path, { raw: true })).pages.size).toBe(PAGES);
});

test.each<[string, string, number]>([
  ['a boot sector', '\x55\xaa', 510],
  ['the beginning of a program for DOS', 'MZ', 0],
  ['a word that is a magic elsewhere', 'EFI PART', 4096],
])('a memory that has %s is a memory', async (_what, bytes, at) => {
  const path = directory.file('memory.raw');
  const memory = Buffer.alloc(PAGES * 4096);
  memory.write(bytes, at, 'latin1');
  writeFileSync(path, memory);
  expect((await memoryOfImage(path)).pages.size).toBe(PAGES);
});
