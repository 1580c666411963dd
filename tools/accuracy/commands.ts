/**
 * Command lines of programs as people run them. All their private memory is mergeable, if it is to
 * be, as a service manager's MemoryKSM= makes it, and that of what they fork and become; machines
 * advise their guest's themselves. Each works in a folder of its own, to which an unprivileged user
 * may come.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { newestKernelPackage } from '../debian/kernel-package.js';
import { foundProgram } from './found-program.js';
import { machineCommand } from './machine.js';
import { nginxCommand } from './nginx.js';
import { postgresCommand, postgresProgram } from './postgres.js';
import type { Work } from './work.js';

const PR_SET_MEMORY_MERGE = 67;
/** Sets it as it is told, and becomes the program that is named. */
const LAUNCHER = `import ctypes, os, sys
ctypes.CDLL(None).prctl(${PR_SET_MEMORY_MERGE}, int(sys.argv[1]), 0, 0, 0)
os.execvp(sys.argv[2], sys.argv[2:])`;

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const merging = ({ merges }: Work, ...command: readonly string[]): string[] => [
  ...['python3', '-c', LAUNCHER, merges ? '1' : '0'],
  ...command,
];

/** The program that is looked at, and who gives it work to do, if it needs one. */
export interface Commands {
  readonly program: readonly string[];
  readonly client?: readonly string[];
  /** What ends it together with its family, where that is not to be killed. */
  readonly endsBy?: NodeJS.Signals;
}

interface Program {
  /** What has to be there, and the Debian package that it is in. */
  readonly needs: Readonly<Record<string, string>>;
  /** What else has to be there, as it is found. */
  readonly isThere?: () => boolean;
  readonly commands: (work: Work) => Commands;
}

const java = (work: Work, ...flags: readonly string[]): Commands => ({
  program: merging(
    work,
    ...['java', '-XX:+UseSerialGC', '-Xms160m', '-Xmx160m', ...flags],
    ...[here('Holds.java'), String(work.writes)],
  ),
});
const JDK = { javac: 'default-jdk-headless' };

const PROGRAMS = {
  node: {
    needs: {},
    commands: (work) => ({
      program: merging(work, 'node', here('holds.mjs'), String(work.writes)),
    }),
  },
  python: {
    needs: {},
    commands: (work) => ({
      program: merging(work, 'python3', here('holds.py'), String(work.writes)),
    }),
  },
  workers: {
    needs: {},
    commands: (work) => ({
      program: merging(work, 'python3', here('forks_workers.py'), String(work.writes)),
    }),
  },
  java: { needs: JDK, commands: (work) => java(work, '-XX:+UseTransparentHugePages') },
  'java-small-pages': { needs: JDK, commands: (work) => java(work) },
  redis: {
    needs: { 'redis-server': 'redis-server' },
    commands: (work) => {
      const { writes, folder, copy } = work;
      const socket = join(folder, `redis-${copy}`);
      return {
        program: merging(
          work,
          ...['redis-server', '--port', '0', '--unixsocket', socket],
          ...['--save', '', '--dir', folder, '--logfile', '/dev/null'],
        ),
        client: ['python3', here('loads_redis.py'), socket, String(writes)],
      };
    },
  },
  postgres: {
    needs: { postgres: 'postgresql', setpriv: 'util-linux' },
    commands: (work) => {
      const { writes, folder, copy } = work;
      const home = join(folder, `postgres-${copy}`);
      const psql = postgresProgram('psql');
      return {
        program: merging(work, ...postgresCommand(home)),
        client: ['python3', here('loads_postgres.py'), psql, home, String(writes)],
        // It has shared memory of the kernel's to give back.
        endsBy: 'SIGQUIT',
      };
    },
  },
  nginx: {
    needs: { nginx: 'nginx-light' },
    commands: (work) => {
      const { writes, folder, copy } = work;
      const home = join(folder, `nginx-${copy}`);
      const { command, socket } = nginxCommand(home);
      return {
        program: merging(work, ...command),
        client: ['python3', here('loads_nginx.py'), socket, String(writes)],
      };
    },
  },
  machine: {
    needs: { 'qemu-system-x86_64': 'qemu-system-x86' },
    isThere: () => newestKernelPackage() !== undefined,
    commands: (work) => ({ program: machineCommand(work) }),
  },
} as const satisfies Record<string, Program>;

export type ProgramName = keyof typeof PROGRAMS;
export const PROGRAM_NAMES = Object.keys(PROGRAMS) as readonly ProgramName[];

export function commandsOf(name: ProgramName, work: Work): Commands {
  return PROGRAMS[name].commands(work);
}

/** Why a program cannot be started on this machine, in a sentence. */
export function whyNot(name: ProgramName): string | undefined {
  const { needs, isThere = () => true }: Program = PROGRAMS[name];
  for (const [needed, from] of Object.entries(needs))
    if (foundProgram(needed) === undefined)
      return `${name} needs ${needed}, which is not there: apt-get install ${from}`;
  return isThere() ? undefined : `${name} needs a kernel of Debian's: apt-get update`;
}
