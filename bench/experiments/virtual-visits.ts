/**
 * How many pages a prediction visits a second: merged ones, unshared ones that did not change, and
 * ones that smart scan skips. Of recordings that a program makes, each predicted for a while and
 * then for longer: what the longer one does more, and takes more of a processor, is visits to a
 * host at rest, with all that a prediction does besides.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kernelProfile, type ProfileName } from '../../src/ksm/kernels.js';
import { predict } from '../../src/predict/prediction.js';
import { DEFAULT_PRICES } from '../../src/prices/default-prices.js';
import { Recording } from '../../src/recording/recording.js';
import { record } from '../../tools/big-host/recording.js';
import type { Progress } from '../progress.js';
import type { Row, Work } from '../row.js';
import { PAGE_SIZE } from '../sides/side.js';

const ADDRESS = 2 ** 32;
const BATCH_PAGES = 1000;
/** A batch that finds none merged, and the nap after it. */
const BATCH_SECONDS = 0.025;
/** The fastest counts. */
const ROUNDS = 2;
/** What the processor's caches hold, or nearly. */
const FEW_PAGES = 24_576;

interface Kind {
  readonly name: string;
  /** One guest, or two that have all pages alike. */
  readonly guests: number;
  /** Of each. */
  readonly pages: number;
  readonly smartScan: boolean;
  /** Until all has merged that can, or pages are as old as smart scan cares for; and then. */
  readonly scansToRest: number;
  readonly scans: number;
  /** Pages a second, in millions. */
  readonly goal: number;
}

interface Visits {
  readonly visits: number;
  readonly skips: number;
  /** Of a processor. */
  readonly seconds: number;
  readonly work: Work;
}

export async function virtualVisitsRow(
  pages: number,
  profile: ProfileName,
  progress: Progress,
): Promise<Row> {
  const measure = (kind: Kind): Promise<Visits> => {
    progress.begin(`virtual-visits, ${kind.name}`);
    return visitsAtRest(kind, profile);
  };
  const few = Math.min(pages, FEW_PAGES);
  const unshared = { guests: 1, smartScan: false, scansToRest: 3, goal: 10 };
  const kinds = {
    merged: { ...unshared, name: 'merged', guests: 2, pages, scans: 800, goal: 20 },
    unshared: { ...unshared, name: 'unshared', pages, scans: 10 },
    fewUnshared: { ...unshared, name: `unshared of ${FEW_PAGES} at most`, pages: few, scans: 100 },
    // All were met first in one scan: eight scans skip them all, and the ninth visits them all.
    skipped: {
      ...{ name: 'skipped', guests: 1, pages: few, smartScan: true },
      ...{ scansToRest: 12, scans: 100, goal: 20 },
    },
  };
  const fewUnshared = await measure(kinds.fewUnshared);
  const results = [
    resultOf(kinds.merged, await measure(kinds.merged), 0),
    resultOf(kinds.fewUnshared, fewUnshared, 0),
    resultOf(kinds.unshared, await measure(kinds.unshared), 0),
  ];
  // Older kernels skip none.
  if (kernelProfile(profile).smartScan) {
    const skipped = await measure(kinds.skipped);
    // The visits in between go into a tree as large; a larger one would be all that is measured.
    const visitSeconds = (skipped.visits * fewUnshared.seconds) / fewUnshared.visits;
    results.push(resultOf(kinds.skipped, skipped, visitSeconds));
  }
  return {
    phase: 'virtual-visits',
    what: `pages passed a second in virtual time, ${pages} a guest`,
    ksmdWords: results
      .filter(({ kind }) => kind !== kinds.fewUnshared)
      .map(({ kind, rate }) => `${rate.toFixed(1)} M ${kind.name}`)
      .join(', '),
    goal: `${kinds.merged.goal} M merged or skipped a second, ${unshared.goal} M unshared`,
    met: results.every(({ kind, rate }) => rate >= kind.goal),
    figures: Object.fromEntries(
      results.map(({ kind, rate }) => [`${kind.name}, millions a second`, Number(rate.toFixed(2))]),
    ),
    work: Object.fromEntries(
      results.flatMap(({ kind, work }) =>
        Object.entries(work).map(([counter, value]) => [`${kind.name} ${counter}`, value]),
      ),
    ),
  };
}

/** `otherSeconds`: of the time it took, for what is none of its kind. */
function resultOf(
  kind: Kind,
  { visits, skips, seconds, work }: Visits,
  otherSeconds: number,
): { kind: Kind; work: Work /** Millions a second. */; rate: number } {
  // Processor time is known to the microsecond; a small host's is less than what else varies.
  const own = Math.max(seconds - otherSeconds, 1e-6);
  return { kind, work, rate: (kind.smartScan ? skips : visits) / own / 1e6 };
}

async function visitsAtRest(kind: Kind, profile: ProfileName): Promise<Visits> {
  const folder = mkdtempSync(join(tmpdir(), 'ksmd-bench-visits-'));
  const path = join(folder, 'made-up.rec');
  try {
    const { guests, pages } = kind;
    record({ guests, pages, sharedPart: 1 }, ADDRESS / PAGE_SIZE, PAGE_SIZE, path);
    const scanSeconds = Math.ceil((guests * pages) / BATCH_PAGES) * BATCH_SECONDS;
    const shortSeconds = kind.scansToRest * scanSeconds;
    const longSeconds = shortSeconds + kind.scans * scanSeconds;
    // Once for what is loaded and compiled first.
    const short = await predicted(path, kind, profile, shortSeconds);
    let long = short;
    const shortTook: number[] = [];
    const longTook: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      shortTook.push((await predicted(path, kind, profile, shortSeconds)).seconds);
      long = await predicted(path, kind, profile, longSeconds);
      longTook.push(long.seconds);
    }
    return {
      visits: long.visits - short.visits,
      skips: long.skips - short.skips,
      seconds: Math.min(...longTook) - Math.min(...shortTook),
      work: long.work,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function predicted(
  path: string,
  { guests, pages, smartScan }: Kind,
  kernel: ProfileName,
  seconds: number,
): Promise<Visits> {
  const recording = await Recording.open(path);
  const begin = process.cpuUsage();
  const { samples } = await predict(recording, {
    prices: DEFAULT_PRICES,
    kernel,
    set: [
      ['pages_to_scan', BATCH_PAGES],
      ...(kernelProfile(kernel).smartScan ? [['smart_scan', Number(smartScan)] as const] : []),
    ],
    seconds,
  });
  const { user, system } = process.cpuUsage(begin);
  await recording.close();
  const counters = samples.at(-1)?.counters ?? {};
  const { full_scans = 0, pages_sharing = 0, pages_unshared = 0, pages_skipped = 0 } = counters;
  // Older kernels count no visits.
  const { pages_scanned = full_scans * guests * pages } = counters;
  return {
    visits: pages_scanned,
    skips: pages_skipped,
    seconds: (user + system) / 1e6,
    work: { pages_scanned, pages_skipped, pages_sharing, pages_unshared },
  };
}
