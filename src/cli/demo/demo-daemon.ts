/**
 * A daemon in a child process, on a socket in a directory of its own; both go when it is stopped,
 * or when the demo is interrupted.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Client } from '../../client/client.js';
import { KsmdError } from '../../errors.js';
import { END_SIGNALS, type EndSignal, EXIT_STATUSES } from '../terminal/end-signals.js';

/** Slow enough to watch: about 12,000 pages a second, or as many as have it over as soon. */
const LEAST_BATCH = 250;
const SLEEP_MS = 20;
const BATCHES_A_SCAN = 132;

export class DemoDaemon {
  readonly client: Client;
  /** However the demo ends, nothing of it is left. */
  private readonly cleanUp = (): void => {
    this.child.kill('SIGTERM');
    rmSync(this.directory, { recursive: true, force: true });
  };
  private readonly interrupt = (signal: NodeJS.Signals): void => {
    process.exit(EXIT_STATUSES[signal as EndSignal]);
  };

  private constructor(
    private readonly directory: string,
    private readonly child: ChildProcess,
    socketPath: string,
  ) {
    this.client = new Client(socketPath);
    process.once('exit', this.cleanUp);
    for (const signal of END_SIGNALS) process.once(signal, this.interrupt);
  }

  /** Resolves once the daemon listens. KsmdError if it ends before that. */
  static async start(memoryBytes: number, guestPages: number): Promise<DemoDaemon> {
    const directory = mkdtempSync(join(tmpdir(), 'ksmd-demo-'));
    const socketPath = join(directory, 'ksmd.sock');
    const program = fileURLToPath(new URL('../../../bin/ksmd.js', import.meta.url));
    const batch = Math.max(LEAST_BATCH, Math.ceil(guestPages / BATCHES_A_SCAN));
    const pace = ['--pages-to-scan', String(batch), '--sleep-ms', String(SLEEP_MS)];
    const child = spawn(
      process.execPath,
      [program, 'start', '--socket', socketPath, '--memory', String(memoryBytes), ...pace],
      // None of them the terminal: a daemon that ends last would give it the settings back that it
      // found, and those are the demo's.
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const daemon = new DemoDaemon(directory, child, socketPath);
    let complaints = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaints += text;
    });
    for await (const line of createInterface({ input: child.stdout }))
      if (line.includes('"msg":"listening"')) return daemon;
    await daemon.stop();
    const [reason = ''] = complaints.split('\n');
    throw new KsmdError(
      'ECHILD',
      `the daemon did not start${reason === '' ? '' : `: ${reason.replace(/^ksmd: /, '')}`}`,
    );
  }

  async stop(): Promise<void> {
    process.off('exit', this.cleanUp);
    for (const signal of END_SIGNALS) process.off(signal, this.interrupt);
    this.client.close();
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = once(this.child, 'exit');
      this.child.kill('SIGTERM');
      await ended;
    }
    rmSync(this.directory, { recursive: true, force: true });
  }
}
