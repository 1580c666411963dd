/**
 * The process that takes the images. What an image that is not refused gives has to be what sources
 * promise: whole pages, within what is mapped, and no more than could be packed into the file.
 */
import { writeFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { KsmdError } from '../../src/errors.js';
import { openImage } from '../../src/sources/images/open-image.js';
import type { Mapping } from '../../src/sources/source.js';
import { randomIntegers } from '../../src/workload/random.js';
import { type Task, tell } from '../fuzzing.js';
import { FORMATS } from './formats.js';
import { mutated } from './mutated.js';

/** What a case may bring: files are small, and what packs best packs a thousand times. */
const MOST_BYTES = 64 * 1024 * 1024;
const CASES_BETWEEN_COLLECTIONS = 500;

process.once('message', (task: Task<string>) => void run(task));

async function run({ kind, seed, count, path }: Task<string>): Promise<void> {
  const original = FORMATS[kind];
  for (let number = 0; number < count; number++) {
    try {
      if (original === undefined) throw new Error(`there is no format ${kind}`);
      writeFileSync(path, mutated(original, randomIntegers(seed + number)));
      await tell({ begins: seed + number });
      const taken = await take(path);
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

/** Whether it was `read` or `refused`. Rejects if it is neither as it should be. */
async function take(path: string): Promise<string> {
  try {
    await readWhole(path);
    return 'read';
  } catch (error) {
    if (!(error instanceof KsmdError) || error.code !== 'EINVAL') throw error;
    if (!error.message.startsWith(path) || error.message.includes('\n')) throw error;
    return 'refused';
  }
}

async function readWhole(path: string): Promise<void> {
  const source = await openImage(path);
  try {
    const { pageSize } = source;
    const mappings: Mapping[] = [];
    let total = 0;
    for await (const item of source.read()) {
      if (item.type === 'mapping') {
        const end = item.address + item.pages * pageSize;
        assert(item.address % pageSize === 0 && Number.isInteger(item.pages) && item.pages > 0);
        assert(
          mappings.every(
            (one) => end <= one.address || one.address + one.pages * pageSize <= item.address,
          ),
        );
        mappings.push(item);
        continue;
      }
      const end = item.address + item.bytes.length;
      assert(item.bytes.length > 0 && item.bytes.length % pageSize === 0);
      assert(
        mappings.some(
          (one) => one.address <= item.address && end <= one.address + one.pages * pageSize,
        ),
      );
      total += item.bytes.length;
      assert(total <= MOST_BYTES);
    }
    assert(source.leftOut.every(({ bytes }) => bytes > 0));
  } finally {
    await source.close();
  }
}

function assert(isSo: boolean): void {
  if (!isSo) throw new Error('not what sources promise');
}
