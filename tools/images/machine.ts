/**
 * A machine of QEMU's that never runs, with contents that are known, and its monitor: what writes
 * images of it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { setTimeout as after } from 'node:timers/promises';

const POLL_MS = 50;

export interface Filled {
  readonly bytes: Uint8Array;
  readonly address: number;
}

export class Machine {
  private constructor(
    private readonly child: ChildProcess,
    private readonly socket: Socket,
    private readonly answers: AsyncIterator<string>,
    private readonly lines: Interface,
  ) {}

  /** Rejects if there is no such program. */
  static async start(
    folder: string,
    mebibytes: number,
    fills: readonly Filled[],
  ): Promise<Machine> {
    const monitor = join(folder, 'monitor');
    const bios = join(folder, 'bios');
    writeFileSync(bios, new Uint8Array(65536));
    const loaders = fills.flatMap(({ bytes, address }, number) => {
      const path = join(folder, `fill-${number}`);
      writeFileSync(path, bytes);
      return ['-device', `loader,file=${path},addr=${address},force-raw=on`];
    });
    const machine = ['-accel', 'tcg', '-M', 'pc', '-m', String(mebibytes), '-nodefaults', '-S'];
    const rest = ['-display', 'none', '-bios', bios, '-qmp', `unix:${monitor},server=on,wait=off`];
    const child = spawn('qemu-system-x86_64', [...machine, ...rest, ...loaders], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    await once(child, 'spawn');
    while (!existsSync(monitor)) {
      if (child.exitCode !== null) throw new Error('QEMU has ended');
      await after(POLL_MS);
    }
    const socket = connect(monitor);
    await once(socket, 'connect');
    const lines = createInterface({ input: socket });
    const answers = lines[Symbol.asyncIterator]();
    // Its greeting.
    await answers.next();
    const made = new Machine(child, socket, answers, lines);
    await made.ask('qmp_capabilities');
    return made;
  }

  /** What the monitor answers; rejects with its words if it refuses. */
  async ask(execute: string, args: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    this.socket.write(`${JSON.stringify({ execute, arguments: args })}\n`);
    for (;;) {
      const { value, done } = await this.answers.next();
      if (done === true) throw new Error('the monitor has gone');
      const answer = JSON.parse(value);
      if ('event' in answer) continue;
      if ('error' in answer) throw new Error(answer.error.desc);
      return answer.return;
    }
  }

  /** To the end of a migration. The machine stays as it is: stopped. */
  async migrate(uri: string): Promise<void> {
    await this.ask('migrate', { uri });
    for (;;) {
      const { status } = (await this.ask('query-migrate')) as { status?: string };
      if (status === 'completed') return;
      if (status === 'failed') throw new Error(`migrate ${uri} fails`);
      await after(POLL_MS);
    }
  }

  async stop(): Promise<void> {
    const ended = once(this.child, 'exit');
    if (this.child.exitCode === null) {
      await this.ask('quit').catch(() => this.child.kill());
      await ended;
    }
    this.lines.close();
    this.socket.destroy();
  }
}
