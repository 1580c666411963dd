/** When the sweeps of a recording are over, as it is played. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { playedSweeps } from '../../../../src/cli/commands/follow/played-sweeps.js';
import { ToldHost } from '../../../../src/cli/commands/follow/told-host.js';
import type { CaptureClock } from '../../../../src/recording/capture/pace.js';
import { Recording } from '../../../../src/recording/recording.js';
import { RecordingWriter } from '../../../../src/recording/recording-writer.js';
import { TemporaryDirectory } from '../../../daemon-process.js';
import { HEADER } from '../../../recording/small-recording.js';

const directory = new TemporaryDirectory();
afterAll(() => directory.remove());
const STARTS_MS = [500, 10_500, 20_500, 60_500];

beforeAll(() => {
  const writer = RecordingWriter.create(directory.file('host.rec'), HEADER);
  for (const startMs of STARTS_MS) writer.endSweep({ startMs, durationMs: 5, processorMs: 3 });
  writer.close();
});

/** Time passes where somebody sleeps, and nowhere else. */
class SleepersClock implements CaptureClock {
  constructor(private atMs = 1_000_000) {}
  nowMs(): number {
    return this.atMs;
  }
  processorMs(): number {
    return 0;
  }
  async sleep(ms: number): Promise<void> {
    this.atMs += ms;
  }
}

/** When each is told, in milliseconds; `work` takes so many after each. */
async function times(speed: number, workMs = 0, most = STARTS_MS.length): Promise<number[]> {
  const recording = await Recording.open(directory.file('host.rec'));
  const clock = new SleepersClock();
  const beginMs = clock.nowMs();
  const told: number[] = [];
  const interruption = new AbortController();
  const { signal } = interruption;
  const host = new ToldHost(HEADER, ({ name }) => name);
  for await (const { sweep } of playedSweeps(recording, host, { speed, clock, signal })) {
    told.push(clock.nowMs() - beginMs);
    expect(sweep).toBe(told.length);
    await clock.sleep(workMs);
    if (told.length === most) interruption.abort();
  }
  await recording.close();
  return told;
}

describe('sweeps are told', () => {
  test('as far apart as they were recorded', async () => {
    expect(await times(1)).toEqual([0, 10_000, 20_000, 60_000]);
  });

  test('or so many times as fast, and slower', async () => {
    expect(await times(100)).toEqual([0, 100, 200, 600]);
    expect(await times(0.5)).toEqual([0, 20_000, 40_000, 120_000]);
  });

  test('at once where they are late, and in time again after that', async () => {
    expect(await times(1, 25_000)).toEqual([0, 25_000, 50_000, 75_000]);
    expect(await times(1, 12_000)).toEqual([0, 12_000, 24_000, 60_000]);
  });

  test('until somebody interrupts', async () => {
    expect(await times(1, 0, 2)).toEqual([0, 10_000]);
  });
});
