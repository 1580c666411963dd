/** Which settings are proposed, of outcomes that are known. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type PlanSettings, type Played, plan } from '../../src/predict/plan.js';

const GIB = 2 ** 30;

/** A host that saves so much, after so many pages visited, at so much a page. */
function played({ pages, cpuAPage, saved, lostToSkips = 0 }: Host) {
  return async ({ pages_to_scan, smart_scan }: PlanSettings): Promise<Played> => {
    const pagesASecond = pages_to_scan / 0.024;
    const outcome = {
      freedBytes: smart_scan !== 0 ? saved - lostToSkips : saved,
      splitZeroBytes: 0,
      errorBytes: 0,
      secondsTo: [],
      cpuAtFirst: pagesASecond * cpuAPage,
      cpuAtRest: (pagesASecond * cpuAPage) / 2,
      breaksASecond: 0,
      hugePagesAtFirst: 0,
      hugePages: 0,
    };
    const secondsTo = (bytes: number): number =>
      ((bytes / outcome.freedBytes) * pages) / pagesASecond;
    return { outcome, secondsTo };
  };
}

interface Host {
  readonly pages: number;
  readonly cpuAPage: number;
  readonly saved: number;
  readonly lostToSkips?: number;
}

const HOST: Host = { pages: 4e6, cpuAPage: 2e-6, saved: 4 * GIB };
const GOALS = { withinSeconds: 600, mostCpu: 0.1, leastBytes: GIB, hasSmartScan: true };

test('the fewest pages a batch by which it is in time, if that can be spared', async () => {
  const found = await plan(GOALS, played(HOST));
  expect(found).toMatchObject({ isWorthIt: true, settings: { pages_to_scan: 200 } });
  expect(found.inTime).toBeUndefined();
});

test('where it cannot, as many as it can, and what would be in time is named', async () => {
  const found = await plan({ ...GOALS, withinSeconds: 30 }, played(HOST));
  expect(found.settings.pages_to_scan).toBe(800);
  expect(found.inTime?.settings.pages_to_scan).toBe(3200);
});

test('what saves too little is not worth it, and what smart scan keeps apart is told', async () => {
  const found = await plan(GOALS, played({ ...HOST, saved: 2 * GIB, lostToSkips: 1.5 * GIB }));
  expect(found.isWorthIt).toBe(false);
  expect(found.withoutSmartScan?.freedBytes).toBe(2 * GIB);
});

test('nothing is never worth it, however little is asked for', async () => {
  const found = await plan({ ...GOALS, leastBytes: 0 }, played({ ...HOST, saved: 0 }));
  expect(found.isWorthIt).toBe(false);
});

test('worth it is what is proposed, and not what more of a processor would have saved', async () => {
  const fast = played(HOST);
  const play = async (settings: PlanSettings): Promise<Played> => {
    const { outcome, secondsTo } = await fast(settings);
    const freedBytes = settings.pages_to_scan > 800 ? outcome.freedBytes : GIB / 2;
    return { outcome: { ...outcome, freedBytes }, secondsTo };
  };
  const found = await plan({ ...GOALS, withinSeconds: 30 }, play);
  expect(found).toMatchObject({ isWorthIt: false, settings: { pages_to_scan: 800 } });
});

test('that even the fewest pages are too dear is told', async () => {
  expect(await plan(GOALS, played(HOST))).toMatchObject({ isTooDear: false });
  const dear = await plan({ ...GOALS, mostCpu: 0.001 }, played(HOST));
  expect(dear).toMatchObject({ isTooDear: true, settings: { pages_to_scan: 100 } });
});

test('where the kernel has no smart scan it is not set', async () => {
  const asked: PlanSettings[] = [];
  const found = await plan({ ...GOALS, hasSmartScan: false }, (settings) => {
    asked.push(settings);
    return played(HOST)(settings);
  });
  expect(found.withoutSmartScan).toBeUndefined();
  for (const settings of asked) expect(settings).not.toHaveProperty('smart_scan');
});

test('of any host and goals, what is proposed keeps to them if anything does', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.double({ min: 3, max: 9, noNaN: true }),
      fc.double({ min: -8, max: -4, noNaN: true }),
      fc.double({ min: 0, max: 4, noNaN: true }),
      fc.double({ min: 0.005, max: 1, noNaN: true }),
      async (pages, cpu, within, mostCpu) => {
        const play = played({ pages: 10 ** pages, cpuAPage: 10 ** cpu, saved: 2 * GIB });
        const goals = { ...GOALS, withinSeconds: 10 ** within, mostCpu };
        const found = await plan(goals, play);
        const keeps = ({ secondsTo, outcome }: Played): boolean =>
          (secondsTo(0.9 * outcome.freedBytes) ?? 0) <= goals.withinSeconds &&
          outcome.cpuAtFirst <= mostCpu;
        const steps = Array.from({ length: 9 }, (_, at) => 100 * 2 ** at);
        const first = (
          await Promise.all(
            steps.map(async (pages_to_scan) =>
              keeps(await play({ pages_to_scan, smart_scan: 1 })) ? pages_to_scan : undefined,
            ),
          )
        ).find((step) => step !== undefined);
        if (first !== undefined) expect(found.settings.pages_to_scan).toBe(first);
        else if (found.settings.pages_to_scan > 100)
          expect(found.outcome.cpuAtFirst).toBeLessThanOrEqual(mostCpu);
      },
    ),
  );
});
