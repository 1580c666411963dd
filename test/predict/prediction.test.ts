/** What is predicted of recordings, against hosts that are taken through the same step by step. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { Sample } from '../../src/fingerprints/sample.js';
import { ManualClock } from '../../src/ksm/clock.js';
import { Host } from '../../src/ksm/host.js';
import { LastPart } from '../../src/predict/last-part.js';
import { outcomeOf } from '../../src/predict/outcome.js';
import { type Predicted, type PredictOptions, predict } from '../../src/predict/prediction.js';
import { DEFAULT_PRICES } from '../../src/prices/default-prices.js';
import {
  MAPPING_ADVISED,
  PAGE_ABSENT,
  PAGE_CONTENT,
  PAGE_HUGE,
  PAGE_RESTLESS,
  PAGE_SHARED,
  PAGE_UNSAMPLED,
  PAGE_ZEROES,
} from '../../src/recording/format.js';
import { Recording } from '../../src/recording/recording.js';
import { RecordingWriter } from '../../src/recording/recording-writer.js';
import type { SweepRecord } from '../../src/recording/records.js';
import { end, GUEST, HEADER } from '../recording/small-recording.js';

const folder = mkdtempSync(join(tmpdir(), 'ksmd-predict-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;

async function recorded(records: readonly SweepRecord[], header = HEADER): Promise<Recording> {
  const path = join(folder, `${++files}.rec`);
  const writer = RecordingWriter.create(path, header);
  for (const record of records)
    if (record.type === 'end') writer.endSweep(record);
    else writer.write(record);
  writer.close();
  return Recording.open(path);
}

const OPTIONS: PredictOptions = { prices: DEFAULT_PRICES, kernel: '6.18', set: [] };

/** Fingerprints of so many contents in a row. */
function contents(first: number, count: number): Buffer {
  const bytes = Buffer.alloc(count * 16);
  for (let i = 0; i < count; i++) bytes.writeUInt32BE(0x1000_0000 + (first + i) * 7919, i * 16);
  return bytes;
}

function pages(guest: number, page: number, first: number, count: number, marks = 0): SweepRecord {
  const fingerprints = contents(first, count);
  return { type: 'pages', guest, page, pages: count, state: PAGE_CONTENT | marks, fingerprints };
}

function guest(id: number, pagesMapped = 2048, flags = 0): SweepRecord[] {
  return [
    { ...GUEST, guest: id, name: `vm${id}`, pid: id },
    ...mapping(id, 512, pagesMapped, flags),
  ];
}

function mapping(guest: number, page: number, pages: number, flags: number): SweepRecord[] {
  return [{ type: 'mapping', guest, page, pages, flags, node: undefined, label: '' }];
}

const TWO_EQUAL = [
  ...guest(1),
  ...guest(2),
  pages(1, 512, 0, 600),
  pages(2, 512, 300, 600),
  end(0),
];

/** The same two guests, on a host of their own. */
function twoEqual(settings: Readonly<Record<string, string>>): Host {
  const host = Host.create({ memoryBytes: 8 * 2 ** 20, frameBytes: 16 }, new ManualClock());
  for (const [name, value] of Object.entries(settings)) host.files.set(name, value);
  for (const [name, first] of [
    ['a', 0],
    ['b', 300],
  ] as const) {
    host.createGuest(name);
    host.map(name, 'memory', 1024, { address: 512 * 4096 });
    host.memory.storePages(name, 512 * 4096, contents(first, 600));
  }
  return host;
}

test('it is told how far a prediction has come, some hundred times however long it is', async () => {
  const recording = await recorded(TWO_EQUAL);
  for (const seconds of [60, 1200]) {
    const shares: number[] = [];
    await predict(recording, { ...OPTIONS, seconds }, (share) => shares.push(share));
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares.length).toBeGreaterThan(30);
    expect(shares.length).toBeLessThanOrEqual(100);
    expect(shares.at(-1)).toBeGreaterThan(0.98);
  }
  await recording.close();
});

describe('a recording of which nothing changes', () => {
  test.each([
    { pages_to_scan: '100', smart_scan: '1' },
    { pages_to_scan: '77', smart_scan: '0' },
    { pages_to_scan: '1000', smart_scan: '1', max_page_sharing: '2' },
  ])('comes by %o to the counters that a host has after as many batches', async (settings) => {
    const recording = await recorded(TWO_EQUAL);
    const { samples } = await predict(recording, { ...OPTIONS, set: Object.entries(settings) });
    await recording.close();
    expect(samples.map(({ t }) => t)).toEqual(Array.from({ length: 61 }, (_, at) => at));
    const host = twoEqual(settings);
    for (const { counters } of samples) {
      const isBehind = (name: 'full_scans' | 'pages_scanned'): boolean =>
        (host.files.counters()[name] ?? 0) < (counters[name] ?? 0);
      // A batch may end a scan and find no page.
      while (isBehind('pages_scanned') || isBehind('full_scans'))
        host.ksm.scan(Number(settings.pages_to_scan));
      expect(counters).toEqual(host.files.counters());
    }
    expect(samples.at(-1)?.counters).toMatchObject({ pages_shared: 300, pages_sharing: 300 });
    expect(samples.at(-1)?.freed_bytes).toBe(300 * 4096);
  });

  test('is predicted twice alike, to the last byte', async () => {
    const recording = await recorded(TWO_EQUAL);
    const once = JSON.stringify(await predict(recording, OPTIONS));
    expect(JSON.stringify(await predict(recording, OPTIONS))).toBe(once);
    await recording.close();
  });

  test('is scanned a batch a nap, which ends with a tick', async () => {
    const recording = await recorded(TWO_EQUAL);
    const free = {
      ...DEFAULT_PRICES,
      visit: 0,
      mergedVisit: 0,
      repeatedVisit: 0,
      itemMade: 0,
      merge: 0,
      skip: 0,
    };
    const prices = {
      ...free,
      absent: 0,
      batch: 3e6,
      stableLevels: [{ pages: 1, ns: 0 }],
      unstableLevels: [{ pages: 1, ns: 0 }],
    };
    const { samples } = await predict(recording, { ...OPTIONS, prices, seconds: 12 });
    await recording.close();
    // Of 24 ms: 20 ms are five ticks of 250 a second, and begin with the next one.
    const last = samples.at(-1);
    expect(last?.kernel_cpu_seconds).toBeCloseTo((12 / 0.024) * 0.003, 1);
  });
});

describe('the end of a prediction', () => {
  const sampled = async (options: Partial<PredictOptions>, records = TWO_EQUAL) => {
    const recording = await recorded(records);
    try {
      return (await predict(recording, { ...OPTIONS, ...options })).samples;
    } finally {
      await recording.close();
    }
  };
  const times = async (options: Partial<PredictOptions>): Promise<number[]> =>
    (await sampled(options)).map(({ t }) => t);

  test('is told, wherever the last step before it fell', async () => {
    expect(await times({ seconds: 5, everySeconds: 2 })).toEqual([0, 2, 4, 5]);
    expect(await times({ seconds: 5, everySeconds: 3600 })).toEqual([0, 5]);
    expect((await sampled({ seconds: 60, everySeconds: 3600 })).at(-1)?.freed_bytes).toBe(
      300 * 4096,
    );
  });

  test('whichever are asked for, it comes to the same', async () => {
    const recording = await recorded(TWO_EQUAL);
    const own = outcomeOf(await predict(recording, { ...OPTIONS, seconds: 120 }));
    expect(own.secondsTo[2]?.seconds).toBeLessThan(20);
    for (const everySeconds of [0.3, 30, 300]) {
      const predicted = await predict(recording, { ...OPTIONS, seconds: 120, everySeconds });
      expect(outcomeOf(predicted)).toEqual(own);
    }
    await recording.close();
  });

  test('comes in the middle of a nap or of a batch', async () => {
    const set = [['sleep_millisecs', '4000000000']] as const;
    expect(await times({ seconds: 3, set })).toEqual([0, 1, 2, 3]);
    const prices = { ...DEFAULT_PRICES, visit: 1e7 };
    const slow = [['pages_to_scan', '100000']] as const;
    const samples = await sampled({ seconds: 4, set: slow, prices });
    expect(samples.map(({ t, kernel_cpu_seconds }) => [t, kernel_cpu_seconds])).toEqual(
      [0, 1, 2, 3, 4].map((t) => [t, expect.closeTo(t, 6)]),
    );
  });

  test('comes where no work has a price and there are no naps', async () => {
    const free = {
      ...DEFAULT_PRICES,
      visit: 0,
      mergedVisit: 0,
      repeatedVisit: 0,
      itemMade: 0,
      merge: 0,
      skip: 0,
    };
    const level = [{ pages: 1, ns: 0 }];
    const prices = { ...free, absent: 0, batch: 0, stableLevels: level, unstableLevels: level };
    const set = [['sleep_millisecs', '0']] as const;
    expect(await times({ seconds: 0.02, everySeconds: 0.01, set, prices })).toEqual([
      0, 0.01, 0.02,
    ]);
  });

  test('a nap goes on over a sweep, and samples have what it changed', async () => {
    const samples = await sampled({ seconds: 20, set: [['sleep_millisecs', '60000']] }, [
      ...TWO_EQUAL.slice(0, -1),
      ...guest(3),
      pages(3, 1536, 0, 512, PAGE_HUGE),
      end(0),
      { type: 'guest-gone', guest: 3 },
      end(10_000),
    ]);
    expect([samples[9]?.huge_pages, samples[11]?.huge_pages]).toEqual([1, 0]);
    expect(samples.at(-1)?.counters.pages_scanned).toBe(100);
  });

  test('is refused where a sample each would be too many', async () => {
    await expect(sampled({ seconds: 86_400, everySeconds: 0.001 })).rejects.toThrow(/--every/);
    await expect(sampled({ everySeconds: 0 })).rejects.toThrow(/--every/);
  });
});

test('a scanner that is told to stand still saves nothing', async () => {
  const recording = await recorded(TWO_EQUAL);
  const { samples } = await predict(recording, { ...OPTIONS, set: [['run', '0']] });
  await recording.close();
  expect(samples.at(-1)).toMatchObject({ t: 60, freed_bytes: 0, kernel_cpu_seconds: 0 });
});

test('what changes is changed when it was seen, and what never rests is never merged', async () => {
  const recording = await recorded([
    ...guest(1),
    pages(1, 512, 0, 100),
    pages(1, 700, 0, 100),
    { type: 'pages', guest: 1, page: 900, pages: 50, state: PAGE_RESTLESS },
    { type: 'pages', guest: 1, page: 1000, pages: 30, state: PAGE_ZEROES },
    end(0),
    pages(1, 700, 1000, 40),
    { type: 'pages', guest: 1, page: 740, pages: 60, state: PAGE_ABSENT },
    end(30_000),
  ]);
  const { samples, recordedSeconds } = await predict(recording, {
    ...OPTIONS,
    set: [['pages_to_scan', '1000']],
  });
  await recording.close();
  expect(recordedSeconds).toBe(30);
  const before = samples.find(({ t }) => t === 29);
  expect(before?.counters).toMatchObject({ pages_shared: 101, pages_sharing: 129 });
  expect(before?.counters.pages_volatile).toBe(50);
  const after = samples.at(-1);
  // What was merged and has lost its twin stays a KSM page.
  expect(after?.counters).toMatchObject({ pages_shared: 101, pages_sharing: 29 });
  expect(after?.breaks).toBe(40);
  expect(after?.freed_bytes).toBe(29 * 4096);
});

test('which pages stay apart in the end is told if asked for', async () => {
  const three = [1, 2, 3].flatMap((id) => [...guest(id), pages(id, 512, 0, 100)]);
  const recording = await recorded([...three, end(0)]);
  const options = { ...OPTIONS, set: [['max_page_sharing', 2]] } as const;
  const { unmerged } = await predict(recording, { ...options, tellsUnmerged: true });
  expect(unmerged).toMatchObject({ limit: 100, outOfPhase: 0, neverInPhase: 0, unadvised: 0 });
  expect(await predict(recording, options)).not.toHaveProperty('unmerged');
  await recording.close();
});

test('what smart scan visits in turn is told to be out of phase', async () => {
  const OLD_MS = 30_000;
  const others = Array.from({ length: 9 }, (_, at) => at + 2);
  // Each comes when the first is in another of its skips.
  const recording = await recorded([
    ...guest(1),
    pages(1, 512, 0, 900),
    end(0),
    ...others.flatMap((id) => [
      ...guest(id),
      pages(id, 512, (id - 2) * 100, 100),
      end(OLD_MS + id * 1000),
    ]),
  ]);
  const ended = async (smart_scan: number): Promise<{ merged: number; apart: number }> => {
    const set = [['smart_scan', smart_scan]] as const;
    const options = { ...OPTIONS, set, tellsUnmerged: true };
    const { unmerged, samples } = await predict(recording, options);
    if (unmerged === undefined) throw new Error('not told');
    const apart = unmerged.outOfPhase + unmerged.neverInPhase;
    return { merged: samples.at(-1)?.counters.pages_sharing ?? 0, apart };
  };
  expect(await ended(0)).toEqual({ merged: 900, apart: 0 });
  const { merged, apart } = await ended(1);
  expect(merged).toBeLessThan(900);
  expect(apart).toBe((900 - merged) * 2);
  await recording.close();
});

test('of its latter half, changes that are too many are counted, and do not come again', () => {
  const part = new LastPart([0, 10_000, 20_000], 5);
  part.keep(0, 1, 512, contents(0, 9));
  part.keep(2, 1, 512, contents(0, 4));
  expect(part.forgottenPages).toBe(0);
  part.keep(2, 1, 600, contents(10, 3));
  part.keep(2, 1, 700, contents(20, 1));
  expect(part.forgottenPages).toBe(3);
  const again = [...part.again(1)].flatMap(({ changes }) => [...changes]);
  expect(again.map(({ page, pages }) => [page, pages])).toEqual([
    [512, 4],
    [700, 1],
  ]);
});

test('after its end it goes on as its latter half did', async () => {
  const changed = (sweep: number): SweepRecord[] => [
    pages(1, 512, 100 * sweep, 100),
    pages(2, 512, 100 * sweep, 100),
    end(10_000 * sweep),
  ];
  const recording = await recorded([
    ...guest(1),
    ...guest(2),
    ...Array.from({ length: 5 }, (_, sweep) => changed(sweep)).flat(),
  ]);
  const set = [['pages_to_scan', '1000']] as const;
  const { samples, recordedSeconds } = await predict(recording, { ...OPTIONS, set, seconds: 101 });
  await recording.close();
  expect(recordedSeconds).toBe(40);
  const breaks = (t: number): number => samples.find((sample) => sample.t === t)?.breaks ?? 0;
  // All pages are others every ten seconds, equal to each other, and merged before the next time.
  for (let t = 12; t <= 102; t += 10) expect(breaks(t - 1)).toBe((t - 2) * 20);
  expect(samples.at(-2)?.counters.pages_sharing).toBe(100);
});

test('guests that come and go do so when they were seen', async () => {
  const recording = await recorded([
    ...guest(1),
    pages(1, 512, 0, 100),
    end(0),
    ...guest(2),
    pages(2, 512, 0, 100),
    end(10_000),
    { type: 'guest-gone', guest: 1 },
    end(20_000),
  ]);
  const set = [['pages_to_scan', '1000']] as const;
  const { samples } = await predict(recording, { ...OPTIONS, set, seconds: 40 });
  await recording.close();
  const sharing = (t: number): number | undefined =>
    samples.find((sample) => sample.t === t)?.counters.pages_sharing;
  expect([sharing(9), sharing(19), sharing(40)]).toEqual([0, 100, 0]);
});

test('what a fork shares is saved already, and what was written alike since is merged', async () => {
  const recording = await recorded([
    ...guest(1),
    ...guest(2),
    pages(1, 512, 0, 100),
    { type: 'pages', guest: 2, page: 512, pages: 90, state: PAGE_SHARED, owner: 1 },
    // Ten pages written since, of which five are equal to others of the parent's.
    pages(2, 602, 0, 5),
    pages(2, 607, 500, 3),
    end(0),
  ]);
  const { samples } = await predict(recording, { ...OPTIONS, set: [['pages_to_scan', '1000']] });
  await recording.close();
  expect(samples[0]?.freed_bytes).toBe(0);
  expect(samples.at(-1)?.freed_bytes).toBe(5 * 4096);
});

test('what a fork has written, and written alike, has a frame of its own to be merged', async () => {
  const recording = await recorded([
    ...[...guest(1), ...guest(2)],
    pages(1, 512, 0, 100),
    { type: 'pages', guest: 2, page: 512, pages: 90, state: PAGE_SHARED, owner: 1 },
    pages(2, 602, 90, 10),
    end(0),
  ]);
  const { samples } = await predict(recording, { ...OPTIONS, set: [['pages_to_scan', '1000']] });
  await recording.close();
  expect(samples.at(-1)?.counters).toMatchObject({ pages_shared: 10, pages_sharing: 10 });
});

describe('families of forks', () => {
  const set = [['pages_to_scan', '1000']] as const;
  const shared = (id: number, owner: number, page: number, count: number): SweepRecord => {
    return { type: 'pages', guest: id, page, pages: count, state: PAGE_SHARED, owner };
  };
  const lastOf = async (records: readonly SweepRecord[]) => {
    const recording = await recorded(records);
    const { samples } = await predict(recording, { ...OPTIONS, set });
    await recording.close();
    return samples.at(-1);
  };

  test('save what they wrote alike at one place; a copy of what they shared is no break', async () => {
    const recording = await recorded([
      ...[...guest(1), ...guest(2), ...guest(3)],
      pages(1, 512, 0, 100),
      shared(2, 1, 512, 80),
      pages(2, 592, 500, 15),
      // Back to what the parent has.
      pages(2, 607, 95, 5),
      shared(3, 1, 512, 80),
      pages(3, 592, 500, 20),
      end(0),
      pages(2, 512, 900, 10),
      end(10_000),
    ]);
    const { samples } = await predict(recording, { ...OPTIONS, set });
    await recording.close();
    expect(samples.at(-1)).toMatchObject({ freed_bytes: (15 + 5) * 4096, breaks: 0 });
    expect(samples.at(-1)?.guest_cpu_seconds).toBe(0);
  });

  test('go on sharing what they did when the first of them is gone', async () => {
    const last = await lastOf([
      ...[...guest(1), ...guest(2), ...guest(3)],
      pages(1, 512, 0, 100),
      shared(2, 1, 512, 100),
      shared(3, 1, 512, 100),
      end(0),
      { type: 'guest-gone', guest: 1 },
      pages(2, 512, 0, 100),
      shared(3, 2, 512, 100),
      end(10_000),
    ]);
    expect(last).toMatchObject({ freed_bytes: 0, breaks: 0 });
    expect(last?.counters).toMatchObject({ pages_sharing: 0, pages_volatile: 200 });
  });

  test('share with whom they were forked from, and through it with whose fork that is', async () => {
    const last = await lastOf([
      ...[...guest(1), ...guest(2), ...guest(3)],
      pages(1, 512, 0, 40),
      shared(2, 1, 512, 40),
      pages(2, 552, 1000, 60),
      shared(3, 1, 512, 40),
      shared(3, 2, 552, 60),
      end(0),
    ]);
    expect(last?.freed_bytes).toBe(0);
    expect(last?.counters).toMatchObject({ pages_sharing: 0 });
  });

  test.each([512, 0])(
    'may begin at address 0, where the child has pages from %i on',
    async (at) => {
      const last = await lastOf([
        ...[...guest(1), ...guest(2)],
        pages(1, 0, 0, 10),
        pages(1, 600, 100, 50),
        ...(at === 0 ? [shared(2, 1, 0, 10)] : []),
        shared(2, 1, 600, 50),
        end(0),
      ]);
      expect(last?.freed_bytes).toBe(0);
      expect(last?.counters.pages_scanned).toBeGreaterThan(0);
    },
  );
});

test('pages are gone with the mapping that they were advised in', async () => {
  const recording = await recorded([
    ...guest(1, 100, MAPPING_ADVISED),
    ...guest(2, 100, MAPPING_ADVISED),
    pages(1, 512, 0, 50),
    pages(2, 512, 0, 50),
    end(0),
    { type: 'mapping-gone', guest: 2, page: 512 },
    { type: 'pages', guest: 2, page: 512, pages: 50, state: PAGE_ABSENT },
    end(30_000),
  ]);
  const { samples } = await predict(recording, { ...OPTIONS, set: [['pages_to_scan', '1000']] });
  await recording.close();
  expect(samples.find(({ t }) => t === 29)?.freed_bytes).toBe(50 * 4096);
  expect(samples.at(-1)?.freed_bytes).toBe(0);
});

test('as many guests as there are go at once and others come, before the scanner is by', async () => {
  const records: SweepRecord[] = [];
  const ids = (sweep: number): number[] => Array.from({ length: 100 }, (_, at) => sweep * 100 + at);
  for (let sweep = 1; sweep < 5; sweep++) {
    if (sweep > 1) for (const id of ids(sweep - 1)) records.push({ type: 'guest-gone', guest: id });
    for (const id of ids(sweep)) records.push(...guest(id), pages(id, 512, id * 20, 20));
    records.push(end((sweep - 1) * 10_000));
  }
  const recording = await recorded(records);
  const { samples } = await predict(recording, { ...OPTIONS, set: [['pages_to_scan', '3']] });
  await recording.close();
  expect(samples.at(-1)?.t).toBe(60);
});

test('pages of different NUMA nodes are merged only across nodes', async () => {
  const on = (id: number, page: number, node: number | undefined): SweepRecord => {
    return { type: 'mapping', guest: id, page, pages: 512, flags: 0, node, label: '' };
  };
  const recording = await recorded([
    { ...GUEST, guest: 1 },
    on(1, 512, 0),
    on(1, 1024, 1),
    { ...GUEST, guest: 2, pid: 8 },
    on(2, 2048, 1),
    pages(1, 512, 0, 50),
    pages(1, 1024, 100, 30),
    pages(2, 2048, 0, 200),
    end(0),
  ]);
  const savedPages = async (merge_across_nodes: string): Promise<number> => {
    const set = Object.entries({ merge_across_nodes, pages_to_scan: '1000' });
    const { samples } = await predict(recording, { ...OPTIONS, set });
    return (samples.at(-1)?.freed_bytes ?? 0) / 4096;
  };
  expect([await savedPages('1'), await savedPages('0')]).toEqual([80, 30]);
  await recording.close();
});

describe('with merge domains', () => {
  const SETTINGS = { pages_to_scan: '1000', smart_scan: '0', max_page_sharing: '1000' };
  const set = Object.entries(SETTINGS);
  const freedPages = ({ samples }: Predicted): number =>
    (samples.at(-1)?.freed_bytes ?? Number.NaN) / 4096;

  test('what is saved is what each saves alone, wherever memory lies', async () => {
    const guests = fc.array(fc.array(fc.nat(40), { minLength: 1, maxLength: 60 }), {
      minLength: 1,
      maxLength: 6,
    });
    const owners = fc.array(fc.constantFrom('red', 'blue', 'green'), {
      minLength: 6,
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(guests, owners, async (all, tenants) => {
        const records = all.flatMap((own, at): SweepRecord[] => [
          ...guest(at + 1).map((record) =>
            record.type === 'mapping' ? { ...record, node: at % 2 } : record,
          ),
          ...own.map((content, page) => pages(at + 1, 512 + page, content, 1)),
        ]);
        const recording = await recorded([...records, end(0)]);
        const domains = Object.fromEntries(
          all.map((_own, at) => [`vm${at + 1}`, tenants[at] ?? '']),
        );
        const apart = await predict(recording, { ...OPTIONS, set, domains });
        const together = await predict(recording, { ...OPTIONS, set });
        await recording.close();
        const saved = (own: readonly number[]): number => own.length - new Set(own).size;
        expect(freedPages(together)).toBe(saved(all.flat()));
        const alone = [...new Set(tenants)].map((tenant) =>
          saved(all.filter((_own, at) => tenants[at] === tenant).flat()),
        );
        expect(freedPages(apart)).toBe(alone.reduce((sum, each) => sum + each, 0));
      }),
      { numRuns: 20 },
    );
  });

  test('a fork in another domain than its parent has pages of its own, which stay apart', async () => {
    const recording = await recorded([
      ...guest(1),
      ...guest(2),
      pages(1, 512, 0, 600),
      { type: 'pages', guest: 2, page: 512, pages: 600, state: PAGE_SHARED, owner: 1 },
      end(0),
    ]);
    const freed = async (second: string): Promise<number> =>
      freedPages(await predict(recording, { ...OPTIONS, set, domains: { vm1: 'a', vm2: second } }));
    expect(await freed('a')).toBe(0);
    const apart = await predict(recording, { ...OPTIONS, set, domains: { vm1: 'a', vm2: 'b' } });
    expect(apart.samples.at(-1)?.counters).toMatchObject({ pages_shared: 0, pages_unshared: 1200 });
    await recording.close();
  });

  test('there are as many as nodes, and these merge across none', async () => {
    const recording = await recorded(TWO_EQUAL);
    const names = Array.from({ length: 17 }, (_, at) => [`vm${at}`, `tenant ${at}`]);
    const domains = Object.fromEntries(names);
    await expect(predict(recording, { ...OPTIONS, domains })).rejects.toMatchObject({
      code: 'EINVAL',
      message: expect.stringMatching(/^17 tenants are more than/),
    });
    const both = { ...OPTIONS, domains: { vm1: 'a', vm2: 'b' } };
    await expect(
      predict(recording, { ...both, set: [['merge_across_nodes', '1']] }),
    ).rejects.toMatchObject({ code: 'EINVAL' });
    await recording.close();
  });
});

test('huge pages of which a page merges are split, and give their zeroes back', async () => {
  const huge = (id: number): SweepRecord[] => [
    ...guest(id),
    pages(id, 512, id * 10_000, 400, PAGE_HUGE),
    pages(id, 912, 0, 12, PAGE_HUGE),
    { type: 'pages', guest: id, page: 924, pages: 100, state: PAGE_ZEROES | PAGE_HUGE },
    pages(id, 1024, id * 10_000 + 5000, 512, PAGE_HUGE),
  ];
  const recording = await recorded([...huge(1), ...huge(2), end(0)]);
  const { samples } = await predict(recording, {
    ...OPTIONS,
    set: [
      ['pages_to_scan', '1000'],
      ['khugepaged/scan_sleep_millisecs', '4294967295'],
    ],
  });
  await recording.close();
  const [first, last] = [samples[0], samples.at(-1)];
  expect([first?.huge_pages, last?.huge_pages]).toEqual([4, 2]);
  expect(last?.counters).toMatchObject({ pages_shared: 12, pages_sharing: 12 });
  expect(last?.split_zero_bytes).toBe(200 * 4096);
});

test('where a mapping is advised KSM looks at those alone, unless all are asked for', async () => {
  const records: SweepRecord[] = [
    ...guest(1, 100, MAPPING_ADVISED),
    ...guest(2, 100),
    pages(1, 512, 0, 50),
    pages(2, 512, 0, 50),
    { ...GUEST, guest: 3, pid: 3, name: 'passed-through', isPinned: true },
    pages(3, 512, 0, 70),
    end(0),
    // What is left out is no more for having changed, and no longer if it is gone.
    pages(2, 512, 0, 50),
    { type: 'pages', guest: 2, page: 522, pages: 15, state: PAGE_ABSENT },
    pages(3, 512, 100, 80),
    end(10_000),
    { type: 'mapping-gone', guest: 2, page: 512 },
    ...mapping(2, 512, 5, MAPPING_ADVISED),
    ...mapping(2, 517, 95, 0),
    end(20_000),
  ];
  const recording = await recorded(records);
  const set = [['pages_to_scan', '1000']] as const;
  const asNow = await predict(recording, { ...OPTIONS, set });
  expect(asNow).toMatchObject({
    advisedOnly: true,
    leftOut: { pinnedPages: 80, notAdvisedPages: 30 },
  });
  expect(asNow.samples.at(-1)?.counters.pages_sharing).toBe(0);
  const all = await predict(recording, { ...OPTIONS, set, advisedOnly: false });
  expect(all).toMatchObject({ leftOut: { pinnedPages: 80, notAdvisedPages: 0 } });
  expect(all.samples.at(-1)?.counters.pages_sharing).toBe(35);
  await recording.close();
});

test('a sample comes to about what all pages do, in about the same time', async () => {
  const oneIn = 4;
  const sample = new Sample(oneIn);
  const count = 8000;
  // As far apart as digests are: which of them are in the sample, chance decides.
  const all = Buffer.concat(
    Array.from({ length: count }, (_, at) => createHash('md5').update(String(at)).digest()),
  );
  const sampled = (id: number): SweepRecord[] =>
    Array.from({ length: count }, (_, at): SweepRecord => {
      const where = { type: 'pages', guest: id, page: 512 + at, pages: 1 } as const;
      const fingerprints = all.subarray(at * 16, at * 16 + 16);
      return sample.has(fingerprints)
        ? { ...where, state: PAGE_CONTENT, fingerprints }
        : { ...where, state: PAGE_UNSAMPLED };
    });
  const zeroes = (id: number): SweepRecord => ({
    type: 'pages',
    guest: id,
    page: 16_384,
    pages: 2000,
    state: PAGE_ZEROES,
  });
  const whole = await recorded([
    ...guest(1, 20_000),
    ...guest(2, 20_000),
    { type: 'pages', guest: 1, page: 512, pages: count, state: PAGE_CONTENT, fingerprints: all },
    zeroes(1),
    { type: 'pages', guest: 2, page: 512, pages: count, state: PAGE_CONTENT, fingerprints: all },
    zeroes(2),
    end(0),
  ]);
  const part = await recorded(
    [
      ...guest(1, 20_000),
      ...guest(2, 20_000),
      ...sampled(1),
      zeroes(1),
      ...sampled(2),
      zeroes(2),
      end(0),
    ],
    { ...HEADER, sample: oneIn },
  );
  const [outcome, about] = [
    outcomeOf(await predict(whole, OPTIONS)),
    outcomeOf(await predict(part, OPTIONS)),
  ];
  await whole.close();
  await part.close();
  const within = (figure: number, of: number, share: number): void =>
    expect(Math.abs(figure - of)).toBeLessThan(of * share);
  within(about.freedBytes, outcome.freedBytes, 0.1);
  within(about.cpuAtFirst, outcome.cpuAtFirst, 0.1);
  within(about.cpuAtRest, outcome.cpuAtRest, 0.1);
  for (const [at, { seconds }] of outcome.secondsTo.entries())
    within(about.secondsTo[at]?.seconds ?? 0, seconds, 0.2);
});

describe('with somebody who sets tunables as time goes on', () => {
  const GIB = 2 ** 30;
  /** A host of 16 GiB with so many free; its guests are small. */
  const withFree = (gib: number): readonly SweepRecord[] => [
    { type: 'numbers', guest: undefined, values: [16 * GIB, gib * GIB] },
    ...TWO_EQUAL.slice(0, -1),
    { type: 'numbers', guest: 1, values: [GIB] },
    end(0),
  ];
  const minutes = { ...OPTIONS, seconds: 180 };
  const mergedFrom = ({ samples }: Predicted): number | undefined =>
    samples.find(({ counters }) => (counters.pages_sharing ?? 0) > 0)?.t;

  test('ksmtuned has nothing merge where enough is free', async () => {
    const recording = await recorded(withFree(8));
    const predicted = await predict(recording, { ...minutes, policy: { name: 'ksmtuned' } });
    await recording.close();
    expect(predicted.samples.at(-1)).toMatchObject({ kernel_cpu_seconds: 0, freed_bytes: 0 });
  });

  test('where too little is, it has KSM begin after a minute', async () => {
    const recording = await recorded(withFree(1));
    const predicted = await predict(recording, { ...minutes, policy: { name: 'ksmtuned' } });
    await recording.close();
    expect(mergedFrom(predicted)).toBeGreaterThan(60);
    expect(mergedFrom(predicted)).toBeLessThan(63);
    expect(predicted.samples.at(-1)?.counters).toMatchObject({ pages_sharing: 300 });
  });

  test('guests that could come to take it all are enough for ksmtuned, not for throttled', async () => {
    const recording = await recorded([
      ...withFree(8).slice(0, -1),
      { type: 'numbers', guest: 1, values: [15 * GIB] },
      end(0),
    ]);
    const predicted = await Promise.all(
      (['ksmtuned', 'throttled'] as const).map((name) =>
        predict(recording, { ...minutes, policy: { name } }),
      ),
    );
    await recording.close();
    expect(predicted.map((each) => mergedFrom(each) !== undefined)).toEqual([true, false]);
  });

  test('what was merged while it was recorded is not free twice', async () => {
    const header = { ...HEADER, hostNumbers: [...HEADER.hostNumbers, 'ksm/pages_sharing'] };
    const values = [16 * GIB, 4 * GIB, (2 * GIB) / 4096];
    const all = withFree(0).slice(1);
    const recording = await recorded(
      [{ type: 'numbers', guest: undefined, values }, ...all],
      header,
    );
    const predicted = await predict(recording, { ...minutes, policy: { name: 'throttled' } });
    await recording.close();
    expect(mergedFrom(predicted)).toBeDefined();
  });

  test.each([
    ['nothing is told of its memory', TWO_EQUAL],
    ['only the memory of who looked at images is', [withFree(8)[0] ?? end(0), ...TWO_EQUAL]],
  ])('a host has no answer where %s', async (_why, records) => {
    const recording = await recorded(records);
    await expect(
      predict(recording, { ...minutes, policy: { name: 'ksmtuned' } }),
    ).rejects.toMatchObject({ code: 'ENODATA' });
    await recording.close();
  });

  test('who looks once a minute is watched for ten, unless it is said for how long', async () => {
    const recording = await recorded(withFree(1));
    const { samples } = await predict(recording, { ...OPTIONS, policy: { name: 'ksmtuned' } });
    await recording.close();
    expect(samples.at(-1)?.t).toBe(600);
  });

  test('the advisor begins with its least, at once', async () => {
    const recording = await recorded(TWO_EQUAL);
    const { samples } = await predict(recording, { ...OPTIONS, policy: { name: 'advisor' } });
    const same = await predict(recording, {
      ...OPTIONS,
      set: [['advisor_mode', 'scan-time']],
    });
    await recording.close();
    expect(samples).toEqual(same.samples);
  });
});

test('a recording that begins late begins when its first sweep does', async () => {
  const changing = (beginMs: number): SweepRecord[] => [
    ...TWO_EQUAL.slice(0, -1),
    end(beginMs),
    pages(2, 512, 700, 300),
    end(beginMs + 20_000),
  ];
  const predicted = await Promise.all(
    [0, 40_000].map(async (beginMs) => {
      const recording = await recorded(changing(beginMs));
      const found = await predict(recording, { ...OPTIONS, seconds: 60 });
      await recording.close();
      return found;
    }),
  );
  expect(predicted[1]).toEqual(predicted[0]);
  expect(predicted[1]?.recordedSeconds).toBe(20);
});

describe('of a sample', () => {
  const ONE_IN = 8;
  const CONTENTS = 3000;

  /** Content n has n % 6 pages. */
  const few = (content: number): number => content % 6;

  const fingerprintOf = (salt: number, content: number): Buffer =>
    createHash('sha256').update(`${salt}/${content}`).digest().subarray(16);

  /** The same pages as other fingerprints: of those outside the sample only that they are there. */
  async function sampled(
    salt: number,
    oneIn: number,
    { run = '1', pagesOf = few, contents: all = CONTENTS } = {},
  ): Promise<Predicted> {
    const sample = new Sample(oneIn);
    const records: SweepRecord[] = guest(1, 16_384);
    let page = 512;
    for (let content = 0; content < all; content++) {
      const fingerprints = fingerprintOf(salt, content);
      const isIn = sample.has(fingerprints);
      const told = isIn ? { state: PAGE_CONTENT, fingerprints } : { state: PAGE_UNSAMPLED };
      for (let copy = 0; copy < pagesOf(content); copy++, page++)
        records.push({ type: 'pages', guest: 1, page, pages: 1, ...told });
    }
    const header = { ...HEADER, sample: oneIn };
    const recording = await recorded([...records, end(0)], header);
    const set = [
      ['pages_to_scan', '10000'],
      ['run', run],
    ] as const;
    const predicted = await predict(recording, { ...OPTIONS, set, seconds: 3 });
    await recording.close();
    return predicted;
  }

  const freedBy = ({ samples }: Predicted): number => samples.at(-1)?.freed_bytes ?? 0;

  test('what is saved is within its error, 95 times in 100', async () => {
    const whole = await sampled(0, 1);
    expect(whole.errorBytes).toBe(0);
    const freed = freedBy(whole);
    expect(freed).toBe((CONTENTS / 6) * (1 + 2 + 3 + 4) * 4096);
    let within = 0;
    for (let salt = 1; salt <= 40; salt++) {
      const predicted = await sampled(salt, ONE_IN);
      // An error that is as much as all of it would tell nothing.
      expect(predicted.errorBytes).toBeLessThan(freed / 4);
      if (Math.abs(freedBy(predicted) - freed) <= predicted.errorBytes) within++;
    }
    expect(within).toBeGreaterThanOrEqual(38);
  });

  test('a content that very many pages have is missed by no more than any other', async () => {
    const heavy = {
      contents: 600,
      pagesOf: (content: number) => (content === 0 ? 1000 : 1 + (content % 2)),
    };
    const freed = freedBy(await sampled(0, 1, heavy));
    // Of the heavy one, for max_page_sharing, there are four frames.
    expect(freed).toBe((996 + 300) * 4096);
    let within = 0;
    let inSample = 0;
    for (let salt = 1; salt <= 100; salt++) {
      const predicted = await sampled(salt, ONE_IN, heavy);
      expect(predicted.errorBytes).toBeLessThan(freed / 2);
      if (Math.abs(freedBy(predicted) - freed) <= predicted.errorBytes) within++;
      if (new Sample(ONE_IN).has(fingerprintOf(salt, 0))) inSample++;
    }
    expect(within).toBeGreaterThanOrEqual(95);
    expect(inSample).toBeGreaterThan(0);
    expect(inSample).toBeLessThan(100);
  }, 60_000);

  test('before anything is merged nothing is saved, whatever is outside the sample', async () => {
    const { samples } = await sampled(1, ONE_IN);
    expect(samples[0]?.freed_bytes).toBe(0);
    expect(samples[0]?.counters.pages_sharing).toBe(0);
  });

  test('zero pages are saved as they are counted, in the sample or not', async () => {
    const recording = await recorded(
      [
        ...guest(1),
        { type: 'pages', guest: 1, page: 512, pages: 1003, state: PAGE_ZEROES },
        end(0),
      ],
      { ...HEADER, sample: ONE_IN },
    );
    const set = [['use_zero_pages', '1']] as const;
    const { samples } = await predict(recording, { ...OPTIONS, set, seconds: 10 });
    await recording.close();
    expect(samples.at(-1)).toMatchObject({ freed_bytes: 1003 * 4096 });
    expect(samples.at(-1)?.counters.ksm_zero_pages).toBe(1003);
  });

  test('pages of a mapping that nobody has advised are not in it, sampled or not', async () => {
    const outside = { type: 'pages', guest: 1, state: PAGE_UNSAMPLED } as const;
    const recording = await recorded(
      [
        ...guest(1, 512, MAPPING_ADVISED),
        ...mapping(1, 4096, 2048, 0),
        pages(1, 512, 0, 1),
        pages(1, 513, 0, 1),
        { ...outside, page: 514, pages: 14 },
        { ...outside, page: 4096, pages: 2000 },
        end(0),
      ],
      { ...HEADER, sample: ONE_IN },
    );
    const { samples, leftOut } = await predict(recording, { ...OPTIONS, seconds: 10 });
    await recording.close();
    expect(leftOut.notAdvisedPages).toBe(2000);
    // 16 pages of which one content in eight, of eight in all, is known.
    expect(samples.at(-1)?.freed_bytes).toBe(8 * 4096);
  });

  test('a fork shares what is outside the sample as well: it could not be saved', async () => {
    const outside = { type: 'pages', page: 514, pages: 14 } as const;
    const recording = await recorded(
      [
        ...guest(1),
        ...guest(2),
        pages(1, 512, 0, 1),
        pages(1, 513, 0, 1),
        { ...outside, guest: 1, state: PAGE_UNSAMPLED },
        { type: 'pages', guest: 2, page: 512, pages: 16, state: PAGE_SHARED, owner: 1 },
        end(0),
      ],
      { ...HEADER, sample: ONE_IN },
    );
    const { samples } = await predict(recording, { ...OPTIONS, seconds: 10 });
    await recording.close();
    expect(samples.at(-1)?.freed_bytes).toBe(8 * 4096);
  });

  test('nothing is saved of it, and that for sure, where nothing was scanned', async () => {
    expect((await sampled(1, ONE_IN)).errorBytes).toBeGreaterThan(0);
    expect((await sampled(1, ONE_IN, { run: '0' })).errorBytes).toBe(0);
  });

  test('a sample that has nothing equal says nothing of the equal pages outside of it', async () => {
    const recording = await recorded(
      [
        ...guest(1),
        pages(1, 512, 0, 10),
        { type: 'pages', guest: 1, page: 522, pages: 1000, state: PAGE_UNSAMPLED },
        end(0),
      ],
      { ...HEADER, sample: ONE_IN },
    );
    const { samples, errorBytes } = await predict(recording, { ...OPTIONS, seconds: 10 });
    await recording.close();
    expect(samples.at(-1)?.freed_bytes).toBe(0);
    expect(errorBytes / 4096).toBeGreaterThan(1010 - 80);
  });
});
