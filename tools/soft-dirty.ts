/**
 * npm run soft-dirty: `ksmd capture --soft-dirty` on a kernel that has these bits. A Debian is
 * booted under QEMU's emulation; in it one process does all that moves pages about, and two
 * captures look at it at the same moments, one by the bits and one at everything.
 *
 * It takes qemu-system-x86_64, Debian's dpkg-deb and apt-get, and some 2 GiB of memory. Exit status
 * 1 if the two captures differ.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { InitialFiles } from './soft-dirty/initial-files.js';
import { type DebianKernel, unpackKernel } from './soft-dirty/kernel-package.js';

const HERE = fileURLToPath(new URL('..', import.meta.url));
const THERE = '/ksmd';
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
  if (!(await isRight(kernel, files, swap))) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}

function pack(path: string): void {
  const files = new InitialFiles(path);
  for (const name of ['proc', 'sys', 'dev', 'tmp']) files.addFolder(name);
  for (const name of ['sh', 'mount', 'swapon'])
    files.copyProgram(execFileSync('which', [name], { encoding: 'utf8' }).trim());
  files.copyProgram(process.execPath);
  // As it is run there: what TypeScript is made into takes an emulation minutes to find out.
  const compiled = join(folder, 'compiled');
  execFileSync('npx', ['tsc', '--noEmit', 'false', '--outDir', compiled], { cwd: HERE });
  for (const part of ['src', 'tools']) files.copy(join(compiled, part), join(THERE, part));
  files.copy(join(HERE, 'package.json'), join(THERE, 'package.json'));
  const listing = execFileSync('npm', ['ls', '--omit=dev', '--all', '--parseable'], {
    cwd: HERE,
    encoding: 'utf8',
  });
  for (const each of listing.trim().split('\n').slice(1))
    files.copy(each, join(THERE, relative(HERE, each)));
  files.addFile('init', init());
  files.close();
}

function init(): string {
  const { PATH } = process.env;
  return [
    `#!${execFileSync('which', ['sh'], { encoding: 'utf8' }).trim()}`,
    `export PATH=${PATH}`,
    'mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev',
    'exec >/dev/ttyS1 2>&1 </dev/null',
    'swapon /dev/nvme0n1',
    `cd ${THERE}`,
    `node tools/soft-dirty/trial.js ${options.rounds}`,
    // The end of the first process is the machine's: panic=-1.
    '',
  ].join('\n');
}

/** Whether it says in the end that all is well. */
async function isRight(kernel: DebianKernel, files: string, swap: string): Promise<boolean> {
  const machine = spawn(
    'qemu-system-x86_64',
    [
      // A processor's time there is the number of its instructions, whatever else runs here.
      ...[
        '-accel',
        'tcg',
        '-icount',
        'shift=0,sleep=off',
        '-cpu',
        'max',
        '-smp',
        '1',
        '-m',
        String(options.mebibytes),
      ],
      ...['-nodefaults', '-display', 'none', '-no-reboot', '-kernel', kernel.image],
      ...['-initrd', files, '-append', 'console=ttyS0 quiet panic=-1'],
      ...[
        '-drive',
        `file=${swap},format=raw,if=none,id=swap`,
        '-device',
        'nvme,drive=swap,serial=1',
      ],
      ...['-serial', `file:${join(folder, 'console')}`, '-serial', 'stdio'],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = once(machine, 'exit');
  let last = '';
  for await (const line of createInterface({ input: machine.stdout })) {
    last = line.trim();
    console.log(last);
  }
  await ended;
  return last === RIGHT;
}
