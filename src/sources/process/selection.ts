/**
 * Which processes are meant: all machines of QEMU's, those of a cgroup, those of a unit of
 * systemd's; and what a guest of each is to be called.
 */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { KsmdError } from '../../errors.js';
import { quoted } from '../../printable.js';

const CGROUPS = '/sys/fs/cgroup';
/** Where version 2 is mounted beside version 1: paths of /proc/PID/cgroup are below it. */
const UNIFIED = 'unified';
const MACHINE = /^(qemu-system-\w+|qemu-kvm|kvm)$/;
/** What names may have (names.ts), and how much of it. */
const UNNAMEABLE = /[^A-Za-z0-9._-]+/g;
const MOST_CHARACTERS = 64;
export const DEFAULT_PATTERN = '{comm}-{pid}';

export interface SelectedProcess {
  readonly pid: number;
  /** What its machine is called, if it is one and has a name. */
  readonly machine?: string;
}

/** All virtual machines of QEMU's, in order of their numbers. ESRCH if there is none. */
export function qemuProcesses(): SelectedProcess[] {
  const found: SelectedProcess[] = [];
  for (const pid of pids()) {
    const command = commandOf(pid);
    if (!MACHINE.test(basename(command[0] ?? ''))) continue;
    const machine = machineName(command);
    found.push({ pid, ...(machine === undefined ? {} : { machine }) });
  }
  if (found.length === 0) throw new KsmdError('ESRCH', 'no virtual machine of QEMU runs here');
  return found;
}

/** Those of a control group and all below it. ENOENT if there is none; ESRCH if it is empty. */
export function cgroupProcesses(path: string, root = CGROUPS): SelectedProcess[] {
  const folder = (
    path.startsWith(`${root}/`) ? [path] : [join(root, path), join(root, UNIFIED, path)]
  ).find((each) => existsSync(join(each, 'cgroup.procs')));
  if (folder === undefined)
    throw new KsmdError('ENOENT', `${quoted(path)} is no control group in ${root}`);
  const found: SelectedProcess[] = [];
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.name !== 'cgroup.procs') continue;
    const text = readFileSync(join(entry.parentPath, entry.name), 'latin1');
    for (const line of text.split('\n')) if (line !== '') found.push({ pid: Number(line) });
  }
  if (found.length === 0) throw new KsmdError('ESRCH', `no process is in ${quoted(path)}`);
  return found.sort((a, b) => a.pid - b.pid);
}

/** Those of a unit. ENOENT if systemd knows none that runs. */
export async function unitProcesses(unit: string): Promise<SelectedProcess[]> {
  const show = ['show', '--property=ControlGroup', '--value', '--', unit];
  const { stdout } = await promisify(execFile)('systemctl', show).catch(() => ({ stdout: '' }));
  const path = stdout.trim();
  if (path === '') throw new KsmdError('ENOENT', `no unit ${quoted(unit)} runs under systemd here`);
  return cgroupProcesses(path);
}

/** The pattern with its parts filled in: {name}, {comm} and {pid}. */
export function guestName(pattern: string, { pid, machine }: SelectedProcess): string {
  const comm = readFileSync(`/proc/${pid}/comm`, 'latin1').trim();
  return filledIn(pattern, { name: machine ?? comm, comm, pid });
}

/** The same, of somebody of whom all is known; cut to what names may have. */
export function filledIn(
  pattern: string,
  { name, comm, pid }: { readonly name: string; readonly comm: string; readonly pid: number },
): string {
  return pattern
    .replaceAll('{name}', () => name)
    .replaceAll('{comm}', () => comm)
    .replaceAll('{pid}', String(pid))
    .replace(UNNAMEABLE, '-')
    .slice(0, MOST_CHARACTERS);
}

/**
 * What follows -name, as libvirt (`guest=web,debug-threads=on`), Proxmox (`web,debug-threads=on`)
 * and people write it.
 */
export function machineName(command: readonly string[]): string | undefined {
  const at = command.indexOf('-name');
  const value = at === -1 ? undefined : command[at + 1];
  const [first = ''] = value?.split(',') ?? [];
  const name = first.startsWith('guest=') ? first.slice('guest='.length) : first;
  return name === '' ? undefined : name;
}

function pids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

function commandOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0');
  } catch {
    // It has just ended.
    return [];
  }
}
