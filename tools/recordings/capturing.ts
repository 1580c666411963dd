/** `ksmd capture` as people run it, its sweeps as it tells them, and what it takes. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { SweepReport } from '../../src/recording/capture/capture.js';

export const KSMD = fileURLToPath(new URL('../../bin/ksmd.js', import.meta.url));

export class Capturing {
  /** What it has said on standard error. */
  complaints = '';
  private readonly child: ChildProcessByStdio<null, Readable, Readable>;
  private readonly lines: AsyncIterator<string>;

  constructor(pids: readonly number[], output: string, args: readonly string[]) {
    const named = pids.flatMap((pid) => ['--pid', String(pid)]);
    const key = join(output, '..', 'key');
    this.child = spawn(
      process.execPath,
      [KSMD, 'capture', '--json', '--advised', '--key', key, '--output', output, ...named, ...args],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    this.child.stderr.on('data', (chunk) => {
      this.complaints += chunk;
    });
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  /** The next sweep, once it is over; undefined if there is none. */
  async sweep(): Promise<SweepReport | undefined> {
    const { value, done } = await this.lines.next();
    return done === true ? undefined : (JSON.parse(value) as SweepReport);
  }

  /** Bytes that it has had resident at most. */
  get mostResidentBytes(): number {
    const status = readFileSync(`/proc/${this.child.pid}/status`, 'latin1');
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Its exit status; null if it was killed. */
  async ended(): Promise<number | null> {
    const { child } = this;
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    return child.exitCode;
  }
}
