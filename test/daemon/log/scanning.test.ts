/** What the log tells of the scanner, and how seldom: the timers turned by hand. */
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { type Counters, logScanning } from '../../../src/daemon/log/scanning.js';
import { ManualTimers } from '../manual-timers.js';

class Scanned {
  counters: Counters = { full_scans: 0, pages_scanned: 0 };
  private readonly lines: Record<string, unknown>[] = [];
  private readonly timers = new ManualTimers();

  constructor() {
    const sink = new Writable({
      write: (line, _encoding, done) => {
        this.lines.push(JSON.parse(String(line)));
        done();
      },
    });
    const logger = pino({ level: 'debug', formatters: { level: (level) => ({ level }) } }, sink);
    logScanning(logger, () => this.counters, this.timers);
  }

  /** The lines of so many seconds, in each of which a full scan changes some counters. */
  seconds(count: number, changes: Counters = {}): Record<string, unknown>[] {
    const from = this.lines.length;
    for (let second = 0; second < count; second++) {
      const { full_scans = 0, pages_scanned = 0 } = this.counters;
      this.counters = {
        ...this.counters,
        full_scans: full_scans + 1,
        pages_scanned: pages_scanned + 100,
        ...changes,
      };
      this.timers.tick();
    }
    return this.lines.slice(from);
  }
}

const atInfo = (lines: Record<string, unknown>[]) => lines.filter(({ level }) => level === 'info');

test('batches are told at debug, full scans at info once something has come of them', () => {
  const scanned = new Scanned();
  const quiet = scanned.seconds(100);
  expect(quiet).toHaveLength(100);
  expect(atInfo(quiet)).toEqual([]);
  const [merged, ...others] = atInfo(scanned.seconds(1, { pages_shared: 2, pages_sharing: 5 }));
  expect(merged).toMatchObject({
    msg: 'a full scan has ended',
    full_scans: 101,
    pages_shared: 2,
    pages_sharing: 5,
  });
  expect(others).toEqual([]);
});

test('a day in which something comes of every scan is a line in ten seconds, one in which nothing does is none', () => {
  const scanned = new Scanned();
  let told = 0;
  for (let second = 0; second < 1000; second++)
    told += atInfo(scanned.seconds(1, { pages_sharing: second })).length;
  expect(told).toBe(100);
  // What moves from one to the other is neither merged nor forgotten.
  told = 0;
  scanned.seconds(20, { pages_unshared: 500, pages_volatile: 500 });
  for (let second = 0; second < 1000; second++)
    told += atInfo(
      scanned.seconds(1, { pages_unshared: second, pages_volatile: 1000 - second }),
    ).length;
  expect(told).toBe(0);
});
