/** Processes whose memory is known and lives, as long as somebody looks at them. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('live-process.mjs', import.meta.url));
const PAGE_BYTES = 4096;
/** Children of the first process. */
const FORKS = 2;

export class LiveHost {
  private constructor(
    private readonly processes: readonly ChildProcessWithoutNullStreams[],
    /** Children that are forks among them. */
    readonly pids: readonly number[],
  ) {}

  /** `bytes` in all, in so many processes; the first has two children that share its pages. */
  static async start(bytes: number, processes: number): Promise<LiveHost> {
    const pages = Math.floor(bytes / PAGE_BYTES / processes);
    const started: ChildProcessWithoutNullStreams[] = [];
    const pids: number[] = [];
    for (let seed = 0; seed < processes; seed++) {
      const forks = seed === 0 ? FORKS : 0;
      const child = spawn(process.execPath, [PROGRAM, `${seed}`, `${pages}`, `${forks}`], {
        env: { ...process.env, WORKS: seed === 0 ? '1' : '0' },
      });
      child.stderr.pipe(process.stderr);
      started.push(child);
      const [line] = (await once(child.stdout, 'data')) as [Buffer];
      pids.push(...line.toString().trim().split(' ').map(Number));
    }
    return new LiveHost(started, pids);
  }

  /** Those that share nothing with another since a fork. */
  get apart(): readonly number[] {
    return this.pids.slice(1 + FORKS);
  }

  /** Turns of its own loop that the first process has made since it was asked last. */
  async turns(): Promise<number> {
    const [first] = this.processes;
    if (first === undefined) return 0;
    first.stdin.write('?');
    const [line] = (await once(first.stdout, 'data')) as [Buffer];
    return Number(line.toString());
  }

  /** None of them writes, until they go on. */
  pause(): void {
    for (const pid of this.pids) process.kill(pid, 'SIGSTOP');
  }

  goOn(): void {
    for (const pid of this.pids) process.kill(pid, 'SIGCONT');
  }

  stop(): void {
    for (const pid of this.pids) process.kill(pid, 'SIGKILL');
  }
}
