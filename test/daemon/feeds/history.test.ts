/** What the daemon keeps of the last minutes. */
import { expect, test } from 'vitest';
import { History, SAMPLE_EVERY_MS } from '../../../src/daemon/feeds/history.js';
import type { Sample } from '../../../src/protocol/history.js';
import { SECONDS_KEPT, THINNED_KEPT, THINNED_TO_MS } from '../../../src/protocol/kept-samples.js';
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
  const tunables: Record<string, number> = { run: 1, pages_to_scan: 100 };
  const take = () => ({ ...NOTHING, atMs, pagesScanned: atMs * 2 });
  const history = new History(take, () => ({ ...tunables }), timers);
  const pass = (ticks: number): void => {
    for (let i = 0; i < ticks; i++) {
      atMs += SAMPLE_EVERY_MS;
      timers.tick();
    }
  };
  return { timers, history, pass, tunables };
}

test('a sample a second is kept of the last minutes, and of a day one in two minutes', () => {
  const { history, pass } = rig();
  const times = (): number[] => history.samples.map(({ atMs }) => atMs);
  pass(5);
  expect(times()).toEqual([0, 1000, 2000, 3000, 4000, 5000]);
  pass(SECONDS_KEPT);
  expect(times().slice(0, 2)).toEqual([0, 6000]);
  expect(history.samples.length).toBe(SECONDS_KEPT + 1);
  pass(2 * THINNED_KEPT * (THINNED_TO_MS / SAMPLE_EVERY_MS));
  expect(history.samples.length).toBe(SECONDS_KEPT + THINNED_KEPT);
  const kept = times();
  const gaps = kept.map((at, place) => at - (kept[place - 1] ?? at));
  expect(new Set(gaps.slice(1, THINNED_KEPT))).toEqual(new Set([THINNED_TO_MS]));
  expect(new Set(gaps.slice(THINNED_KEPT + 1))).toEqual(new Set([SAMPLE_EVERY_MS]));
  expect((kept.at(-1) ?? 0) - (kept[0] ?? 0)).toBeGreaterThanOrEqual(24 * 3600 * 1000);
});

test('tunables that are set are told with the next sample, and stay told as samples go', () => {
  const { history, pass, tunables } = rig();
  pass(2);
  tunables.pages_to_scan = 500;
  pass(1);
  tunables.pages_to_scan = 900;
  tunables.run = 0;
  pass(2);
  const told = () =>
    history.samples.flatMap(({ atMs, tunables: set }) => (set ? [[atMs, set]] : []));
  expect(told()).toEqual([
    [3000, { pages_to_scan: 500 }],
    [4000, { pages_to_scan: 900, run: 0 }],
  ]);
  // A rate that is asked for takes none of it away.
  tunables.run = 1;
  history.span(1000);
  pass(1);
  expect(told().at(-1)).toEqual([6000, { run: 1 }]);
  pass(3 * SECONDS_KEPT);
  expect(told()).toEqual([[THINNED_TO_MS, { pages_to_scan: 900, run: 1 }]]);
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
