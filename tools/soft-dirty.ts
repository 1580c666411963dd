/**
 * npm run soft-dirty: `ksmd capture --soft-dirty` on a kernel that has these bits. A Debian is
 * booted under QEMU's emulation; in it one process does all that moves pages about, and two
 * captures look at it at the same moments, one by the bits and one at everything.
 *
 * It takes qemu-system-x86_64, Debian's dpkg-deb and apt-get, and some 2 GiB of memory. Exit status
 * 1 if the two captures differ.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { InitialFiles } from './debian/initial-files.js';
import { unpackKernel } from './debian/kernel-package.js';
import { addKsmd, THERE } from './debian/ksmd-files.js';
import { LINE, run } from './debian/machine.js';

const SWAP_BYTES = 256 * 2 ** 20;
/** What it says last, if all is well. */
const RIGHT = 'right';

const program = new Command('soft-dirty')
  .description('Has captures by soft-dirty bits and by all pages come to the same, in a Debian.')
  .option('--deb <file>', "a kernel's package, in place of this Debian's newest")
  .option('--mebibytes <n>', 'of memory', Number, 1280)
  .option('--rounds <n>', 'of writes here and there', Number, 24);
program.parse();
const options = program.opts<{ deb?: string; mebibytes: number; rounds: number }>();
const folder = mkdtempSync(join(tmpdir(), 'ksmd-soft-dirty-'));
try {
  const kernel = unpackKernel(join(folder, 'kernel'), options.deb);
  console.log(`Debian's ${kernel.version}`);
  const files = join(folder, 'files');
  pack(files);
  const swap = join(folder, 'swap');
  writeFileSync(swap, '');
  truncateSync(swap, SWAP_BYTES);
  execFileSync('mkswap', [swap], { stdio: 'ignore' });
  const last = await run({
    kernel,
    files,
    mebibytes: options.mebibytes,
    console: join(folder, 'console'),
    devices: [
      ...['-drive', `file=${swap},format=raw,if=none,id=swap`],
      ...['-device', 'nvme,drive=swap,serial=1'],
    ],
  });
  if (last !== RIGHT) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}

function pack(path: string): void {
  const files = new InitialFiles(path);
  for (const name of ['proc', 'sys', 'dev', 'tmp']) files.addFolder(name);
  for (const name of ['sh', 'mount', 'swapon'])
    files.copyProgram(execFileSync('which', [name], { encoding: 'utf8' }).trim());
  addKsmd(files, folder);
  files.addFile('init', init());
  files.close();
}

function init(): string {
  const { PATH } = process.env;
  return [
    `#!${execFileSync('which', ['sh'], { encoding: 'utf8' }).trim()}`,
    `export PATH=${PATH}`,
    'mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev',
    `exec >${LINE} 2>&1 </dev/null`,
    'swapon /dev/nvme0n1',
    `cd ${THERE}`,
    `node tools/soft-dirty/trial.js ${options.rounds}`,
    // The end of the first process is the machine's: panic=-1.
    '',
  ].join('\n');
}
