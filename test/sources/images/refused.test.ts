/** Files that have a magic and are not read: each by its name, with what to do instead. */
import { writeFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { openImage } from '../../../src/sources/images/open-image.js';
import { TemporaryDirectory } from '../../daemon-process.js';
import { memoryOfImage } from './memory.js';

const directory = new TemporaryDirectory();
afterAll(() => directory.remove());

test.each<[string, RegExp, number?]>([
  ['QFI\xfb', /is a qcow2 disk: .*virsh dump --memory-only/],
  ['KDMV', /is a VMDK disk/],
  ['vhdxfile', /is a VHD disk/],
  ['KSMDSNP2', /is a snapshot of ksmd's: 'ksmd start --restore FILE'/],
  ['PAGEDU64', /is a crash dump of Windows: Volatility's layerwriter/],
  ['PAGEDUMP', /is a crash dump of Windows: /],
  ['hibr', /is a hibernation file of Windows: /],
  ['MDMP', /is a minidump of Windows: /],
  ['S1SUSPEND', /is where Linux hibernates to: /, 4086],
  ['\xd0\xbe\xd2\xbe', /is a state of VMware's .*: give the .vmem beside it/],
  ['\xd2\xbe\xd2\xbe', /is a state of VMware's /],
  ['\x7fVirtualBox SavedState V2.0', /is a saved state of VirtualBox'.*dumpvmcore/],
  ['LibxlFmt', /is a saved state of Xen's: /],
  ['\x19\x43\x56\x54', /is one of CRIU's descriptions: the memory is in the pages-N.img/],
  ['\xcf\xfa\xed\xfe', /is a Mach-O file/],
  ['\xa8\x19\x01\x73\x61\x8f\x23\xfd', /is a dump of s390: 'zgetdump -f elf'/],
  ['DISKDUMP', /is a dump of diskdump/],
  ['EVF\x09\x0d\x0a\xff\x00', /is an EWF image \(\.E01\): 'ewfexport -f raw'/],
  ['PK\x03\x04', /is a zip archive/],
  ['7z\xbc\xaf\x27\x1c', /is a 7z archive/],
  ['BZh', /is packed by bzip2: 'bzip2 -dc FILE \|'/],
  ['\x89LZO\x00\x0d\x0a\x1a\x0a', /is packed by lzop: 'lzop -dc FILE \|'/],
])('%j is refused by name, and --raw insists', async (magic, message, at = 0) => {
  // By its content, whatever it is called.
  const path = directory.file('memory.raw');
  const bytes = Buffer.alloc(8192);
  bytes.write(magic, at, 'latin1');
  writeFileSync(path, bytes);
  await expect(openImage(path)).rejects.toMatchObject({ code: 'EINVAL' });
  await expect(openImage(path)).rejects.toThrow(message);
  expect((await memoryOfImage(path, { raw: true })).pages.size).toBe(2);
});
