/**
 * The process that takes the files, so that one which never comes to an end, or takes all memory,
 * takes this process and no more. Told what to take, it says of each case that it begins, and what
 * came of it.
 */
import { writeFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { randomIntegers } from '../../src/workload/random.js';
import { type Task, tell } from '../fuzzing.js';
import { mutatedScenario } from './scenarios.js';
import { mutatedSnapshot } from './snapshots.js';
import { takeScenario, takeSnapshot } from './take.js';

export type Kind = 'snapshot' | 'scenario';

const CASES_BETWEEN_COLLECTIONS = 50;

process.once('message', (task: Task<Kind>) => void run(task));

async function run({ kind, seed, count, path }: Task<Kind>): Promise<void> {
  const working = `${path}.taken`;
  for (let number = 0; number < count; number++) {
    const file = fileOf(kind, seed + number);
    writeFileSync(path, file);
    await tell({ begins: seed + number });
    try {
      const taken =
        typeof file === 'string' ? takeScenario(file) : takeSnapshot(copied(file, working));
      // Machines are large, and what a collection has not come to yet is no growth.
      if (number % CASES_BETWEEN_COLLECTIONS === 0) globalThis.gc?.();
      await tell({ taken, rssBytes: process.memoryUsage.rss() });
    } catch (error) {
      await tell({ fault: inspect(error) });
      return;
    }
  }
  await tell({ done: true });
  process.disconnect();
}

function fileOf(kind: Kind, seed: number): string | Uint8Array {
  const random = randomIntegers(seed);
  return kind === 'snapshot' ? mutatedSnapshot(random) : mutatedScenario(random);
}

function copied(file: Uint8Array, path: string): string {
  writeFileSync(path, file);
  return path;
}
