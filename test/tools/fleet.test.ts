/** The made-up fleet is what it says it is, and its recordings say the same. */
import { readdirSync } from 'node:fs';
import { deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FINGERPRINT_BYTES } from '../../src/fingerprints/fingerprint.js';
import { Sample } from '../../src/fingerprints/sample.js';
import {
  PAGE_CONTENT,
  PAGE_RESTLESS,
  PAGE_UNSAMPLED,
  PAGE_ZEROES,
} from '../../src/recording/format.js';
import type { RecordedGuest } from '../../src/recording/recorded-host.js';
import { eachPage } from '../../src/recording/recorded-pages.js';
import { Recording } from '../../src/recording/recording.js';
import { MadeUpFleet } from '../../tools/fleet/made-up-fleet.js';
import { fileName, record } from '../../tools/fleet/recording.js';
import { run, TemporaryDirectory } from '../daemon-process.js';

const SIZE = { seed: 1, hosts: 8, guestsAHost: 5, pages: 16_384, sample: 16, families: 6 };
const fleet = new MadeUpFleet(SIZE);
const everyone = Array.from({ length: fleet.guests }, (_, guest) => guest);
const folder = new TemporaryDirectory();
afterAll(() => folder.remove());

describe('a made-up fleet', () => {
  let contents: ReadonlyMap<string, number>[] = [];
  beforeAll(() => {
    contents = everyone.map((guest) => fleet.contentsOf(guest));
  });

  const shared = (one: number, other: number): number =>
    [...(contents[one]?.keys() ?? [])].filter((content) => contents[other]?.has(content)).length;

  it('is the same every time, and another one for another seed', () => {
    const [again, another] = [new MadeUpFleet(SIZE), new MadeUpFleet({ ...SIZE, seed: 2 })];
    for (const guest of everyone.toReversed()) {
      expect(again.sampledOf(guest)).toEqual(fleet.sampledOf(guest));
      expect(again.nameOf(guest)).toBe(fleet.nameOf(guest));
      const others = [...another.contentsOf(guest).keys()];
      expect(others.some((content) => contents[guest]?.has(content))).toBe(false);
    }
  });

  it('has as many pages of the sample as a sample has, all of them in it', () => {
    // Of 16,384 pages 1,966 hold zeroes, 82 never rest: the rest is 14,336, a sixteenth 896.
    expect(fleet.sampledPages).toBe(896);
    const sample = new Sample(SIZE.sample);
    for (const guest of everyone) {
      const { pages, fingerprints } = fleet.sampledOf(guest);
      expect(pages.length).toBe(896);
      expect(pages.every((page, index) => page > (pages[index - 1] ?? 2047))).toBe(true);
      expect(pages.at(-1)).toBeLessThan(SIZE.pages);
      expect(fingerprints.length).toBe(896 * FINGERPRINT_BYTES);
      const places = Array.from(pages, (_, index) => index * FINGERPRINT_BYTES);
      expect(places.every((at) => sample.has(fingerprints, at))).toBe(true);
      // Of 16 bytes half a byte is zero for all that are in the sample: nothing else repeats.
      expect(deflateRawSync(fingerprints).length / fingerprints.length).toBeGreaterThan(15.4 / 16);
    }
  });

  it('has each guest in one family, of which there are large and small ones on all hosts', () => {
    const large = new MadeUpFleet({ ...SIZE, hosts: 1000, guestsAHost: 20, families: 40 });
    const { sizes } = large.families;
    expect(sizes.length).toBe(40);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(20_000);
    expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
    expect(sizes[0]).toBeGreaterThan(2000);
    expect(sizes[39]).toBeGreaterThan(50);
    expect(sizes[39]).toBeLessThan(100);
    const members = sizes.map(() => 0);
    for (let host = 0; host < 1000; host++) {
      const here = sizes.map(() => 0);
      for (const guest of large.guestsOf(host)) {
        const family = large.familyOf(guest);
        here[family] = (here[family] ?? 0) + 1;
        members[family] = (members[family] ?? 0) + 1;
      }
      for (const [family, guests] of here.entries())
        expect(guests).toBeLessThanOrEqual(Math.ceil((sizes[family] ?? 0) / 1000) + 1);
    }
    expect(members).toEqual(sizes);
    expect(() => large.familyOf(20_000)).toThrow('no guest 20000');
  });

  it.each([
    ['of one family', true, true],
    ['of one distribution', false, true],
    ['of nothing in common', false, false],
  ])('has guests %s share what is expected of them', (_, isOneFamily, isOneDistribution) => {
    const pairs = everyone.flatMap((one) =>
      everyone
        .filter(
          (other) =>
            other > one &&
            (fleet.familyOf(one) === fleet.familyOf(other)) === isOneFamily &&
            (fleet.distributionOf(one) === fleet.distributionOf(other)) === isOneDistribution,
        )
        .map((other) => [one, other] as const),
    );
    expect(pairs.length).toBeGreaterThan(10);
    let [found, expected] = [0, 0];
    for (const [one, other] of pairs) {
      found += shared(one, other);
      expected += fleet.expectedShared(one, other);
    }
    expect(found / expected).toBeGreaterThan(0.96);
    expect(found / expected).toBeLessThan(1.04);
  });

  it('has them share by their parts: 2 %, 8 % and 25 % of what rests and holds no zeroes', () => {
    const [one = 0, ...others] = everyone.filter((guest) => fleet.familyOf(guest) === 0);
    const sister = others[0] ?? 0;
    const cousin = everyone.find((guest) => fleet.familyOf(guest) === 5) ?? 0;
    const stranger = everyone.find((guest) => fleet.familyOf(guest) === 1) ?? 0;
    const part = (other: number): number => fleet.expectedShared(one, other) / fleet.sampledPages;
    expect(part(sister) - part(cousin)).toBeCloseTo(0.25 * 0.9, 2);
    expect(part(cousin) - part(stranger)).toBeCloseTo(0.08 * 0.95, 2);
    expect(part(stranger)).toBeGreaterThan(0.02 * 0.98);
    expect(part(stranger)).toBeLessThan(0.02 * 0.98 + 0.05);
  });

  it('has as many contents in all as are expected', () => {
    const all = new Set(contents.flatMap((each) => [...each.keys()]));
    expect(all.size / fleet.expectedContents()).toBeCloseTo(1, 2);
  });

  it('has guests copy 3 % of their pages within, four times each', () => {
    for (const guest of contents) {
      const copied = [...guest.values()].filter((pages) => pages > 1);
      // 27 pages: what is left of them, three, are copies too.
      expect(copied.toSorted()).toEqual([3, 4, 4, 4, 4, 4, 4]);
    }
  });

  it('has nothing in a heap that another guest has', () => {
    for (const guest of everyone) {
      const { pages, fingerprints } = fleet.sampledOf(guest);
      const first = pages.findIndex((page) => page >= fleet.heapFrom);
      expect(pages.length - first).toBeGreaterThan(25);
      const heap = new Set<string>();
      for (let at = first * FINGERPRINT_BYTES; at < fingerprints.length; at += FINGERPRINT_BYTES)
        heap.add(fingerprints.toString('hex', at, at + FINGERPRINT_BYTES));
      expect(heap.size).toBe(pages.length - first);
      const others = contents.filter((_, other) => other !== guest);
      expect(others.some((other) => [...other.keys()].some((each) => heap.has(each)))).toBe(false);
    }
  });

  it('has popular contents: the more guests have one, the fewer there are', () => {
    const many = new MadeUpFleet({ ...SIZE, hosts: 100, families: 20 });
    const holders = new Map<string, number[]>();
    for (let guest = 0; guest < many.guests; guest++)
      for (const content of many.contentsOf(guest).keys())
        holders.set(content, [...(holders.get(content) ?? []), guest]);
    const popularities = [...holders.values()]
      .filter((guests) => new Set(guests.map((guest) => many.distributionOf(guest))).size > 1)
      .map((guests) => guests.length);
    // What nearly everybody has apart.
    const number = (from: number, to: number): number =>
      popularities.filter((guests) => guests >= from && guests < to).length;
    for (const from of [4, 8, 16]) {
      const ratio = number(from, from * 2) / number(from * 2, from * 4);
      expect(ratio).toBeGreaterThan(1.6);
      expect(ratio).toBeLessThan(2.5);
    }
    expect(number(64, 128)).toBeGreaterThan(0);
    expect(number(200, 450)).toBe(0);
    expect(number(450, 501)).toBe(Math.round((896 * 0.02) / 0.98));
  });

  it('has a few of its popular pages hold something else at the next moment', () => {
    let changed = 0;
    for (const guest of everyone) {
      const [before, after] = [fleet.sampledOf(guest, 3), fleet.sampledOf(guest, 4)];
      expect(after.pages).toEqual(before.pages);
      changed += before.pages.filter((_, index) => {
        const [from, to] = [index * FINGERPRINT_BYTES, (index + 1) * FINGERPRINT_BYTES];
        return before.fingerprints.compare(after.fingerprints, from, to, from, to) !== 0;
      }).length;
    }
    // 3 % of 45 pages each of 40 guests are 54; some come to hold the same by chance.
    expect(changed).toBeGreaterThan(35);
    expect(changed).toBeLessThan(75);
  });
});

describe('its recordings', () => {
  interface Told {
    readonly states: Record<number, number>;
    readonly advised: number;
    readonly pages: number[];
    readonly fingerprints: Buffer;
  }

  function toldOf(guest: RecordedGuest): Told {
    const states: Record<number, number> = {};
    let advised = 0;
    const pages: number[] = [];
    const contents: Buffer[] = [];
    eachPage(guest, (state, isAdvised, _, fingerprints, offset, page) => {
      states[state] = (states[state] ?? 0) + 1;
      if (isAdvised) advised++;
      if (state !== PAGE_CONTENT) return;
      pages.push(page - 2 ** 20);
      contents.push(Buffer.from(fingerprints().subarray(offset, offset + FINGERPRINT_BYTES)));
    });
    return { states, advised, pages, fingerprints: Buffer.concat(contents) };
  }

  it.each([1, 16])('are read back whole, one page in %d', async (sample) => {
    const recorded = new MadeUpFleet({ ...SIZE, sample });
    const path = folder.file(`one-in-${sample}.rec`);
    record(recorded, { host: 3, day: 0, sweeps: 1 }, path);
    const recording = await Recording.open(path);
    expect(recording.damage).toBeUndefined();
    expect(recording.header).toMatchObject({ host: 'host-0004', sample });
    const host = await recording.lastSweep();
    await recording.close();
    const guests = [...host.guests.values()];
    expect(guests.map(({ facts }) => facts.name)).toEqual(
      recorded.guestsOf(3).map((guest) => recorded.nameOf(guest)),
    );
    for (const [index, guest] of guests.entries()) {
      const { states, advised, pages, fingerprints } = toldOf(guest);
      const present = { [PAGE_ZEROES]: 1966, [PAGE_RESTLESS]: 82, [PAGE_CONTENT]: 14_336 / sample };
      const unsampled = sample === 1 ? {} : { [PAGE_UNSAMPLED]: 14_336 - 896 };
      expect(states).toEqual({ ...present, ...unsampled });
      expect(advised).toBe(16_384 - 512);
      expect([...guest.mappings.values()].map(({ label }) => label)).toEqual(['', '[heap]']);
      const sampled = recorded.sampledOf(recorded.guestsOf(3)[index] ?? -1);
      expect(pages).toEqual([...sampled.pages]);
      expect(fingerprints.equals(sampled.fingerprints)).toBe(true);
    }
  });

  it('tell of a day what changes in it, and go on from the day before', async () => {
    const at = { host: 0, day: 1, sweeps: 3 };
    const path = folder.file('day.rec');
    expect(record(fleet, at, path)).toBeGreaterThan(0);
    const recording = await Recording.open(path);
    expect(recording.sweeps).toBe(3);
    let [sweep, unsampled] = [0, 0];
    const told = [0, 0, 0];
    for await (const each of recording.records())
      if (each.type === 'end') sweep++;
      else if (each.type === 'pages') told[sweep] = (told[sweep] ?? 0) + each.pages;
      else if (each.type === 'unsampled-changes') unsampled += each.pages;
    const [whole, ...changes] = told;
    expect(whole).toBe(5 * 16_384);
    const changed = changes.reduce((sum, pages) => sum + pages);
    expect(changed).toBeGreaterThan(0);
    expect(changed).toBeLessThan(40);
    expect(unsampled).toBe(changed * 15);
    const host = await recording.lastSweep();
    await recording.close();
    // The third sweep of the second day: moments are 0, 1, 2 of the first, 3, 4, 5 of it.
    for (const [index, guest] of [...host.guests.values()].entries())
      expect(toldOf(guest).fingerprints.equals(fleet.sampledOf(index, 5).fingerprints)).toBe(true);
  });

  it('are of one key and of hosts of their own, each from a time of its own on', async () => {
    const headers = [];
    for (const at of [
      { host: 0, day: 0, sweeps: 1 },
      { host: 1, day: 0, sweeps: 1 },
      { host: 0, day: 1, sweeps: 1 },
    ]) {
      const path = folder.file(fileName(at));
      record(fleet, at, path);
      const recording = await Recording.open(path);
      headers.push(recording.header);
      await recording.close();
    }
    expect(new Set(headers.map(({ keyId }) => keyId)).size).toBe(1);
    expect(headers.map(({ host }) => host)).toEqual(['host-0001', 'host-0002', 'host-0001']);
    expect(new Set(headers.map(({ startedAtMs }) => startedAtMs)).size).toBe(3);
  });

  it('are made by a program, all of a fleet', async () => {
    const tool = new URL('../../tools/fleet.ts', import.meta.url).pathname;
    const dir = folder.file('fleet');
    const { status, stdout, stderr } = await run(process.execPath, [
      ...['--import', 'tsx', tool, '--hosts', '3', '--guests-a-host', '2', '--gibibytes', '0.0625'],
      ...['--sample', '16', '--families', '2', '--days', '2', '--dir', dir],
    ]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(
      /^6 recordings of 6 guests \(384 MiB\) in .*: 10,752 pages of the sample/,
    );
    expect(readdirSync(dir).toSorted()).toEqual([
      'host-0001.2026-01-05.rec',
      'host-0001.2026-01-06.rec',
      'host-0002.2026-01-05.rec',
      'host-0002.2026-01-06.rec',
      'host-0003.2026-01-05.rec',
      'host-0003.2026-01-06.rec',
    ]);
  });
});
