/**
 * Programs as people run them, whose memory nobody has laid out for KSM: several copies of each,
 * which hold the same data and go on working, with all that they fork.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandsOf, type ProgramName } from './commands.js';
import type { Work } from './work.js';

/** Between two starts: longer than one takes to ask for KSM. */
const APART_MS = 500;

interface Started {
  readonly child: ChildProcess;
  readonly endsBy: NodeJS.Signals | undefined;
}

export class Programs {
  private readonly programs: Started[] = [];
  private readonly clients: Started[] = [];

  /** `each` of every name, one after the other: KSM meets them in the order of their starts. */
  async start(
    names: readonly ProgramName[],
    each: number,
    work: Omit<Work, 'copy'>,
  ): Promise<void> {
    for (let copy = 0; copy < each; copy++)
      for (const name of names) {
        const { program, client, endsBy } = commandsOf(name, { ...work, copy });
        this.programs.push(started(program, endsBy));
        if (client !== undefined) this.clients.push(started(client, undefined));
        await sleep(APART_MS);
      }
  }

  /** Of the programs and of all that they have forked. Throws if one has ended. */
  pids(): number[] {
    const ended = [...this.programs, ...this.clients].find(({ child }) => hasEnded(child));
    if (ended !== undefined) throw new Error(`has ended: ${ended.child.spawnargs.join(' ')}`);
    return this.programs.flatMap(({ child: { pid } }) => (pid === undefined ? [] : family(pid)));
  }

  /** Ends them all, at once. */
  kill(): void {
    for (const { child, endsBy } of [...this.clients, ...this.programs]) {
      if (child.pid === undefined || hasEnded(child)) continue;
      // Each leads a group of its own.
      if (endsBy === undefined) send('SIGKILL', -child.pid);
      else send(endsBy, child.pid);
    }
  }

  /** Ends them all. Resolves once the programs are gone. */
  async stop(): Promise<void> {
    const gone = [...this.clients, ...this.programs]
      .filter(({ child }) => child.pid !== undefined && !hasEnded(child))
      .map(({ child }) => once(child, 'exit'));
    this.kill();
    await Promise.all(gone);
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

function send(name: NodeJS.Signals, to: number): void {
  try {
    process.kill(to, name);
  } catch {
    // It has ended this moment.
  }
}

function started(
  [name = '', ...args]: readonly string[],
  endsBy: NodeJS.Signals | undefined,
): Started {
  const child = spawn(name, args, { stdio: ['ignore', 'ignore', 'inherit'], detached: true });
  return { child, endsBy };
}

/** A process and all that it has forked, as they are now. */
function family(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1').split(' ').filter(Boolean),
  );
  return [pid, ...children.map(Number).flatMap(family)];
}
