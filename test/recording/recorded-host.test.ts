/** A recorded host takes no more memory than it may, whatever a file tells of. */
import { statSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import {
  MOST_PAGES_A_RUN,
  PAGE_ABSENT,
  PAGE_CONTENT,
  PAGE_SHARED,
  PAGE_ZEROES,
} from '../../src/recording/format.js';
import { RecordedHost } from '../../src/recording/recorded-host.js';
import { Recording } from '../../src/recording/recording.js';
import { RecordingWriter } from '../../src/recording/recording-writer.js';
import type { SweepRecord } from '../../src/recording/records.js';
import { TemporaryDirectory } from '../daemon-process.js';
import { GUEST, HEADER } from './small-recording.js';

const directory = new TemporaryDirectory();
afterAll(() => directory.remove());

const MIB = 2 ** 20;
const PAGES = MOST_PAGES_A_RUN;

const guest = (id: number): SweepRecord => ({ ...GUEST, guest: id });
const run = (page: number, state: number): SweepRecord => {
  const pages = { type: 'pages', guest: 1, page, pages: PAGES, state } as const;
  if (state === PAGE_SHARED) return { ...pages, owner: 1 };
  if (state !== PAGE_CONTENT) return pages;
  return { ...pages, fingerprints: Buffer.alloc(PAGES * 16) };
};

test('a small file of endless zeroes is refused', async () => {
  const path = directory.file('endless');
  const writer = RecordingWriter.create(path, HEADER);
  writer.write({ ...GUEST, guest: 1 });
  for (let at = 0; at < 10_000; at++)
    writer.write({ type: 'pages', guest: 1, page: at * PAGES, pages: PAGES, state: PAGE_ZEROES });
  writer.endSweep({ startMs: 0, durationMs: 0, processorMs: 0 });
  writer.close();
  expect(statSync(path).size).toBeLessThan(4096);
  const recording = await Recording.open(path);
  const host = new RecordedHost(recording.header, 16 * MIB);
  const read = async (): Promise<void> => {
    for await (const record of recording.records()) host.apply(record);
  };
  await expect(read()).rejects.toThrow(
    /^the recorded host takes more than 16 MiB: a machine with more memory reads it, and so does/,
  );
  await recording.close();
});

describe('is refused what is endless', () => {
  test.each([
    ['guests', (at: number) => guest(at)],
    [
      'mappings',
      (page: number): SweepRecord => {
        const where = { type: 'mapping', guest: 1, page, pages: 1, flags: 0, label: '' } as const;
        return { ...where, node: undefined };
      },
    ],
    ['contents', (at: number) => run(at * PAGES, PAGE_CONTENT)],
    ['shared pages', (at: number) => run(at * PAGES, PAGE_SHARED)],
  ])('%s', (_what, record) => {
    const host = new RecordedHost(HEADER, 4 * MIB);
    host.apply(guest(1));
    const fill = (): void => {
      for (let at = 2; at < 100_000; at++) host.apply(record(at));
    };
    expect(fill).toThrow(/takes more than 4 MiB/);
  });
});

test('what is gone, and what is told again, counts no more', () => {
  const host = new RecordedHost(HEADER, MIB);
  const mapping = {
    type: 'mapping',
    guest: 1,
    page: 0,
    pages: PAGES,
    flags: 0,
    label: '',
  } as const;
  for (let times = 0; times < 5000; times++) {
    host.apply(guest(1));
    host.apply({ ...mapping, node: undefined });
    for (const state of [PAGE_CONTENT, PAGE_SHARED, PAGE_ZEROES, PAGE_ABSENT])
      if (times % 50 === 0) host.apply(run(0, state));
    if (times % 3 === 0) host.apply({ type: 'mapping-gone', guest: 1, page: 0 });
    if (times % 100 === 50) host.apply(run(0, PAGE_CONTENT));
    if (times % 2 === 0) host.apply({ type: 'guest-gone', guest: 1 });
  }
  expect(host.guests.size).toBe(1);
});
