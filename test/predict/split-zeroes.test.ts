/**
 * What splits of huge pages give back is saved as long as nobody has taken it again, and once for
 * all that share it since a fork.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { splitSentences } from '../../src/cli/commands/foresee/split-told.js';
import { outcomeOf } from '../../src/predict/outcome.js';
import {
  type PredictedSample,
  type PredictOptions,
  predict,
} from '../../src/predict/prediction.js';
import { DEFAULT_PRICES } from '../../src/prices/default-prices.js';
import {
  MAPPING_HUGE,
  PAGE_ABSENT,
  PAGE_CONTENT,
  PAGE_HUGE,
  PAGE_SHARED,
  PAGE_ZEROES,
} from '../../src/recording/format.js';
import { Recording } from '../../src/recording/recording.js';
import { RecordingWriter } from '../../src/recording/recording-writer.js';
import type { SweepRecord } from '../../src/recording/records.js';
import { end, GUEST, HEADER } from '../recording/small-recording.js';
import { run } from '../web/prediction/told.js';

const PAGE = 4096;
const STRETCH = 512;
const HUGE_PAGES = 4;
/** Of each huge page: a page that all have, and pages that nobody else has; then zeroes. */
const HELD = 101;
const ZEROES = STRETCH - HELD;
const FIRST = STRETCH;
const ASLEEP = ['khugepaged/scan_sleep_millisecs', '4294967295'] as const;

const folder = mkdtempSync(join(tmpdir(), 'ksmd-split-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;

async function samplesOf(
  records: readonly SweepRecord[],
  options: Partial<PredictOptions> = {},
  header = HEADER,
): Promise<readonly PredictedSample[]> {
  const path = join(folder, `${++files}.rec`);
  const writer = RecordingWriter.create(path, header);
  for (const record of records)
    if (record.type === 'end') writer.endSweep(record);
    else writer.write(record);
  writer.close();
  const recording = await Recording.open(path);
  const given = { prices: DEFAULT_PRICES, kernel: '6.18', set: [] } as const;
  const { samples } = await predict(recording, { ...given, ...options });
  await recording.close();
  return samples;
}

function guest(id: number, flags = 0): SweepRecord[] {
  const pages = HUGE_PAGES * STRETCH;
  return [
    { ...GUEST, guest: id, name: `vm${id}`, pid: id },
    { type: 'mapping', guest: id, page: FIRST, pages, flags, node: undefined, label: '' },
  ];
}

function heap(id: number): SweepRecord[] {
  return Array.from({ length: HUGE_PAGES }, (_, huge): SweepRecord[] => {
    const page = FIRST + huge * STRETCH;
    const fingerprints = Buffer.alloc(HELD * 16);
    for (let at = 0; at < HELD; at++)
      fingerprints.writeUInt32BE(at === 0 ? 1 : (huge + 1) * 7919 + at * 104_729, at * 16);
    return [
      {
        type: 'pages',
        guest: id,
        page,
        pages: HELD,
        state: PAGE_CONTENT | PAGE_HUGE,
        fingerprints,
      },
      {
        ...{ type: 'pages', guest: id, page: page + HELD, pages: ZEROES },
        state: PAGE_ZEROES | PAGE_HUGE,
      },
    ];
  }).flat();
}

/** `id` has been forked of guest 1, and has all its pages. */
function forked(id: number): SweepRecord {
  const pages = HUGE_PAGES * STRETCH;
  return {
    ...{ type: 'pages', guest: id, page: FIRST, pages, owner: 1 },
    state: PAGE_SHARED | PAGE_HUGE,
  };
}

test('what khugepaged makes anew and KSM splits again comes back once, however long', async () => {
  for (const seconds of [60, 300]) {
    const samples = await samplesOf([...guest(1), ...heap(1), end(0)], {
      seconds,
      everySeconds: 0.25,
    });
    // Of each huge page that is not one now, its zeroes.
    for (const { split_zero_bytes, huge_pages } of samples)
      expect(split_zero_bytes).toBe((HUGE_PAGES - huge_pages) * ZEROES * PAGE);
    const isMadeAnew = samples.some(
      ({ huge_pages }, at) => huge_pages > (samples[at - 1]?.huge_pages ?? HUGE_PAGES),
    );
    expect(isMadeAnew).toBe(true);
    expect(Math.max(...samples.map(({ freed_bytes }) => freed_bytes))).toBe(
      (HUGE_PAGES - 1) * PAGE,
    );
  }
});

test.each([1, 2])('of a huge page that %i forks share too it comes back once', async (forks) => {
  const ids = Array.from({ length: forks }, (_, at) => at + 2);
  const records = [1, ...ids].flatMap((id) => guest(id));
  const shared = [...records, ...heap(1), ...ids.map(forked), end(0)];
  const still = await samplesOf(shared, { set: [ASLEEP] });
  expect(still[0]?.huge_pages).toBe(HUGE_PAGES);
  expect(still.at(-1)).toMatchObject({
    huge_pages: 0,
    freed_bytes: (HUGE_PAGES - 1) * PAGE,
    split_zero_bytes: HUGE_PAGES * ZEROES * PAGE,
  });
  const fought = await samplesOf(shared, { seconds: 60 });
  expect(fought.at(-1)?.collapses).toBeGreaterThan(0);
  for (const { split_zero_bytes, freed_bytes } of fought) {
    expect(split_zero_bytes).toBeLessThanOrEqual(HUGE_PAGES * ZEROES * PAGE);
    // What khugepaged copies and KSM merges again was one page before.
    expect(freed_bytes).toBeLessThanOrEqual((HUGE_PAGES - 1) * PAGE);
  }
});

test('pages that are gone of themselves are not saved, though khugepaged adds them', async () => {
  const gone = 200;
  const drops = Array.from({ length: HUGE_PAGES }, (_, huge): SweepRecord => {
    const page = FIRST + huge * STRETCH + HELD;
    return { type: 'pages', guest: 1, page, pages: gone, state: PAGE_ABSENT };
  });
  const samples = await samplesOf([...guest(1), ...heap(1), end(0), ...drops, end(8000)], {
    seconds: 120,
  });
  const at = (t: number): number | undefined => samples.find((s) => s.t === t)?.split_zero_bytes;
  expect(at(7)).toBe(HUGE_PAGES * ZEROES * PAGE);
  expect(at(9)).toBe(HUGE_PAGES * (ZEROES - gone) * PAGE);
  for (const { t, split_zero_bytes, huge_pages } of samples)
    if (t > 8) expect(split_zero_bytes).toBe((HUGE_PAGES - huge_pages) * (ZEROES - gone) * PAGE);
  expect(samples.some(({ t, huge_pages }) => t > 8 && huge_pages > 0)).toBe(true);
});

test('a page that is written again has a frame again', async () => {
  const fingerprints = Buffer.alloc(16 * 16);
  for (let i = 0; i < 16; i++) fingerprints.writeUInt32BE(0x4000_0000 + i, i * 16);
  const written: SweepRecord = {
    ...{ type: 'pages', guest: 1, page: FIRST + HELD, pages: 16, state: PAGE_CONTENT },
    fingerprints,
  };
  const samples = await samplesOf([...guest(1), ...heap(1), end(0), written, end(8000)], {
    set: [ASLEEP],
    seconds: 20,
  });
  expect(samples.at(-1)?.split_zero_bytes).toBe((HUGE_PAGES * ZEROES - 16) * PAGE);
});

describe('khugepaged is at work as the recorded host has it set', () => {
  const made = async (enabled: string, flags: number): Promise<number | undefined> => {
    const header = { ...HEADER, facts: { 'huge-pages/enabled': enabled } };
    const samples = await samplesOf(
      [...guest(1, flags), ...heap(1), end(0)],
      { seconds: 40 },
      header,
    );
    return samples.at(-1)?.collapses;
  };

  test.each([
    ['always madvise [never]', MAPPING_HUGE],
    ['always [madvise] never', 0],
  ])('%s, with advice %i: none is made', async (enabled, flags) => {
    expect(await made(enabled, flags)).toBe(0);
  });

  test.each([
    ['[always] madvise never', 0],
    ['always [madvise] never', MAPPING_HUGE],
  ])('%s, with advice %i: they are made anew', async (enabled, flags) => {
    expect(await made(enabled, flags)).toBeGreaterThan(0);
  });
});

test('what comes and goes at rest is saved on average, and is told to', async () => {
  const samples = await samplesOf([...guest(1), ...heap(1), end(0)], {
    seconds: 60,
    everySeconds: 0.25,
  });
  const outcome = outcomeOf(run({}, samples).predicted);
  const rest = samples.filter(({ t }) => t >= 48).map((sample) => sample.split_zero_bytes);
  expect(outcome.splitZeroBytes).toBe(
    Math.round(rest.reduce((sum, bytes) => sum + bytes, 0) / rest.length),
  );
  expect(outcome.splitZeroBytes).toBeLessThan(HUGE_PAGES * ZEROES * PAGE);
  expect(splitSentences([outcome])).toEqual([
    expect.stringMatching(
      /^Of what is saved 6\.\d MiB are zeroes that splits .* leave them out\.$/,
    ),
    expect.stringMatching(
      /^At rest khugepaged makes \d+ huge pages a minute .* leaves them split\.$/,
    ),
  ]);
  for (const set of [ASLEEP, ['khugepaged/max_ptes_none', '64']] as const) {
    const still = await samplesOf([...guest(1), ...heap(1), end(0)], { set: [set] });
    expect(splitSentences([outcomeOf(run({}, still).predicted)])).toHaveLength(1);
  }
});
