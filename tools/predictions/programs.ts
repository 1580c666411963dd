/**
 * Programs as people run them, whose memory nobody has laid out for KSM: several processes each of
 * Node, Python and the JVM, which hold the same data and go on working. All their private memory is
 * mergeable, as a service manager's MemoryKSM= makes it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const PR_SET_MEMORY_MERGE = 67;
/** Between two starts: longer than one takes to ask for KSM. */
const APART_MS = 500;
/** Sets it, and becomes the program that is named. */
const LAUNCHER = `import ctypes, os, sys
ctypes.CDLL(None).prctl(${PR_SET_MEMORY_MERGE}, 1, 0, 0, 0)
os.execvp(sys.argv[1], sys.argv[1:])`;

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** A command line, given how many writes a second it is to make. */
const COMMANDS = {
  node: (writes: number) => ['node', here('holds.mjs'), String(writes)],
  python: (writes: number) => ['python3', here('holds.py'), String(writes)],
  java: (writes: number) => [
    ...['java', '-XX:+UseSerialGC', '-Xms160m', '-Xmx160m', '-XX:+UseTransparentHugePages'],
    ...[here('Holds.java'), String(writes)],
  ],
} as const satisfies Record<string, (writes: number) => string[]>;

export type ProgramName = keyof typeof COMMANDS;

export class Programs {
  private constructor(private readonly children: readonly ChildProcess[]) {}

  /** `each` of every name, one after the other: KSM meets them in the order of their starts. */
  static async start(
    names: readonly ProgramName[],
    each: number,
    writesASecond: number,
  ): Promise<Programs> {
    const children: ChildProcess[] = [];
    for (let copy = 0; copy < each; copy++)
      for (const name of names) {
        children.push(
          spawn('python3', ['-c', LAUNCHER, ...COMMANDS[name](writesASecond)], {
            stdio: ['ignore', 'ignore', 'inherit'],
          }),
        );
        await sleep(APART_MS);
      }
    return new Programs(children);
  }

  get pids(): number[] {
    return this.children.flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
  }

  stop(): void {
    for (const child of this.children) child.kill('SIGKILL');
  }
}
