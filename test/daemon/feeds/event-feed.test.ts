import { expect, test } from 'vitest';
import type { EventCounts } from '../../../src/daemon/feeds/event-counts.js';
import { EventFeed } from '../../../src/daemon/feeds/event-feed.js';
import type { KsmdEvent } from '../../../src/protocol/routes/streams.js';
import { ManualTimers } from '../manual-timers.js';

const START: EventCounts = {
  merges: 0,
  breaks: 0,
  splits: 0,
  collapses: 0,
  fullScans: 0,
  pagesShared: 0,
  pagesSharing: 0,
};

test('the counters are read only while somebody listens', () => {
  const timers = new ManualTimers();
  const feed = new EventFeed(() => START, timers);
  expect(timers.ticks.size).toBe(0);
  const first = feed.subscribe(() => {});
  const second = feed.subscribe(() => {});
  expect(timers.ticks.size).toBe(1);
  first();
  expect(timers.ticks.size).toBe(1);
  second();
  expect(timers.ticks.size).toBe(0);
});

test('a listener is told what has happened since it came, and nothing when nothing has', () => {
  const timers = new ManualTimers();
  let counts = { ...START, merges: 10 };
  const feed = new EventFeed(() => counts, timers);
  const told: KsmdEvent[] = [];
  counts = { ...counts, merges: 15 };
  feed.subscribe((event) => told.push(event));
  timers.tick();
  expect(told).toEqual([]);
  counts = {
    merges: 18,
    breaks: 2,
    splits: 4,
    collapses: 1,
    fullScans: 1,
    pagesShared: 5,
    pagesSharing: 6,
  };
  timers.tick();
  timers.tick();
  expect(told).toEqual([
    { event: 'merges', data: { pages: 3 } },
    { event: 'breaks', data: { pages: 2 } },
    { event: 'splits', data: { hugePages: 4 } },
    { event: 'collapses', data: { hugePages: 1 } },
    { event: 'full_scan', data: { full_scans: 1, pages_shared: 5, pages_sharing: 6 } },
  ]);
});

test('counts that wrap around at 2^32 are told right', () => {
  const timers = new ManualTimers();
  let counts = { ...START, merges: -1 };
  const feed = new EventFeed(() => counts, timers);
  const told: KsmdEvent[] = [];
  feed.subscribe((event) => told.push(event));
  counts = { ...START, merges: 2 };
  timers.tick();
  expect(told).toEqual([{ event: 'merges', data: { pages: 3 } }]);
});
