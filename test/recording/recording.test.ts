import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { KsmdError } from '../../src/errors.js';
import { Recording } from '../../src/recording/recording.js';
import { RecordingWriter } from '../../src/recording/recording-writer.js';
import type { SweepRecord } from '../../src/recording/records.js';
import { end, GUEST, HEADER, ONE_OF_EACH } from './small-recording.js';

const folder = mkdtempSync(join(tmpdir(), 'ksmd-recording-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const newPath = (): string => join(folder, `${++files}.rec`);

function written(records: readonly SweepRecord[], path = newPath()): string {
  const writer = RecordingWriter.create(path, HEADER);
  for (const record of records)
    if (record.type === 'end') writer.endSweep(record);
    else writer.write(record);
  writer.close();
  return path;
}

/** Buffers are views, good until the next record. */
async function recordsOf(recording: Recording): Promise<SweepRecord[]> {
  const records: SweepRecord[] = [];
  for await (const record of recording.records())
    records.push(
      record.type === 'pages' && record.fingerprints !== undefined
        ? { ...record, fingerprints: Buffer.from(record.fingerprints) }
        : record,
    );
  return records;
}

async function read(path: string): Promise<{ recording: Recording; records: SweepRecord[] }> {
  const recording = await Recording.open(path);
  try {
    return { recording, records: await recordsOf(recording) };
  } finally {
    await recording.close();
  }
}

describe('a recording', () => {
  it('is read as it was written', async () => {
    const { recording, records } = await read(written(ONE_OF_EACH));
    expect(recording.header).toEqual(HEADER);
    expect(recording.sweeps).toBe(2);
    expect(recording.damage).toBeUndefined();
    expect(records).toEqual(ONE_OF_EACH);
  });

  it('takes at most 24 bytes for a new page, wherever it lies', () => {
    const page = (at: number): SweepRecord => ({
      type: 'pages',
      guest: 1,
      page: at,
      pages: 1,
      state: 2,
      fingerprints: Buffer.from(Array.from({ length: 16 }, (_, i) => (at * 31 + i * 17) % 256)),
    });
    const sizeOf = (records: SweepRecord[]): number =>
      readFileSync(written([{ ...GUEST, guest: 1 }, ...records, end(0)])).length;
    const pages = Array.from({ length: 1000 }, (_, i) => page(2 ** 35 + i * 1_000_003));
    expect((sizeOf(pages) - sizeOf([])) / pages.length).toBeLessThanOrEqual(24);
  });

  it('takes at most 64 bytes for a sweep in which no page changed', () => {
    const host = (free: number): SweepRecord => ({
      type: 'numbers',
      guest: undefined,
      values: [2 ** 40, free],
    });
    const first = [{ ...GUEST, guest: 1 }, host(2 ** 39), end(0)] as const;
    const one = readFileSync(written(first)).length;
    const two = readFileSync(written([...first, host(2 ** 38), end(86_400_000)])).length;
    expect(two - one).toBeLessThanOrEqual(64);
  });

  it('cut at any byte is read up to the last sweep before, and says what is wrong', async () => {
    const whole = readFileSync(written(ONE_OF_EACH));
    const header = readFileSync(written([])).length;
    const first = readFileSync(written(ONE_OF_EACH.slice(0, 14))).length;
    const path = newPath();
    for (let length = 0; length < whole.length; length++) {
      writeFileSync(path, whole.subarray(0, length));
      if (length < header) {
        await expect(Recording.open(path)).rejects.toThrow(/is no recording|has no whole header/);
        continue;
      }
      const { recording, records } = await read(path);
      const sweeps = length < first ? 0 : 1;
      expect(recording.sweeps).toBe(sweeps);
      expect(records).toEqual(ONE_OF_EACH.slice(0, sweeps * 14));
      const isCut = length !== header && length !== first;
      expect(recording.damage?.what).toEqual(
        isCut ? expect.stringMatching(/^it breaks off at byte \d+ of \d+$/) : undefined,
      );
    }
  });

  it('with any byte changed is read up to the sweep before, or refused in a sentence', async () => {
    const whole = readFileSync(written(ONE_OF_EACH));
    const path = newPath();
    await fc.assert(
      fc.asyncProperty(
        fc.nat(whole.length - 1),
        fc.integer({ min: 1, max: 255 }),
        async (at, by) => {
          const damaged = Buffer.from(whole);
          damaged[at] = (damaged[at] ?? 0) ^ by;
          writeFileSync(path, damaged);
          try {
            const { recording, records } = await read(path);
            expect(recording.damage?.what).toMatch(/byte \d+/);
            expect(records).toEqual(ONE_OF_EACH.slice(0, recording.sweeps * 14));
          } catch (error) {
            expect(error).toBeInstanceOf(KsmdError);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is not written over, and leaves out a sweep that did not end', async () => {
    const path = written(ONE_OF_EACH.slice(0, -1));
    expect(() => RecordingWriter.create(path, HEADER)).toThrow(/EEXIST|exists/);
    const { recording, records } = await read(path);
    expect(recording.damage).toBeUndefined();
    expect(records).toEqual(ONE_OF_EACH.slice(0, 14));
  });

  it('of a full disk says how far it is whole', () => {
    const writer = RecordingWriter.create(newPath(), HEADER);
    writer.endSweep(end(0));
    writer.close();
    // Its file is closed: what a disk refuses comes to the same.
    expect(() => writer.endSweep(end(1))).toThrow(/cannot write .*: one sweep is whole in it/);
  });

  const MAPPING = { type: 'mapping', guest: 1, page: 1, pages: 1, flags: 0, label: '' } as const;

  it('of somebody who writes nonsense is good up to it', async () => {
    const page: SweepRecord = { type: 'pages', guest: 1, page: 1, pages: 1, state: 1 };
    const guest = { ...GUEST, guest: 1 };
    for (const [nonsense, what] of [
      [[page], /there is no guest 1/],
      [[{ ...GUEST, guest: 2 ** 31 }], /has number 2147483648/],
      [[{ ...page, pages: 40_000 }], /a run of 40000 pages/],
      [[{ ...MAPPING, node: 1024 }], /a mapping in it lies on node 1024/],
      [[{ type: 'numbers', guest: undefined, values: [1, 2, 3] }], /a number in it has no name/],
    ] as const) {
      const before = what.source.startsWith('there is') ? [] : [guest];
      const { recording, records } = await read(written([...before, ...nonsense, end(0)]));
      expect(recording.sweeps).toBe(0);
      expect(recording.damage?.what).toMatch(what);
      expect(records).toEqual([]);
    }
  });

  it('has a header that a reader takes, or is not begun', () => {
    const path = newPath();
    const header = { ...HEADER, host: '' };
    expect(() => RecordingWriter.create(path, header)).toThrow(/its header is none: \/host/);
    expect(existsSync(path)).toBe(false);
  });

  it('of a later version, and what is none, is refused by name', async () => {
    const path = newPath();
    writeFileSync(path, 'KSMDREC2 and more');
    await expect(Recording.open(path)).rejects.toThrow(/was written by a newer ksmd \(KSMDREC2\)/);
    writeFileSync(path, 'something else');
    await expect(Recording.open(path)).rejects.toThrow(/is no recording: 'ksmd capture' makes one/);
    await expect(Recording.open(join(folder, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
