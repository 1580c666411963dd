import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joined } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, it, describe as suite } from 'vitest';
import { csv } from '../../src/recording/csv.js';
import { describe } from '../../src/recording/description.js';
import {
  PAGE_ABSENT,
  PAGE_CONTENT,
  PAGE_KIND,
  PAGE_RESTLESS,
  PAGE_SHARED,
  PAGE_ZEROES,
  type RecordingHeader,
} from '../../src/recording/format.js';
import { cut, join } from '../../src/recording/parts.js';
import { RecordedHost } from '../../src/recording/recorded-host.js';
import { Recording } from '../../src/recording/recording.js';
import { RecordingWriter } from '../../src/recording/recording-writer.js';
import type { SweepRecord } from '../../src/recording/records.js';
import { end, GUEST, HEADER, ONE_OF_EACH } from './small-recording.js';

const folder = mkdtempSync(joined(tmpdir(), 'ksmd-parts-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const newPath = (): string => joined(folder, `${++files}.rec`);
const ALL = { fromMs: 0, toMs: Number.POSITIVE_INFINITY, isWanted: () => true };

async function recorded(
  records: readonly SweepRecord[],
  header: RecordingHeader = HEADER,
): Promise<Recording> {
  const path = newPath();
  const writer = RecordingWriter.create(path, header);
  for (const record of records)
    if (record.type === 'end') writer.endSweep(record);
    else writer.write(record);
  writer.close();
  return Recording.open(path);
}

/** What each page of each guest is, at the end of each sweep, by names. */
async function statesOf(recording: Recording): Promise<Map<string, string>[]> {
  const host = new RecordedHost(recording.header);
  const states: Map<string, string>[] = [];
  for await (const record of recording.records()) {
    host.apply(record);
    if (record.type !== 'end') continue;
    const pages = new Map<string, string>();
    for (const { facts, stretches, mappings } of host.guests.values()) {
      pages.set(facts.name, [...mappings.keys()].sort().join());
      for (const [place, stretch] of stretches)
        stretch.states.forEach((state, index) => {
          const kind = state & PAGE_KIND;
          if (kind === PAGE_ABSENT) return;
          const fingerprint = stretch.fingerprints.toString('hex', index * 16, index * 16 + 16);
          const owner = host.guests.get(stretch.owners[index] ?? 0)?.facts.name;
          const what =
            kind === PAGE_CONTENT ? fingerprint : kind === PAGE_SHARED ? `as ${owner}` : '';
          pages.set(`${facts.name} ${place * 512 + index}`, `${state} ${what}`);
        });
    }
    states.push(pages);
  }
  return states;
}

/** A few pages of two guests, the second of which may share the first's. */
const sweep = fc.array(
  fc.record({
    guest: fc.constantFrom(1, 2),
    page: fc.nat(600),
    kind: fc.constantFrom(PAGE_ABSENT, PAGE_ZEROES, PAGE_CONTENT, PAGE_SHARED),
    content: fc.nat(3),
  }),
  { maxLength: 12 },
);
const sweeps = fc.array(sweep, { minLength: 1, maxLength: 5 }).map((all): SweepRecord[] => [
  { ...GUEST, guest: 1, name: 'parent' },
  { ...GUEST, guest: 2, name: 'child', pid: 8 },
  { type: 'mapping', guest: 1, page: 0, pages: 700, flags: 0, node: undefined, label: '' },
  ...all.flatMap((changes, at): SweepRecord[] => [
    ...changes.map(({ guest, page, kind, content }): SweepRecord => {
      const where = { type: 'pages', guest, page, pages: 1 } as const;
      if (kind === PAGE_CONTENT)
        return { ...where, state: kind, fingerprints: Buffer.alloc(16, content + 1) };
      if (kind !== PAGE_SHARED) return { ...where, state: kind };
      return guest === 2 ? { ...where, state: kind, owner: 1 } : { ...where, state: PAGE_ZEROES };
    }),
    end(at * 1000),
  ]),
]);

suite('parts of a recording', () => {
  it('all of them are what it was, sweep by sweep', async () => {
    await fc.assert(
      fc.asyncProperty(sweeps, async (records) => {
        const whole = await recorded(records);
        const path = newPath();
        await cut(whole, ALL, path);
        const copy = await Recording.open(path);
        expect(await statesOf(copy)).toEqual(await statesOf(whole));
        await copy.close();
        await whole.close();
      }),
      { numRuns: 60 },
    );
  });

  it('cut in two and joined, it is what it was', async () => {
    await fc.assert(
      fc.asyncProperty(sweeps, fc.nat(4), async (records, at) => {
        const whole = await recorded(records);
        const count = whole.sweeps;
        const first = Math.min(at, count - 1);
        const paths = [newPath(), newPath()];
        await cut(whole, { ...ALL, toMs: first * 1000 }, paths[0] ?? '');
        if (first + 1 < count)
          await cut(whole, { ...ALL, fromMs: (first + 1) * 1000 }, paths[1] ?? '');
        const parts: Recording[] = [];
        for (const path of paths.slice(0, first + 1 < count ? 2 : 1))
          parts.push(await Recording.open(path));
        // Both begin when the whole one did, and the second one's times go on: as ksmd cuts them.
        const both = newPath();
        expect(await join(parts, both)).toBe(count);
        const again = await Recording.open(both);
        expect(await statesOf(again)).toEqual(await statesOf(whole));
        for (const each of [...parts, again, whole]) await each.close();
      }),
      { numRuns: 40 },
    );
  });

  it('a guest without the one whose pages it shares has them itself', async () => {
    const whole = await recorded([
      { ...GUEST, guest: 1, name: 'parent' },
      { ...GUEST, guest: 2, name: 'child', pid: 8 },
      { ...GUEST, guest: 3, name: 'other', pid: 9 },
      {
        type: 'pages',
        guest: 1,
        page: 5,
        pages: 1,
        state: PAGE_CONTENT,
        fingerprints: Buffer.alloc(16, 7),
      },
      { type: 'pages', guest: 2, page: 5, pages: 1, state: PAGE_SHARED, owner: 1 },
      { type: 'pages', guest: 3, page: 5, pages: 1, state: PAGE_SHARED, owner: 1 },
      end(0),
    ]);
    const path = newPath();
    await cut(whole, { ...ALL, isWanted: (name) => name !== 'parent' }, path);
    const part = await Recording.open(path);
    const [states] = await statesOf(part);
    expect(states?.get('child 5')).toBe(`${PAGE_CONTENT} ${'07'.repeat(16)}`);
    expect(states?.get('other 5')).toBe(`${PAGE_SHARED} as child`);
    await part.close();
    await whole.close();
  });

  it('images of one name stay two', async () => {
    const image = { ...GUEST, name: 'mem.raw', pid: 0, startedTicks: 0 };
    const page = { type: 'pages', page: 5, pages: 1, state: PAGE_ZEROES } as const;
    const whole = await recorded([
      { ...image, guest: 1 },
      { ...image, guest: 2 },
      { ...page, guest: 1 },
      { ...page, guest: 2 },
      end(0),
    ]);
    const path = newPath();
    await cut(whole, ALL, path);
    const part = await Recording.open(path);
    expect((await describe(part)).guests.map(({ presentPages }) => presentPages)).toEqual([1, 1]);
    await part.close();
    const nobody = { ...ALL, isWanted: () => false };
    await expect(cut(whole, nobody, newPath())).rejects.toThrow(/has no guest of these names/);
    await whole.close();
  });

  it('is as long as from its own first sweep to its last', async () => {
    const whole = await recorded([{ ...GUEST, guest: 1 }, end(0), end(6000), end(9400)]);
    const path = newPath();
    await cut(whole, { ...ALL, fromMs: 5000 }, path);
    const part = await Recording.open(path);
    const description = await describe(part);
    expect(description.durationMs).toBe(3400 + end(0).durationMs);
    // And it begins when that does.
    expect(Date.parse(description.startedAt)).toBe(HEADER.startedAtMs + 6000);
    expect(part.sweepStartsMs).toEqual([0, 3400]);
    // Put after what was before it, it is where it was.
    const before = newPath();
    await cut(whole, { ...ALL, toMs: 5000 }, before);
    const first = await Recording.open(before);
    const joined = newPath();
    await join([part, first], joined);
    const again = await Recording.open(joined);
    expect(again.sweepStartsMs).toEqual([0, 6000, 9400]);
    for (const each of [part, first, again, whole]) await each.close();
  });

  it('tells when nobody looked for much longer than between any two sweeps', async () => {
    const { intervalMs } = HEADER;
    const long = 11 * intervalMs;
    const recording = await recorded([
      { ...GUEST, guest: 1 },
      end(0),
      end(2 * intervalMs),
      end(2 * intervalMs + long),
      end(3 * intervalMs + long),
    ]);
    const { durationMs } = end(0);
    expect((await describe(recording)).gaps).toEqual([
      { afterMs: 2 * intervalMs + durationMs, lengthMs: long - durationMs },
    ]);
    await recording.close();
  });

  it('that never rest change at every sweep, and pages that come do not', async () => {
    const page = { type: 'pages', guest: 1, pages: 1 } as const;
    const recording = await recorded([
      { ...GUEST, guest: 1 },
      { ...page, page: 1, state: PAGE_ZEROES },
      { ...page, page: 2, state: PAGE_RESTLESS },
      end(0),
      { ...page, page: 3, state: PAGE_ZEROES },
      { ...page, page: 1, state: PAGE_CONTENT, fingerprints: Buffer.alloc(16, 1) },
      end(1000),
      end(2000),
    ]);
    // One that never rests, twice, and one that was written once, in two sweeps.
    expect((await describe(recording)).changedPages).toBe(Math.round(3 / 2));
    await recording.close();
  });

  it('of other hosts, or of one time, are not joined', async () => {
    const one = await recorded(ONE_OF_EACH);
    const elsewhere = await recorded(ONE_OF_EACH, { ...HEADER, host: 'there' });
    const otherKey = await recorded(ONE_OF_EACH, { ...HEADER, keyId: 'f'.repeat(16) });
    const same = await recorded(ONE_OF_EACH, { ...HEADER, startedAtMs: HEADER.startedAtMs + 1 });
    await expect(join([one, elsewhere], newPath())).rejects.toThrow(/host differs/);
    await expect(join([one, otherKey], newPath())).rejects.toThrow(/keyId differs/);
    await expect(join([one, same], newPath())).rejects.toThrow(/they overlap/);
    await expect(cut(one, { ...ALL, fromMs: 1e9 }, newPath())).rejects.toThrow(/no sweep of/);
    for (const each of [one, elsewhere, otherKey, same]) await each.close();
  });

  it('are described, and printed a line a page', async () => {
    const recording = await recorded(ONE_OF_EACH);
    expect(await describe(recording)).toMatchObject({
      host: 'here',
      sweeps: 2,
      durationMs: 10_005,
      changedPages: 0,
      guests: [{ name: 'vm', presentPages: 3, zeroPages: 1 }],
    });
    let text = '';
    for await (const lines of csv(recording)) text += lines;
    const address = 2 ** 35 * 4096;
    expect(text.split('\r\n')).toEqual([
      'sweep,guest,address,page,fingerprint,shared_with,huge,merged',
      `1,vm,${address},zeroes,,,0,0`,
      `1,vm,${address + 4096},content,${Buffer.from('0123456789abcdef').toString('hex')},,1,0`,
      `1,vm,${address + 8192},content,${Buffer.from('0123456789abcdeF').toString('hex')},,1,0`,
      '1,other,12288,shared,,vm,0,1',
      '1,other,4096,restless,,,0,0',
      '',
    ]);
    await recording.close();
  });
});
