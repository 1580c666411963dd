/** A memory cgroup of a test's own, below the one that the test runs in. */
import type { TestContext } from 'vitest';
import { MemoryCgroup } from '../tools/record/memory-cgroup.js';

/** Skips the test, and says so, where none can be made. */
export function memoryCgroup(context: TestContext, limitBytes: number): MemoryCgroup {
  try {
    return MemoryCgroup.make(limitBytes);
  } catch (error) {
    return context.skip(`needs=memory-cgroup: ${error instanceof Error ? error.message : error}`);
  }
}
