import { afterEach, expect, test, vi } from 'vitest';
import { nowMs } from '../../src/daemon/timers.js';

const YEARS_MS = 10 * 365 * 24 * 3600 * 1000;

afterEach(() => vi.restoreAllMocks());

test.each([YEARS_MS, -YEARS_MS])('a clock that is set by %i ms sets no dates', (byMs) => {
  const before = nowMs();
  // As a thread finds them that begins after the clock was set.
  vi.spyOn(Date, 'now').mockReturnValue(Date.now() + byMs);
  vi.spyOn(performance, 'timeOrigin', 'get').mockReturnValue(performance.timeOrigin + byMs);
  const after = nowMs();
  expect(after).toBeGreaterThanOrEqual(before);
  expect(after).toBeLessThan(before + YEARS_MS);
});
