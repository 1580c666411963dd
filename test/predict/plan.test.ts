/** Which settings are proposed, of outcomes that are known. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type PlanSettings, type Play, type Played, plan } from '../../src/predict/plan.js';

const GIB = 2 ** 30;

/** A host that saves so much, after so many pages visited, at so much a page. */
function played(host: Host): Play {
  return async (all) => all.map((settings) => comeOf(host, settings));
}

function comeOf(
  { pages, cpuAPage, saved, error = 0, lostToSkips = 0, smartCpu = 1 }: Host,
  { pages_to_scan, smart_scan }: PlanSettings,
): Played {
  const pagesASecond = pages_to_scan / 0.024;
  const cpu = cpuAPage * (smart_scan === 1 ? smartCpu : 1);
  const outcome = {
    freedBytes: smart_scan !== 0 ? saved - lostToSkips : saved,
    splitZeroBytes: 0,
    errorBytes: error,
    secondsTo: [],
    cpuAtFirst: pagesASecond * cpu,
    cpuAtRest: (pagesASecond * cpu) / 2,
    breaksASecond: 0,
    hugePagesAtFirst: 0,
    hugePages: 0,
    collapsesASecond: 0,
  };
  const secondsTo = (bytes: number): number =>
    ((bytes / outcome.freedBytes) * pages) / pagesASecond;
  return { outcome, secondsTo, outOfPhasePages: smart_scan === 1 ? lostToSkips / 4096 : 0 };
}

interface Host {
  readonly pages: number;
  readonly cpuAPage: number;
  readonly saved: number;
  /** Of a sample. */
  readonly error?: number;
  readonly lostToSkips?: number;
  /** Of what a page costs, what smart scan takes on average. */
  readonly smartCpu?: number;
}

const HOST: Host = { pages: 4e6, cpuAPage: 2e-6, saved: 4 * GIB };
const GOALS = {
  ...{ withinSeconds: 600, mostCpu: 0.1, leastBytes: GIB, zeroBytes: 0 },
  hasSmartScan: true,
};

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

test('what saves too little is not worth it', async () => {
  const found = await plan(GOALS, played({ ...HOST, saved: GIB / 2 }));
  expect(found).toMatchObject({ isWorthIt: false, otherSmartScan: undefined });
});

test('an error larger than the saving leaves it open, where it could come to enough', async () => {
  const verdict = async (saved: number, error: number): Promise<object> =>
    plan(GOALS, played({ ...HOST, saved, error }));
  expect(await verdict(4 * GIB, 3 * GIB)).toMatchObject({ isUnsure: false, isWorthIt: true });
  expect(await verdict(4 * GIB, 5 * GIB)).toMatchObject({ isUnsure: true, isWorthIt: false });
  expect(await verdict(0, 2 * GIB)).toMatchObject({ isUnsure: true, isWorthIt: false });
  expect(await verdict(0, GIB / 2)).toMatchObject({ isUnsure: false, isWorthIt: false });
});

test('zero pages are no saving', async () => {
  const goals = { ...GOALS, zeroBytes: 3.5 * GIB };
  expect(await plan(goals, played(HOST))).toMatchObject({ isWorthIt: false });
  expect(await plan({ ...goals, zeroBytes: 3 * GIB }, played(HOST))).toMatchObject({
    isWorthIt: true,
  });
});

test('what smart scan keeps apart is merged without it, where that keeps to the limits', async () => {
  const host = { ...HOST, saved: 2 * GIB, lostToSkips: 1.5 * GIB };
  const found = await plan(GOALS, played(host));
  expect(found).toMatchObject({ isWorthIt: true, settings: { smart_scan: 0 } });
  expect(found.otherSmartScan).toMatchObject({
    settings: { smart_scan: 1 },
    outcome: { freedBytes: GIB / 2 },
    outOfPhasePages: (1.5 * GIB) / 4096,
  });
  // Too dear without it, even at the slowest: that is named, and not proposed.
  const dear = await plan(GOALS, played({ ...host, cpuAPage: 1e-4, smartCpu: 0.01 }));
  expect(dear).toMatchObject({ isWorthIt: false, isTooDear: false, settings: { smart_scan: 1 } });
  expect(dear.otherSmartScan).toMatchObject({ outcome: { freedBytes: 2 * GIB } });
});

test('what smart scan makes a little less of leaves it on', async () => {
  const found = await plan(GOALS, played({ ...HOST, lostToSkips: 0.2 * GIB }));
  expect(found).toMatchObject({ settings: { smart_scan: 1 }, otherSmartScan: undefined });
});

test('with smart scan and without it all are played at once', async () => {
  const calls: (readonly PlanSettings[])[] = [];
  await plan(GOALS, (all) => {
    calls.push(all);
    return played(HOST)(all);
  });
  expect(calls).toHaveLength(1);
  expect(new Set(calls[0]?.map(({ smart_scan }) => smart_scan))).toEqual(new Set([0, 1]));
});

test('nothing is never worth it, however little is asked for', async () => {
  const found = await plan({ ...GOALS, leastBytes: 0 }, played({ ...HOST, saved: 0 }));
  expect(found.isWorthIt).toBe(false);
});

test('worth it is what is proposed, and not what more of a processor would have saved', async () => {
  const play: Play = async (all) =>
    all.map((settings) => {
      const came = comeOf(HOST, settings);
      const freedBytes = settings.pages_to_scan > 800 ? came.outcome.freedBytes : GIB / 2;
      return { ...came, outcome: { ...came.outcome, freedBytes } };
    });
  const found = await plan({ ...GOALS, withinSeconds: 30 }, play);
  expect(found).toMatchObject({ isWorthIt: false, settings: { pages_to_scan: 800 } });
});

test('what is too dear at its slowest is not worth it', async () => {
  expect(await plan(GOALS, played(HOST))).toMatchObject({ isTooDear: false, isWorthIt: true });
  const dear = await plan({ ...GOALS, mostCpu: 0.001 }, played(HOST));
  expect(dear).toMatchObject({
    isTooDear: true,
    isWorthIt: false,
    settings: { pages_to_scan: 100 },
  });
});

test('where the kernel has no smart scan it is not set', async () => {
  const asked: PlanSettings[] = [];
  const found = await plan({ ...GOALS, hasSmartScan: false }, (all) => {
    asked.push(...all);
    return played(HOST)(all);
  });
  expect(found.otherSmartScan).toBeUndefined();
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
        const host = { pages: 10 ** pages, cpuAPage: 10 ** cpu, saved: 2 * GIB };
        const goals = { ...GOALS, withinSeconds: 10 ** within, mostCpu };
        const found = await plan(goals, played(host));
        const keeps = ({ secondsTo, outcome }: Played): boolean =>
          (secondsTo(0.9 * outcome.freedBytes) ?? 0) <= goals.withinSeconds &&
          outcome.cpuAtFirst <= mostCpu;
        const steps = Array.from({ length: 9 }, (_, at) => 100 * 2 ** at);
        const first = steps.find((pages_to_scan) =>
          keeps(comeOf(host, { pages_to_scan, smart_scan: 1 })),
        );
        if (first !== undefined) expect(found.settings.pages_to_scan).toBe(first);
        else if (found.settings.pages_to_scan > 100)
          expect(found.outcome.cpuAtFirst).toBeLessThanOrEqual(mostCpu);
      },
    ),
  );
});
