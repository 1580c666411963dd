/** Looking at a daemon again and again. */
import { expect, test } from 'vitest';
import { type Sample, samples, type Waiting } from '../../../src/cli/procps/samples.js';
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

test('looks are an interval apart, and one that comes too late is left out', async () => {
  let now = 1000;
  const waiting: Waiting = {
    nowMs: () => now,
    wait: async (ms) => {
      now += ms;
    },
  };
  const begunMs: number[] = [];
  const look = async (): Promise<Sample> => {
    begunMs.push(now);
    // The second look takes more than two intervals, the fourth a part of one.
    now += { 2: 70, 4: 10 }[begunMs.length] ?? 0;
    return { status: { pid: 1, uptimeMs: now } as Status };
  };
  for await (const _ of samples(look, 30, undefined, waiting)) if (begunMs.length === 6) break;
  expect(begunMs).toEqual([1000, 1030, 1100, 1130, 1160, 1190]);
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
