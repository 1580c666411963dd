/** A memory cgroup of a test's own, below the one that the test runs in. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import type { TestContext } from 'vitest';
import type { Within } from './daemon-process.js';

export class MemoryCgroup {
  private constructor(
    private readonly directory: string,
    private readonly limitFile: string,
  ) {}

  /** Skips the test, and says so, where none can be made. */
  static make(context: TestContext, limitBytes: number): MemoryCgroup {
    const mounts = readFileSync('/proc/self/mountinfo', 'latin1');
    const groups = readFileSync('/proc/self/cgroup', 'latin1');
    const [, v1] =
      /^\S+ \S+ \S+ \S+ (\S+) .*- cgroup \S+ (?:\S+,)?memory(?:,|$)/m.exec(mounts) ?? [];
    const [, v2] = /^\S+ \S+ \S+ \S+ (\S+) .*- cgroup2 /m.exec(mounts) ?? [];
    const [, own] = (v1 === undefined ? /^0::(.*)$/m : /^\d+:memory:(.*)$/m).exec(groups) ?? [];
    const directory = `${v1 ?? v2}${own}/ksmd-test-${randomUUID()}`;
    const limitFile = v1 === undefined ? 'memory.max' : 'memory.limit_in_bytes';
    const cgroup = new MemoryCgroup(directory, limitFile);
    try {
      mkdirSync(directory);
      writeFileSync(`${directory}/${limitFile}`, String(limitBytes));
    } catch (error) {
      cgroup.remove();
      context.skip(`needs=memory-cgroup: ${error instanceof Error ? error.message : error}`);
    }
    return cgroup;
  }

  get limitPath(): string {
    return `${this.directory}/${this.limitFile}`;
  }

  /** Runs a command in it. */
  readonly within: Within = (command) => [
    ...['sh', '-c', `echo $$ > ${this.directory}/cgroup.procs && exec "$@"`, 'sh'],
    ...command,
  ];

  /** Once nobody is in it any more. */
  remove(): void {
    try {
      rmdirSync(this.directory);
    } catch {}
  }
}
