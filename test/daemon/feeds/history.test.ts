/** What the daemon keeps of the last minutes. */
import { expect, test } from 'vitest';
import { History, MAX_SAMPLES, SAMPLE_EVERY_MS } from '../../../src/daemon/feeds/history.js';
import type { Sample } from '../../../src/protocol/history.js';
import { ManualTimers } from '../manual-timers.js';

const NOTHING = {
  usedBytes: 0,
  freeBytes: 0,
  savedBytes: 0,
  pagesScanned: 0,
  fullScans: 0,
  merges: 0,
  breaks: 0,
  hugePages: 0,
  splits: 0,
  scannerCpuMs: 0,
  kernelCpuMs: 0,
};

function rig() {
  const timers = new ManualTimers();
  let atMs = 0;
  const history = new History(() => ({ ...NOTHING, atMs, pagesScanned: atMs * 2 }), timers);
  const pass = (ticks: number): void => {
    for (let i = 0; i < ticks; i++) {
      atMs += SAMPLE_EVERY_MS;
      timers.tick();
    }
  };
  return { timers, history, pass };
}

test('a sample a second is kept, the oldest go', () => {
  const { history, pass } = rig();
  pass(5);
  expect(history.samples.map(({ atMs }) => atMs)).toEqual([0, 1000, 2000, 3000, 4000, 5000]);
  pass(MAX_SAMPLES);
  expect(history.samples.length).toBe(MAX_SAMPLES);
  expect(history.samples.at(-1)?.atMs).toBe((5 + MAX_SAMPLES) * SAMPLE_EVERY_MS);
});

test('a span of time begins with the oldest sample in it and ends now', () => {
  const { history, pass } = rig();
  pass(20);
  const { before, now } = history.span(10_000);
  expect([before.atMs, now.atMs, now.pagesScanned - before.pagesScanned]).toEqual([
    10_000, 20_000, 20_000,
  ]);
});

test('listeners hear of every sample until they go, and nothing ticks once it is stopped', () => {
  const { timers, history, pass } = rig();
  const heard: Sample[] = [];
  const leave = history.subscribe((sample) => heard.push(sample));
  pass(2);
  leave();
  pass(2);
  expect(heard.map(({ atMs }) => atMs)).toEqual([1000, 2000]);
  history.stop();
  expect(timers.ticks.size).toBe(0);
});
