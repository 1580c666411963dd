/**
 * A machine of QEMU's with a Debian kernel, in which Python holds what it holds elsewhere: a guest
 * whose memory its own kernel fills, with page cache, slabs and free pages that hold what was left
 * in them. Emulated, so that it takes no KVM.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InitialFiles } from '../debian/initial-files.js';
import { type DebianKernel, unpackKernel } from '../debian/kernel-package.js';
import type { Work } from './work.js';

const MEBIBYTES = 320;
const HOLDS = fileURLToPath(new URL('holds.py', import.meta.url));
/** What the Python of this Debian needs there. */
const PYTHON = '/usr/bin/python3';

let kernel: DebianKernel | undefined;

/** Downloads it, too: what fails had better do so before anything else has run. */
export function unpackMachineKernel(folder: string): DebianKernel {
  kernel ??= unpackKernel(join(folder, 'kernel'), undefined);
  return kernel;
}

/** All of `folder` boot from the same files, made the first time. */
export function machineCommand({ folder, writes, merges }: Omit<Work, 'copy'>): string[] {
  const files = join(folder, `machine-${writes}`);
  if (!existsSync(files)) pack(files, writes);
  return [
    ...['qemu-system-x86_64', '-machine', `pc,mem-merge=${merges ? 'on' : 'off'}`],
    ...['-accel', 'tcg', '-cpu', 'max', '-smp', '1'],
    ...['-m', String(MEBIBYTES), '-nodefaults', '-display', 'none', '-no-reboot'],
    ...['-kernel', unpackMachineKernel(folder).image, '-initrd', files],
    ...['-append', 'quiet panic=-1'],
  ];
}

function pack(path: string, writes: number): void {
  const files = new InitialFiles(path);
  for (const name of ['proc', 'sys', 'dev', 'tmp']) files.addFolder(name);
  for (const name of ['sh', 'mount'])
    files.copyProgram(execFileSync('which', [name], { encoding: 'utf8' }).trim());
  files.copyProgram(PYTHON);
  const library = execFileSync(
    PYTHON,
    ['-c', 'import sysconfig; print(sysconfig.get_paths()["stdlib"])'],
    { encoding: 'utf8' },
  ).trim();
  files.copy(library);
  files.addFile('holds.py', readFileSync(HOLDS));
  files.addFile(
    'init',
    [
      `#!${execFileSync('which', ['sh'], { encoding: 'utf8' }).trim()}`,
      'mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev',
      `exec ${PYTHON} /holds.py ${writes}`,
      '',
    ].join('\n'),
  );
  files.close();
}
