/**
 * npm run units: what `--unit` comes to where systemd runs. A Debian is booted under QEMU's
 * emulation, with this machine's systemd as its first process and nothing else of a Debian; a
 * service has memory there and children that share it, and ksmd is asked for the service.
 *
 * It takes qemu-system-x86_64, systemd, Debian's dpkg-deb and apt-get, and some 2 GiB of memory.
 * Exit status 1 if something comes out otherwise than the service's own processes have it.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { InitialFiles } from './debian/initial-files.js';
import { unpackKernel } from './debian/kernel-package.js';
import { addKsmd, THERE } from './debian/ksmd-files.js';
import { LINE, run } from './debian/machine.js';
import { PAGES, RIGHT, SAID, UNIT } from './units/service.js';

const SYSTEMD = '/lib/systemd/systemd';
/** Since version 255 a service's process begins as this one. */
const EXECUTOR = '/usr/lib/systemd/systemd-executor';
const UNITS = '/etc/systemd/system';
const MEMORY = 'tools/recordings/live-process.mjs';
const FORKS = 2;

const program = new Command('units')
  .description("Has ksmd asked for a service's memory where systemd runs, in a Debian.")
  .option('--deb <file>', "a kernel's package, in place of this Debian's newest")
  .option('--mebibytes <n>', 'of memory', Number, 1280);
program.parse();
const { deb, mebibytes } = program.opts<{ deb?: string; mebibytes: number }>();
const folder = mkdtempSync(join(tmpdir(), 'ksmd-units-'));
try {
  const kernel = unpackKernel(join(folder, 'kernel'), deb);
  console.log(`Debian's ${kernel.version}`);
  const files = join(folder, 'files');
  pack(files);
  const log = join(folder, 'console');
  const append = 'systemd.show_status=0 systemd.log_target=kmsg systemd.unified_cgroup_hierarchy=1';
  const last = await run({ kernel, files, mebibytes, console: log, append });
  if (last !== RIGHT) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}

function pack(path: string): void {
  const files = new InitialFiles(path);
  for (const name of ['proc', 'sys', 'dev', 'run', 'tmp', 'root']) files.addFolder(name);
  const shell = which('sh');
  for (const each of [shell, which('systemctl'), SYSTEMD]) files.copyProgram(each);
  if (existsSync(EXECUTOR)) files.copyProgram(EXECUTOR);
  addKsmd(files, folder);
  const memory = join(THERE, MEMORY);
  files.copy(fileURLToPath(new URL(`../${MEMORY}`, import.meta.url)), memory);
  files.addFile('init', `#!${shell}\nexec ${SYSTEMD}\n`);
  const { PATH } = process.env;
  const node = process.execPath;
  // Nothing of a Debian's own units is there to be waited for.
  const alone = 'DefaultDependencies=no';
  const lines = (...all: string[]): string => `${all.join('\n')}\n`;
  files.addFile(join(UNITS, 'default.target'), lines('[Unit]', alone, 'Requires=trial.service'));
  files.addFile(
    join(UNITS, UNIT),
    lines(
      ...['[Unit]', alone, '[Service]', `ExecStart=${node} ${memory} 0 ${PAGES} ${FORKS}`],
      ...[`StandardOutput=file:${SAID}`, `StandardError=file:${LINE}`],
    ),
  );
  files.addFile(
    join(UNITS, 'trial.service'),
    lines(
      // Not Requires: it goes on when it has stopped the service.
      ...['[Unit]', alone, `Wants=${UNIT}`, `After=${UNIT}`],
      // With panic=-1 or without, QEMU ends where a machine would begin anew.
      ...['SuccessAction=reboot-immediate', 'FailureAction=reboot-immediate'],
      ...['[Service]', 'Type=oneshot', 'TimeoutStartSec=infinity'],
      ...[`Environment=PATH=${PATH} HOME=/root`, `WorkingDirectory=${THERE}`],
      ...[`ExecStart=${node} ${THERE}/tools/units/trial.js`],
      ...[`StandardOutput=file:${LINE}`, `StandardError=file:${LINE}`],
    ),
  );
  files.close();
}

function which(name: string): string {
  return execFileSync('which', [name], { encoding: 'utf8' }).trim();
}
