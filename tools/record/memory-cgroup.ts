/** A memory cgroup, below the one that this process is in, of either version. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const TRY_MS = 5;
const MOST_TRIES = 400;

export class MemoryCgroup {
  private constructor(
    readonly directory: string,
    private readonly isV1: boolean,
  ) {}

  /** For processes that may have so much together. Throws what the kernel says against it. */
  static make(limitBytes: number): MemoryCgroup {
    const mounts = readFileSync('/proc/self/mountinfo', 'latin1');
    const groups = readFileSync('/proc/self/cgroup', 'latin1');
    const [, v1] =
      /^\S+ \S+ \S+ \S+ (\S+) .*- cgroup \S+ (?:\S+,)?memory(?:,|$)/m.exec(mounts) ?? [];
    const [, v2] = /^\S+ \S+ \S+ \S+ (\S+) .*- cgroup2 /m.exec(mounts) ?? [];
    const [, own] = (v1 === undefined ? /^0::(.*)$/m : /^\d+:memory:(.*)$/m).exec(groups) ?? [];
    const directory = `${v1 ?? v2}${own}/ksmd-test-${randomUUID()}`;
    const cgroup = new MemoryCgroup(directory, v1 !== undefined);
    try {
      mkdirSync(directory);
      cgroup.limit(limitBytes);
    } catch (error) {
      void cgroup.remove();
      throw error;
    }
    return cgroup;
  }

  get limitPath(): string {
    return join(this.directory, this.isV1 ? 'memory.limit_in_bytes' : 'memory.max');
  }

  limit(bytes: number): void {
    writeFileSync(this.limitPath, String(bytes));
  }

  /** What runs a command in it. */
  readonly within = (command: readonly string[]): readonly string[] => [
    ...['sh', '-c', `echo $$ > ${this.processesPath} && exec "$@"`, 'sh'],
    ...command,
  ];

  add(pid: number): void {
    writeFileSync(this.processesPath, String(pid));
  }

  /** Bytes that are charged to it. */
  usage(): number {
    const file = this.isV1 ? 'memory.usage_in_bytes' : 'memory.current';
    return Number(readFileSync(join(this.directory, file), 'latin1'));
  }

  /** Who is in it is to end; a process is in it for a moment longer than it has memory. */
  async remove(): Promise<void> {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      try {
        rmdirSync(this.directory);
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EBUSY') return;
        await delay(TRY_MS);
      }
    }
  }

  private get processesPath(): string {
    return join(this.directory, 'cgroup.procs');
  }
}
