/** Looking at a daemon again and again. */
import { expect, test } from 'vitest';
import { type Sample, samples } from '../../../src/cli/procps/samples.js';
import type { Status } from '../../../src/protocol/routes/status.js';

/** A daemon that was up so long at each look, and is the process of that number. */
function looks(
  ...daemons: readonly (readonly [pid: number, uptimeMs: number])[]
): () => Promise<Sample> {
  const left = [...daemons];
  return async () => {
    const [pid, uptimeMs] = left.shift() ?? [1, 0];
    return { status: { pid, uptimeMs } as Status };
  };
}

async function uptimes(found: AsyncIterable<Sample>): Promise<number[]> {
  const all: number[] = [];
  for await (const { status } of found) all.push(status.uptimeMs);
  return all;
}

test('looks are an interval apart at least, however long one took', async () => {
  const begunMs: number[] = [];
  const found = samples(async () => {
    begunMs.push(performance.now());
    if (begunMs.length === 2) await new Promise((resolve) => setTimeout(resolve, 70));
    return { status: { pid: 1, uptimeMs: begunMs.length } as Status };
  }, 30);
  for await (const _ of found) if (begunMs.length === 5) break;
  const gapsMs = begunMs.slice(1).map((atMs, i) => atMs - (begunMs[i] ?? 0));
  // Timers are right to a millisecond.
  for (const gapMs of gapsMs) expect(gapMs).toBeGreaterThan(28);
});

test.each([
  ['another process', [1, 100], [2, 200]],
  ['the same process number, begun anew', [1, 100], [1, 50]],
] as const)('%s in the daemon’s place ends it with a sentence', async (_, before, after) => {
  await expect(uptimes(samples(looks(before, after), 1))).rejects.toMatchObject({
    code: 'ECONNRESET',
    message: expect.stringMatching(/^the daemon was restarted meanwhile/),
  });
});

test('the wait for the next look can be interrupted', async () => {
  const stop = new AbortController();
  const found = samples(looks([1, 1]), 60_000, stop.signal);
  await found.next();
  const next = found.next();
  stop.abort();
  await expect(next).rejects.toMatchObject({ name: 'AbortError' });
});
