/**
 * npm run images: one machine's memory, written by the programs that write such images, and read
 * back: every byte at its address. Then all of them are registered with one daemon, and merge.
 *
 * It takes qemu-system-x86_64; what else is missing (makedumpfile, zstd, xz, lz4) is said, and left
 * out. Exit status 1 if a byte is wrong, or a page does not merge that has its like.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { PageUpload } from '../src/cli/commands/guests/page-upload.js';
import { registerSource } from '../src/cli/commands/guests/register-source.js';
import { openImage } from '../src/sources/images/open-image.js';
import { randomIntegers } from '../src/workload/random.js';
import { type Filled, Machine } from './images/machine.js';
import { saved } from './images/migration-writer.js';
import { avml, lime } from './images/ram-ranges-writer.js';
import { LoadedDaemon } from './load/daemon.js';

const MIB = 2 ** 20;
const PAGE_BYTES = 4096;
/** Where a PC shows its firmware in the place of its memory: only in a migration stream is that. */
const SHADOW = { from: 0xc0000, to: 0x100000 };

const program = new Command('images')
  .description('Has programs write one memory in every format, reads it back, and merges it.')
  .option('--mebibytes <n>', 'of memory', Number, 64);
program.parse();
const { mebibytes } = program.opts<{ mebibytes: number }>();
const folder = mkdtempSync(join(tmpdir(), 'ksmd-images-'));
const file = (name: string): string => join(folder, name);

/** How often there is a page of the same content in all images that are read back. */
const contents = new Map<string, number>();
let isRight = true;
try {
  const memory = await writtenByQemu();
  const names = ['raw', ...packedAndConverted(), ...writtenHere(memory)];
  console.log(`a plain read of the raw image: ${plainSpeed()} MiB/s`);
  console.log('image                          MiB in the file  MiB/s read   pages  wrong');
  for (const name of names) if (!(await isReadBack(name, memory))) isRight = false;
  if (!(await areMerged(names))) isRight = false;
} finally {
  rmSync(folder, { recursive: true });
}
if (!isRight) process.exitCode = 1;

/** All that QEMU writes of a machine, and the machine's memory. */
async function writtenByQemu(): Promise<Buffer> {
  const machine = await Machine.start(folder, mebibytes, fills());
  try {
    const all = { val: 0, size: mebibytes * MIB };
    await machine.ask('pmemsave', { ...all, filename: file('raw') });
    const dump = { paging: false, protocol: `file:${file('elf')}` };
    await machine.ask('dump-guest-memory', dump);
    for (const format of ['zlib', 'lzo', 'snappy'])
      await machine
        .ask('dump-guest-memory', {
          paging: false,
          protocol: `file:${file(`kdump-${format}`)}`,
          format: `kdump-${format}`,
        })
        .catch((error: Error) => console.log(`left out: ${error.message}`));
    await machine.migrate(`exec:cat > ${file('migration')}`);
  } finally {
    await machine.stop();
  }
  return readFileSync(file('raw'));
}

/** A third of it noise, a third text, and what is left zeroes. */
function fills(): Filled[] {
  const random = randomIntegers(1);
  const bytes = Math.floor((mebibytes * MIB) / 3 / PAGE_BYTES) * PAGE_BYTES;
  const noise = Uint8Array.from({ length: bytes }, () => random(256));
  const text = Buffer.alloc(noise.length);
  for (let page = 0; page * PAGE_BYTES < text.length; page++)
    text.fill(`page ${page} `, page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
  return [
    { bytes: text, address: MIB },
    { bytes: noise, address: MIB + text.length + PAGE_BYTES },
  ];
}

/** What other programs make of these. */
function packedAndConverted(): string[] {
  const made = ['elf', 'kdump-zlib', 'kdump-lzo', 'kdump-snappy', 'migration'].filter((name) =>
    existsSync(file(name)),
  );
  for (const [name, program, ...args] of [
    ['kdump-zlib-put-together', 'sh', '-c', 'makedumpfile -R "$2" < "$1"'],
    ['elf.gz', 'sh', '-c', 'gzip -1 < "$1" > "$2"'],
    ['elf.zst', 'sh', '-c', 'zstd -q < "$1" > "$2"'],
    ['elf.xz', 'sh', '-c', 'xz -0 < "$1" > "$2"'],
    ['elf.lz4', 'sh', '-c', 'lz4 -q < "$1" > "$2"'],
    ['migration.zst', 'sh', '-c', 'zstd -q < "$1" > "$2"'],
    ['kdump-zlib.gz', 'sh', '-c', 'gzip -1 < "$1" > "$2"'],
  ] as const) {
    const from = name.startsWith('kdump-zlib-') ? 'kdump-zlib' : name.replace(/\.\w+$/, '');
    try {
      const stdio = ['ignore', 'ignore', 'pipe'] as const;
      execFileSync(program, [...args, 'sh', file(from), file(name)], { stdio: [...stdio] });
      made.push(name);
    } catch (error) {
      console.log(`left out: ${name}: ${(error as Error).message.split('\n')[0]}`);
    }
  }
  return made;
}

/** What no program at hand writes. */
function writtenHere(memory: Buffer): string[] {
  const ranges = [
    { address: 0, bytes: memory.subarray(0, 0xa0000) },
    { address: MIB, bytes: memory.subarray(MIB) },
  ];
  const images = {
    lime: lime(ranges),
    avml: avml(ranges),
    'libvirt-save': saved(readFileSync(file('migration'))),
  };
  for (const [name, bytes] of Object.entries(images)) writeFileSync(file(name), bytes);
  return Object.keys(images);
}

/** Prints how fast, and how many pages are not what the machine has there. */
async function isReadBack(name: string, memory: Buffer): Promise<boolean> {
  const isStream = name.startsWith('migration') || name.startsWith('libvirt');
  let read = 0;
  let wrong = 0;
  // Once for the disk cache, and the decoders; then by the clock.
  await eachPage(name, () => {});
  const begun = performance.now();
  await eachPage(name, () => {
    read++;
  });
  const seconds = (performance.now() - begun) / 1000;
  await eachPage(name, (page, address) => {
    const content = createHash('sha1').update(page).digest('base64');
    contents.set(content, (contents.get(content) ?? 0) + 1);
    const isShadow = isStream && address >= SHADOW.from && address < SHADOW.to;
    if (address < memory.length && !isShadow)
      wrong += memory.subarray(address, address + PAGE_BYTES).equals(page) ? 0 : 1;
  });
  const speed = Math.round((read * PAGE_BYTES) / MIB / seconds);
  const columns = [statSync(file(name)).size / MIB, speed, read, wrong];
  const [size, ...rest] = columns.map((figure) => String(Math.round(figure * 10) / 10).padStart(9));
  console.log(`${name.padEnd(28)} ${size}        ${rest.join(' ')}`);
  return wrong === 0 && read >= (mebibytes * MIB - 0x60000) / PAGE_BYTES;
}

/** What the disk cache and Node come to by themselves, in pieces of a MiB. */
function plainSpeed(): number {
  const fd = openSync(file('raw'), 'r');
  const begun = performance.now();
  let bytes = 0;
  for (let read = -1; read !== 0; bytes += read) read = readSync(fd, Buffer.allocUnsafeSlow(MIB));
  closeSync(fd);
  return Math.round(bytes / MIB / ((performance.now() - begun) / 1000));
}

async function eachPage(
  name: string,
  see: (page: Uint8Array, address: number) => void,
): Promise<void> {
  const source = await openImage(file(name));
  try {
    for await (const item of source.read()) {
      if (item.type === 'mapping') continue;
      for (let at = 0; at < item.bytes.length; at += PAGE_BYTES)
        see(item.bytes.subarray(at, at + PAGE_BYTES), item.address + at);
    }
  } finally {
    await source.close();
  }
}

/** Registers them all with one daemon: each page that has its like anywhere merges with it. */
async function areMerged(names: readonly string[]): Promise<boolean> {
  const bytes = [...contents.values()].reduce((sum, times) => sum + times, 0) * PAGE_BYTES;
  const memory = String(Math.ceil(bytes / MIB) + 64);
  const daemon = await LoadedDaemon.start(['--memory', `${memory}MiB`, '--run', '0']);
  try {
    const { client } = daemon;
    await client.setKsm({ smart_scan: 0, max_page_sharing: 1_000_000 });
    const upload = await PageUpload.to(client);
    for (const name of names) {
      const source = await openImage(file(name));
      await registerSource(client, upload, name, source, { offset: 2 ** 32 }).finally(() =>
        source.close(),
      );
    }
    for (let scan = 0; scan < 3; scan++) await client.scan((bytes / PAGE_BYTES) * 2);
    const { counters } = await client.status();
    const wanted = {
      pages_shared: [...contents.values()].filter((times) => times > 1).length,
      pages_sharing: [...contents.values()].reduce((sum, times) => sum + times - 1, 0),
      pages_unshared: [...contents.values()].filter((times) => times === 1).length,
    };
    for (const [name, figure] of Object.entries(wanted))
      console.log(`${name} ${counters[name as keyof typeof wanted]}, by the contents ${figure}`);
    return Object.entries(wanted).every(
      ([name, figure]) => counters[name as keyof typeof wanted] === figure,
    );
  } finally {
    await daemon.stop();
  }
}
