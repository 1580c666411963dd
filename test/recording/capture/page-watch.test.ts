import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fingerprinter } from '../../../src/fingerprints/fingerprint.js';
import { FingerprintKey } from '../../../src/fingerprints/key.js';
import { Sample } from '../../../src/fingerprints/sample.js';
import { type PageTally, PageWatch } from '../../../src/recording/capture/page-watch.js';
import {
  PAGE_ABSENT,
  PAGE_CONTENT,
  PAGE_HUGE,
  PAGE_KIND,
  PAGE_RESTLESS,
  PAGE_SHARED,
  PAGE_UNSAMPLED,
  PAGE_ZEROES,
} from '../../../src/recording/format.js';
import { RecordedHost, STRETCH_PAGES } from '../../../src/recording/recorded-host.js';
import type { PagesRecord } from '../../../src/recording/records.js';
import { GUEST, HEADER } from '../small-recording.js';

const PAGE = 4096;
const FIRST = 2 ** 24 + 500;

/** What a page of the model is: nothing, or bytes that begin with a number; 0: zeroes. */
type Model = ReadonlyMap<number, number>;

interface Sweep {
  /** What is there at the second look. */
  readonly later?: Model;
  readonly shared?: ReadonlySet<number>;
  /** How often: as an owner of pages may go meanwhile. */
  readonly times?: number;
  /** Not to be looked at, if that can be; the second time, none is. */
  readonly unwritten?: ReadonlySet<number>;
  readonly marks?: number;
}

class Watched {
  readonly host = new RecordedHost(HEADER);
  readonly records: PagesRecord[] = [];
  readonly fingerprinter: Fingerprinter;
  private readonly watch: PageWatch;

  constructor(
    private readonly key: FingerprintKey,
    readonly sample: Sample,
  ) {
    this.host.apply({ ...GUEST, guest: 1 });
    this.fingerprinter = new Fingerprinter(key, PAGE);
    this.watch = new PageWatch(1, new Fingerprinter(this.key, PAGE), sample, (record) => {
      this.records.push(record);
      this.host.apply(record);
    });
  }

  /** How many pages were looked at twice. */
  sweep(pages: Model, how: Sweep = {}): number {
    const { later = pages, times = 1, marks = 0, shared, unwritten } = how;
    this.records.length = 0;
    let undecided = 0;
    for (let time = 0; time < times; time++) {
      this.watch.begin();
      for (const [page, value] of [...pages].sort(([a], [b]) => a - b)) {
        this.watch.pass(page, 1);
        if (shared?.has(page) === true) this.watch.share(page, 9, marks);
        else {
          const rests = unwritten !== undefined && (time > 0 || unwritten.has(page));
          if (!rests || !this.watch.rest(page, marks)) this.watch.look(page, bytesOf(value), marks);
        }
      }
      undecided = this.watch.end();
    }
    const bytes = Buffer.alloc(PAGE);
    this.watch.decide(bytes, (page) => {
      const value = later.get(page);
      if (value === undefined) return false;
      bytesOf(value).copy(bytes);
      return true;
    });
    return undecided;
  }

  get tally(): PageTally {
    return { ...this.watch.tally };
  }

  kindOf(page: number): number {
    const stretch = this.host.guest(1).stretches.get(Math.floor(page / STRETCH_PAGES));
    return (stretch?.states[page % STRETCH_PAGES] ?? PAGE_ABSENT) & PAGE_KIND;
  }

  fingerprintOf(page: number): Buffer | undefined {
    const stretch = this.host.guest(1).stretches.get(Math.floor(page / STRETCH_PAGES));
    const at = (page % STRETCH_PAGES) * 16;
    return stretch?.fingerprints.subarray(at, at + 16);
  }
}

function bytesOf(value: number): Buffer {
  const bytes = Buffer.alloc(PAGE);
  bytes.writeUInt32LE(value);
  return bytes;
}

const model = fc
  .uniqueArray(fc.tuple(fc.nat(1200), fc.nat(3)), { selector: ([page]) => page, maxLength: 40 })
  .map((pages): Model => new Map(pages.map(([page, value]) => [FIRST + page, value])));

/** So few, and of so few contents, that much of it happens to each. */
const fewPage = fc.integer({ min: FIRST, max: FIRST + 4 });
const fewPages = fc
  .uniqueArray(fc.tuple(fewPage, fc.nat(2)), { selector: ([page]) => page, minLength: 2 })
  .map((pages): Model => new Map(pages));

describe('pages that are watched', () => {
  it.each([1, 2])('are in the recording what they are, swept %i times over', (times) => {
    const key = FingerprintKey.random();
    fc.assert(
      fc.property(fc.array(model, { maxLength: 6 }), fc.constantFrom(1, 2), (sweeps, n) => {
        const watched = new Watched(key, new Sample(n));
        for (const pages of sweeps) {
          watched.sweep(pages, { times });
          const wrong: number[] = [];
          for (let page = FIRST; page <= FIRST + 1200; page++) {
            const value = pages.get(page);
            if (value === undefined) {
              if (watched.kindOf(page) !== PAGE_ABSENT) wrong.push(page);
              continue;
            }
            const fingerprint = Buffer.from(watched.fingerprinter.of(bytesOf(value)));
            const inSample = watched.sample.has(fingerprint);
            const kind = value === 0 ? PAGE_ZEROES : inSample ? PAGE_CONTENT : PAGE_UNSAMPLED;
            const isKnown = watched.fingerprintOf(page)?.equals(fingerprint) === true;
            if (watched.kindOf(page) !== kind || (kind === PAGE_CONTENT && !isKnown))
              wrong.push(page);
          }
          expect(wrong).toEqual([]);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('cost nothing while nothing changes', () => {
    const watched = new Watched(FingerprintKey.random(), new Sample(1));
    const pages = new Map(Array.from({ length: 2000 }, (_, i) => [FIRST + i, i]));
    watched.sweep(pages);
    expect(watched.records.length).toBeGreaterThan(0);
    watched.sweep(pages);
    expect(watched.records).toEqual([]);
  });

  it('that change at every sweep and in between never rest, until they do', () => {
    const watched = new Watched(FingerprintKey.random(), new Sample(1));
    const holding = (value: number): Model => new Map([[FIRST, value]]);
    expect(watched.sweep(holding(1))).toBe(0);
    expect(watched.sweep(holding(2))).toBe(0);
    expect(watched.kindOf(FIRST)).toBe(PAGE_CONTENT);
    expect(watched.sweep(holding(3), { later: holding(4) })).toBe(1);
    expect(watched.kindOf(FIRST)).toBe(PAGE_RESTLESS);
    // As long as it goes on so, there is nothing to tell, and nothing to look at twice.
    expect(watched.sweep(holding(5))).toBe(0);
    expect(watched.records).toEqual([]);
    watched.sweep(holding(5));
    expect(watched.kindOf(FIRST)).toBe(PAGE_CONTENT);
    const now = Buffer.from(watched.fingerprinter.of(bytesOf(5)));
    expect(watched.fingerprintOf(FIRST)?.equals(now)).toBe(true);
  });

  it('that change at every sweep but rest in between are told each time', () => {
    const watched = new Watched(FingerprintKey.random(), new Sample(1));
    for (const value of [1, 2, 3, 4]) watched.sweep(new Map([[FIRST, value]]));
    expect(watched.kindOf(FIRST)).toBe(PAGE_CONTENT);
    const now = Buffer.from(watched.fingerprinter.of(bytesOf(4)));
    expect(watched.fingerprintOf(FIRST)?.equals(now)).toBe(true);
  });

  it('that a fork shares are told once, and again when they are their own', () => {
    const watched = new Watched(FingerprintKey.random(), new Sample(1));
    const pages = new Map([[FIRST, 7]]);
    const shared = new Set([FIRST]);
    watched.sweep(pages, { shared });
    expect(watched.kindOf(FIRST)).toBe(PAGE_SHARED);
    watched.sweep(pages, { shared });
    expect(watched.records).toEqual([]);
    watched.sweep(pages);
    expect(watched.kindOf(FIRST)).toBe(PAGE_CONTENT);
  });

  it('are told the same if those that nobody has written are not read', () => {
    const sweeps = fc.array(
      fc.record({
        pages: fewPages,
        later: fc.option(fewPages, { nil: undefined }),
        shared: fc.uniqueArray(fewPage, { maxLength: 3 }),
        writtenAlike: fc.uniqueArray(fewPage, { maxLength: 3 }),
        marks: fc.constantFrom(0, PAGE_HUGE),
        times: fc.constantFrom(1, 1, 2),
      }),
      { minLength: 2, maxLength: 8 },
    );
    const key = FingerprintKey.random();
    fc.assert(
      fc.property(sweeps, fc.constantFrom(1, 2), (each, n) => {
        const all = new Watched(key, new Sample(n));
        const written = new Watched(key, new Sample(n));
        let before: Model[] = [];
        for (const { pages, later = pages, marks, times, ...sweep } of each) {
          const shared = new Set(sweep.shared);
          const how = { later, shared, marks, times };
          const isUnwritten = (page: number): boolean =>
            !sweep.writtenAlike.includes(page) &&
            before.every((model) => model.get(page) === pages.get(page));
          const unwritten = new Set([...pages.keys()].filter(isUnwritten));
          const twice = all.sweep(pages, how);
          expect(written.sweep(pages, { ...how, unwritten })).toBe(twice);
          expect(written.records).toEqual(all.records);
          expect(written.tally).toEqual(all.tally);
          before = [pages, later];
        }
      }),
      { numRuns: 500 },
    );
  });
});
