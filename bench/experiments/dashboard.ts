/**
 * What the dashboard costs while somebody looks, and whether it keeps up: a real Chromium on a
 * daemon with four guests that have booted, the scanner at full speed. The page is opened and
 * closed in turns, so that what else the machine does weighs on both alike.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { kernelProfile, type ProfileName } from '../../src/ksm/kernels.js';
import { chromiumPath, launchChromium } from '../../tools/load/browser.js';
import { LoadedDaemon } from '../../tools/load/daemon.js';
import { freePort } from '../../tools/load/free-port.js';
import { threadTimes } from '../../tools/load/thread-times.js';
import type { Progress } from '../progress.js';
import type { Row } from '../row.js';
import { PAGE_SIZE } from '../sides/side.js';

const GUESTS = 4;
/**
 * Of what the guests write, how much memory there is: they boot one after another, and merge
 * meanwhile.
 */
const MEMORY_SHARE = 0.85;
const WINDOW_MS = 4000;
const ROUNDS = 12;
const POLL_MS = 5;
/** With guests smaller than this, it is the bench that is tried and not the dashboard. */
const MEASURED_FROM_PAGES = 16_384;
const SMALL = { windowMs: 300, rounds: 1 };
const FRAMES_PER_SECOND = 30;
const MOST_COST = 0.03;

interface Window {
  /** Pages the scanner visited a second. */
  readonly perSecond: number;
  /** Pages a second of the scanner's own processor time. */
  readonly perCpuSecond: number;
  /** Processor time of the API thread over time. */
  readonly apiShare: number;
}

interface Frames {
  readonly perSecond: number;
  /**
   * Milliseconds between two frames: the interval that 99 of 100 do not exceed, and the longest.
   */
  readonly p99Ms: number;
  readonly longestMs: number;
  /** Tasks of more than 50 ms, and the longest in milliseconds. */
  readonly longTasks: number;
  readonly longestTaskMs: number;
}

export async function dashboardRow(
  copyPages: number,
  profile: ProfileName,
  seed: number,
  progress: Progress,
): Promise<Row> {
  const phase = 'dashboard';
  const what = 'the dashboard open in Chromium, the scanner at full speed';
  const goal =
    `at least ${FRAMES_PER_SECOND} frames/s, less than ${MOST_COST * 100} % of the scanner's ` +
    'rate';
  const chromium = chromiumPath();
  const port = await freePort();
  const memoryBytes = Math.ceil(copyPages * GUESTS * MEMORY_SHARE) * PAGE_SIZE;
  const daemon = await LoadedDaemon.start([
    ...[
      '--memory',
      String(memoryBytes),
      '--kernel',
      profile,
      '--oom-timeout-ms',
      '60000',
      '--http',
      `127.0.0.1:${port}`,
    ],
    ...['--pages-to-scan', '99999', '--sleep-ms', '0'],
  ]);
  try {
    if (kernelProfile(profile).smartScan) await daemon.client.setKsm({ smart_scan: 0 });
    for (let guest = 1; guest <= GUESTS; guest++)
      await boot(daemon, `vm${guest}`, copyPages, seed + guest);
    const work = {
      guests: GUESTS,
      registered_pages: (await daemon.client.status()).registeredPages,
    };
    if (chromium === undefined)
      return { phase, what, goal, ksmdWords: 'not measured: there is no Chromium', work };
    const { windowMs, rounds } =
      copyPages < MEASURED_FROM_PAGES ? SMALL : { windowMs: WINDOW_MS, rounds: ROUNDS };
    const { closed, open, frames } = await inTurns(
      daemon,
      chromium,
      port,
      windowMs,
      rounds,
      progress,
    );
    const ownCost = cost(closed, open, ({ perCpuSecond }) => perCpuSecond);
    const wallCost = cost(closed, open, ({ perSecond }) => perSecond);
    const fps = median(frames.map(({ perSecond }) => perSecond));
    return {
      phase,
      what,
      goal,
      met: fps >= FRAMES_PER_SECOND && ownCost.middle < MOST_COST && wallCost.middle < MOST_COST,
      ksmdWords: `${fps.toFixed(0)} frames/s, ${percent(wallCost.middle)}`,
      figures: {
        'pages scanned a second, page closed': Math.round(
          median(closed.map(({ perSecond }) => perSecond)),
        ),
        'pages scanned a second, page open': Math.round(
          median(open.map(({ perSecond }) => perSecond)),
        ),
        'cost to the rate': spread(wallCost),
        "cost to the rate by the scanner's own processor time": spread(ownCost),
        'API thread, of a processor': `${apiShare(closed)} closed, ${apiShare(open)} open`,
        'frames/s': fps.toFixed(1),
        'frame interval p99 ms': Math.max(...frames.map(({ p99Ms }) => p99Ms)).toFixed(1),
        'longest frame interval ms': Math.max(...frames.map(({ longestMs }) => longestMs)).toFixed(
          1,
        ),
        'long tasks': frames.reduce((sum, { longTasks }) => sum + longTasks, 0),
        'longest task ms': Math.max(...frames.map(({ longestTaskMs }) => longestTaskMs)).toFixed(0),
        'seconds open': (windowMs * rounds) / 1000,
      },
      work,
    };
  } finally {
    await daemon.stop();
  }
}

/** A guest that has written all of its memory; from then on a few pages change. */
async function boot(
  { client, died }: LoadedDaemon,
  guest: string,
  pages: number,
  seed: number,
): Promise<void> {
  const { id } = await client.run({ workload: 'boot', guest, pages, seed });
  for (;;) {
    const workload = (await client.workloads()).find((one) => one.id === id);
    if (workload === undefined || workload.state === 'died')
      throw new Error(`guest ${guest} did not boot: ${workload?.reason ?? 'it is gone'}`);
    if (workload.stores >= pages) return;
    await Promise.race([delay(20), died]);
  }
}

async function inTurns(
  daemon: LoadedDaemon,
  chromium: string,
  port: number,
  windowMs: number,
  rounds: number,
  progress: Progress,
) {
  const browser = await launchChromium(chromium);
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  const closed: Window[] = [await scanning(daemon, windowMs)];
  const open: Window[] = [];
  const frames: Frames[] = [];
  for (let round = 0; round < rounds; round++) {
    await page.goto(`http://127.0.0.1:${port}/`);
    // Loading is not looking.
    await page.waitForFunction(() => document.querySelectorAll('#guests tbody tr').length > 0);
    const [window, seen] = await Promise.all([
      scanning(daemon, windowMs),
      framesOf(page, windowMs),
    ]);
    open.push(window);
    frames.push(seen);
    await page.goto('about:blank');
    closed.push(await scanning(daemon, windowMs));
    progress.at(round + 1, rounds);
  }
  await browser.close();
  return { closed, open, frames };
}

/** Whole full scans, for at least so long: some parts of a scan are quicker than others. */
async function scanning(daemon: LoadedDaemon, ms: number): Promise<Window> {
  const before = await scanEnd(daemon);
  await delay(ms);
  const after = await scanEnd(daemon);
  const pages = after.pages - before.pages;
  const elapsed = after.atMs - before.atMs;
  return {
    perSecond: (pages * 1000) / elapsed,
    perCpuSecond: (pages * 1000) / Math.max(1, after.scannerMs - before.scannerMs),
    apiShare: (after.apiMs - before.apiMs) / elapsed,
  };
}

/** Where things stand as a full scan ends. */
async function scanEnd({ client, pid, died }: LoadedDaemon) {
  const { full_scans: before } = await client.ksm();
  for (;;) {
    const now = await client.ksm();
    if (now.full_scans !== before) {
      return {
        atMs: performance.now(),
        pages: (await client.status()).totals.pagesScanned,
        ...threadTimes(pid),
      };
    }
    await Promise.race([delay(POLL_MS), died]);
  }
}

/** What somebody who looks at the page for so long gets to see. */
function framesOf(page: Page, ms: number): Promise<Frames> {
  return page.evaluate(async (forMs) => {
    const tasks: number[] = [];
    const observer = new PerformanceObserver((list) =>
      tasks.push(...list.getEntries().map(({ duration }) => duration)),
    );
    observer.observe({ entryTypes: ['longtask'] });
    const start = performance.now();
    const intervals: number[] = [];
    let last = await new Promise<number>(requestAnimationFrame);
    const first = last;
    while (performance.now() - start < forMs) {
      const now = await new Promise<number>(requestAnimationFrame);
      intervals.push(now - last);
      last = now;
    }
    observer.disconnect();
    const sorted = [...intervals].sort((a, b) => a - b);
    return {
      perSecond: (intervals.length * 1000) / (last - first),
      p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
      longestMs: sorted.at(-1) ?? 0,
      longTasks: tasks.length,
      longestTaskMs: Math.max(0, ...tasks),
    };
  }, ms);
}

interface Cost {
  /** The median, and the quartiles beside it. */
  readonly middle: number;
  readonly low: number;
  readonly high: number;
}

function spread({ middle, low, high }: Cost): string {
  return `${percent(middle)} (half of the rounds: ${percent(low)} to ${percent(high)})`;
}

/**
 * How much less an open page leaves than a closed one: each window held against those before and
 * after it.
 */
function cost(
  closed: readonly Window[],
  open: readonly Window[],
  rate: (window: Window) => number,
): Cost {
  const ratios = open.map((window, i) => {
    const beside = [closed[i], closed[i + 1]].flatMap((other) =>
      other === undefined ? [] : rate(other),
    );
    return rate(window) / (beside.reduce((sum, one) => sum + one, 0) / beside.length);
  });
  const sorted = ratios.map((ratio) => 1 - ratio).sort((a, b) => a - b);
  const quarter = Math.floor(sorted.length / 4);
  return { middle: median(sorted), low: sorted[quarter] ?? 0, high: sorted.at(-1 - quarter) ?? 0 };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function apiShare(windows: readonly Window[]): string {
  return percent(median(windows.map((window) => window.apiShare)));
}
