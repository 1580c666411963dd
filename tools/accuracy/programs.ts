/**
 * Programs as people run them, whose memory nobody has laid out for KSM: several processes each of
 * Node, Python, the JVM and Redis, which hold the same data and go on working, and machines of
 * QEMU's. All private memory of the programs is mergeable, as a service manager's MemoryKSM= makes
 * it; machines have advised their guest's themselves.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { machineCommand } from './machine.js';

const PR_SET_MEMORY_MERGE = 67;
/** Between two starts: longer than one takes to ask for KSM. */
const APART_MS = 500;
/** Sets it, and becomes the program that is named. */
const LAUNCHER = `import ctypes, os, sys
ctypes.CDLL(None).prctl(${PR_SET_MEMORY_MERGE}, 1, 0, 0, 0)
os.execvp(sys.argv[1], sys.argv[1:])`;

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const merging = (...command: string[]): string[] => ['python3', '-c', LAUNCHER, ...command];

export interface Work {
  /** Each process, in a second. */
  readonly writes: number;
  /** Where they may leave files. */
  readonly folder: string;
  /** Of a program's processes, which one it is. */
  readonly copy: number;
}

/** Command lines: the program that is looked at, and who gives it work to do, if it needs one. */
interface Commands {
  readonly program: string[];
  readonly client?: string[];
}

const COMMANDS = {
  node: ({ writes }: Work): Commands => ({
    program: merging('node', here('holds.mjs'), String(writes)),
  }),
  python: ({ writes }: Work): Commands => ({
    program: merging('python3', here('holds.py'), String(writes)),
  }),
  java: ({ writes }: Work): Commands => ({
    program: merging(
      ...['java', '-XX:+UseSerialGC', '-Xms160m', '-Xmx160m', '-XX:+UseTransparentHugePages'],
      ...[here('Holds.java'), String(writes)],
    ),
  }),
  redis: ({ writes, folder, copy }: Work): Commands => {
    const socket = join(folder, `redis-${copy}`);
    return {
      program: merging(
        ...['redis-server', '--port', '0', '--unixsocket', socket],
        ...['--save', '', '--dir', folder, '--logfile', '/dev/null'],
      ),
      client: ['python3', here('loads_redis.py'), socket, String(writes)],
    };
  },
  machine: ({ writes, folder }: Work): Commands => ({ program: machineCommand(folder, writes) }),
} as const satisfies Record<string, (work: Work) => Commands>;

export type ProgramName = keyof typeof COMMANDS;

export class Programs {
  private constructor(
    private readonly programs: readonly ChildProcess[],
    private readonly clients: readonly ChildProcess[],
  ) {}

  /** `each` of every name, one after the other: KSM meets them in the order of their starts. */
  static async start(
    names: readonly ProgramName[],
    each: number,
    work: Omit<Work, 'copy'>,
  ): Promise<Programs> {
    const programs: ChildProcess[] = [];
    const clients: ChildProcess[] = [];
    for (let copy = 0; copy < each; copy++)
      for (const name of names) {
        const { program, client } = COMMANDS[name]({ ...work, copy });
        programs.push(started(program));
        if (client !== undefined) clients.push(started(client));
        await sleep(APART_MS);
      }
    return new Programs(programs, clients);
  }

  get pids(): number[] {
    return this.programs.flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
  }

  stop(): void {
    for (const child of [...this.clients, ...this.programs]) child.kill('SIGKILL');
  }
}

function started([name = '', ...args]: readonly string[]): ChildProcess {
  return spawn(name, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}
