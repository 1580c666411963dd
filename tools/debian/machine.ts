/** A Debian kernel with its first files, in QEMU, and what it says on a serial line. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { DebianKernel } from './kernel-package.js';

/** Where its programs are to write to: what they say there is shown as it comes. */
export const LINE = '/dev/ttyS1';

export interface Machine {
  readonly kernel: DebianKernel;
  /** Its first files. */
  readonly files: string;
  readonly mebibytes: number;
  /** A file that what the kernel says goes to. */
  readonly console: string;
  /** Of the kernel's command line. */
  readonly append?: string;
  /** Of QEMU's. */
  readonly devices?: readonly string[];
}

/** Until it resets; resolves to what it has said last. */
export async function run({
  kernel,
  files,
  mebibytes,
  console: kernelLog,
  append = '',
  devices = [],
}: Machine): Promise<string> {
  const machine = spawn(
    'qemu-system-x86_64',
    [
      // A processor's time there is the number of its instructions, whatever else runs here.
      ...['-accel', 'tcg', '-icount', 'shift=0,sleep=off', '-cpu', 'max', '-smp', '1'],
      ...['-m', String(mebibytes), '-nodefaults', '-display', 'none', '-no-reboot'],
      ...['-kernel', kernel.image, '-initrd', files],
      ...['-append', `console=ttyS0 quiet panic=-1 ${append}`, ...devices],
      ...['-serial', `file:${kernelLog}`, '-serial', 'stdio'],
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
  return last;
}
