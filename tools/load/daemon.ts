/** A daemon of the bench's own: its process, its client, and its end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client } from '../../src/client/client.js';

const KSMD = fileURLToPath(new URL('../../bin/ksmd.js', import.meta.url));

export class LoadedDaemon {
  readonly client: Client;
  /** The daemon ended though nobody asked it to. */
  readonly died: Promise<never>;
  private stopping = false;

  private constructor(
    private readonly process: ChildProcess,
    private readonly folder: string,
    readonly socketPath: string,
  ) {
    this.client = new Client(socketPath);
    this.died = once(process, 'exit').then(([status]) => {
      if (!this.stopping) throw new Error(`the daemon ended with status ${status}`);
      return new Promise<never>(() => {});
    });
    this.died.catch(() => {});
  }

  /**
   * Starts `ksmd start` with these options and waits until it answers. `ksmd`: the command line
   * that runs it, this checkout's unless said.
   */
  static async start(
    options: readonly string[],
    [program, ...args]: readonly [string, ...string[]] = [process.execPath, KSMD],
  ): Promise<LoadedDaemon> {
    const folder = mkdtempSync(join(tmpdir(), 'ksmd-load-'));
    const socketPath = join(folder, 'ksmd.sock');
    const child = spawn(
      program,
      [...args, 'start', '--socket', socketPath, '--log-file', join(folder, 'log'), ...options],
      {
        stdio: ['ignore', 'ignore', 'inherit'],
      },
    );
    const daemon = new LoadedDaemon(child, folder, socketPath);
    process.once('exit', () => child.kill('SIGKILL'));
    for (;;) {
      try {
        await Promise.race([daemon.client.status(), daemon.died]);
        return daemon;
      } catch (error) {
        if (child.exitCode !== null) throw error;
        await delay(20);
      }
    }
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  /** Waits until a workload has done its work: how many stores that was. */
  async done(id: number): Promise<number> {
    for (;;) {
      const workload = (await this.client.workloads()).find((one) => one.id === id);
      if (workload?.state === 'done') return workload.stores;
      if (workload === undefined || workload.state === 'died')
        throw new Error(`workload ${id} did not get done: ${workload?.reason ?? 'it is gone'}`);
      await Promise.race([delay(10), this.died]);
    }
  }

  async stop(): Promise<void> {
    this.stopping = true;
    const exited = once(this.process, 'exit');
    await this.client.stop();
    await exited;
    this.client.close();
    rmSync(this.folder, { recursive: true });
  }
}
