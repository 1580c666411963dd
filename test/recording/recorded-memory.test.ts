/**
 * What of recorded guests counts, what it is to be mapped as, which frames it shares and what
 * stands for it: run by run the same as page by page.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FINGERPRINT_BYTES } from '../../src/fingerprints/fingerprint.js';
import {
  MAPPING_ADVISED,
  PAGE_ABSENT,
  PAGE_CONTENT,
  PAGE_HUGE,
  PAGE_MERGED,
  PAGE_RESTLESS,
  PAGE_SHARED,
  PAGE_UNSAMPLED,
  PAGE_ZEROES,
} from '../../src/recording/format.js';
import { differencesOf, sharedPages } from '../../src/recording/recorded-family.js';
import { RecordedFrames } from '../../src/recording/recorded-frames.js';
import type { RecordedHost } from '../../src/recording/recorded-host.js';
import { RecordedMemory } from '../../src/recording/recorded-memory.js';
import type { SweepRecord } from '../../src/recording/records.js';
import { MAX_GAP_BYTES } from '../../src/sources/process/process-source.js';
import { GUEST, hostOf } from './small-recording.js';

const PAGE = 4096;
const GUESTS = [1, 2, 3];
/** Some stretches of pages, not from a stretch's first on. */
const FIRST = 1000;
const PAGES = 1500;

interface Run {
  readonly guest: number;
  readonly at: number;
  readonly pages: number;
  readonly state: number;
  readonly owner: number;
}

const KINDS = [PAGE_ABSENT, PAGE_ZEROES, PAGE_CONTENT, PAGE_UNSAMPLED, PAGE_RESTLESS, PAGE_SHARED];
const RUN: fc.Arbitrary<Run> = fc.record({
  guest: fc.constantFrom(...GUESTS),
  at: fc.nat(PAGES - 1),
  pages: fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 700 })),
  state: fc
    .tuple(fc.constantFrom(...KINDS), fc.constantFrom(0, PAGE_HUGE, PAGE_MERGED))
    .map(([kind, marks]) => (kind === PAGE_ABSENT ? kind : kind | marks)),
  owner: fc.constantFrom(...GUESTS),
});

interface Mapped {
  readonly guest: number;
  readonly at: number;
  readonly pages: number;
  readonly flags: number;
  readonly node: number | undefined;
}

const MAPPED: fc.Arbitrary<Mapped> = fc.record({
  guest: fc.constantFrom(...GUESTS),
  at: fc.nat(PAGES - 1),
  pages: fc.integer({ min: 1, max: PAGES }),
  flags: fc.constantFrom(0, MAPPING_ADVISED),
  node: fc.constantFrom(undefined, 0, 1),
});

const HOST = fc
  .tuple(fc.array(MAPPED, { maxLength: 8 }), fc.array(RUN, { maxLength: 30 }))
  .map(([mapped, runs]) => hostOf([...recordsOf(mapped, runs)]));

function* recordsOf(mapped: readonly Mapped[], runs: readonly Run[]): Generator<SweepRecord> {
  for (const guest of GUESTS) yield { ...GUEST, guest, name: `g${guest}` };
  for (const { guest, at, pages, flags, node } of mapped)
    yield { type: 'mapping', guest, page: FIRST + at, pages, flags, node, label: '' };
  for (const { guest, at, pages: wanted, state, owner } of runs) {
    const pages = Math.min(wanted, PAGES - at);
    const run = { type: 'pages', guest, page: FIRST + at, pages, state } as const;
    const kind = state & 7;
    if (kind === PAGE_SHARED) yield { ...run, owner };
    else if (kind === PAGE_CONTENT) yield { ...run, fingerprints: contents(guest, at, pages) };
    else yield run;
  }
}

function contents(guest: number, at: number, pages: number): Buffer {
  const all = Buffer.alloc(pages * FINGERPRINT_BYTES, 0xa0 + guest);
  for (let i = 0; i < pages; i++) all.writeUInt32BE(at + i, i * FINGERPRINT_BYTES);
  return all;
}

function stateOf(host: RecordedHost, guest: number, page: number): number {
  const stretch = host.guests.get(guest)?.stretches.get(Math.floor(page / 512));
  return stretch?.states[page % 512] ?? 0;
}

/** The first mapping by address that has a page. */
function mappingOf(host: RecordedHost, guest: number, page: number) {
  return [...(host.guests.get(guest)?.mappings.values() ?? [])]
    .sort((a, b) => a.page - b.page)
    .find((one) => one.page <= page && page < one.page + one.pages);
}

function isCounted(host: RecordedHost, guest: number, page: number, isAdvised: boolean): boolean {
  const mapping = mappingOf(host, guest, page);
  if (mapping === undefined || (stateOf(host, guest, page) & 7) === PAGE_ABSENT) return false;
  return !isAdvised || mapping.flags === MAPPING_ADVISED;
}

const ALL = Array.from({ length: PAGES }, (_, at) => FIRST + at);

function memoryOf(host: RecordedHost, guest: number, isAdvised = false): RecordedMemory {
  return new RecordedMemory(host.guest(guest), isAdvised, new RecordedFrames(host, ''));
}

describe('of a recorded guest', () => {
  test('spans are the pages that are present in mappings that count, in order', () => {
    fc.assert(
      fc.property(HOST, fc.boolean(), fc.nat(PAGES), fc.nat(PAGES), (host, isAdvised, from, to) => {
        const got: object[] = [];
        for (const { page, pages, huge, node } of memoryOf(host, 1, isAdvised).spans(
          FIRST + from,
          FIRST + to,
        ))
          for (let at = 0; at < pages; at++) got.push({ page: page + at, huge, node });
        const wanted = ALL.slice(from, Math.max(to, from))
          .filter((page) => isCounted(host, 1, page, isAdvised))
          .map((page) => ({
            page,
            huge: (stateOf(host, 1, page) & PAGE_HUGE) !== 0,
            node: mappingOf(host, 1, page)?.node,
          }));
        expect(got).toEqual(wanted);
      }),
    );
  });

  test('no two spans in a row could be one', () => {
    fc.assert(
      fc.property(HOST, (host) => {
        const spans = [...memoryOf(host, 1).spans()];
        for (const [at, span] of spans.entries()) {
          const next = spans[at + 1];
          if (next?.page === span.page + span.pages)
            expect([next.huge, next.node]).not.toEqual([span.huge, span.node]);
        }
      }),
    );
  });

  test('regions have all that is present, and gaps that are small, but none in huge pages', () => {
    fc.assert(
      fc.property(HOST, (host) => {
        const memory = memoryOf(host, 1);
        const spans = [...memory.spans()];
        for (const { address, length, huge, node } of memory.regions(PAGE)) {
          const within = spans.filter(
            ({ page }) => page * PAGE >= address && page * PAGE < address + length,
          );
          let end = address;
          for (const span of within) {
            expect(span).toMatchObject({ huge, node });
            expect(span.page * PAGE - end).toBeLessThanOrEqual(huge ? 0 : MAX_GAP_BYTES);
            end = (span.page + span.pages) * PAGE;
          }
          expect(end).toBe(address + length);
          spans.splice(0, within.length);
        }
        expect(spans).toEqual([]);
      }),
    );
  });

  test('pages are counted by what is to be said of them', () => {
    fc.assert(
      fc.property(HOST, fc.boolean(), (host, isAdvised) => {
        const { tally, mappings } = memoryOf(host, 1, isAdvised);
        const present = ALL.filter((page) => isCounted(host, 1, page, false));
        const counted = present.filter((page) => isCounted(host, 1, page, isAdvised));
        const of = (is: (state: number) => boolean): number =>
          counted.filter((page) => is(stateOf(host, 1, page))).length;
        expect(tally).toEqual({
          present: counted.length,
          advised: counted.filter((page) => isCounted(host, 1, page, true)).length,
          restless: of((state) => (state & 7) === PAGE_RESTLESS),
          merged: of((state) => (state & PAGE_MERGED) !== 0),
          notAdvised: present.length - counted.length,
        });
        expect(mappings).toBe(new Set(counted.map((page) => mappingOf(host, 1, page))).size);
      }),
    );
  });
});

describe('what stands for pages', () => {
  test('is what was recorded, of whoever has the frame', () => {
    fc.assert(
      fc.property(HOST, (host) => {
        const frames = new RecordedFrames(host, 'salt');
        const got = Buffer.concat(
          [...frames.fingerprints(1, FIRST, PAGES)].map((b) => Buffer.from(b)),
        );
        expect(got.length).toBe(PAGES * FINGERPRINT_BYTES);
        const unknown: string[] = [];
        for (const page of ALL) {
          const owner = frames.ownerOf(1, page);
          const kind = stateOf(host, owner, page) & 7;
          const at = (page - FIRST) * FINGERPRINT_BYTES;
          const own = got.subarray(at, at + FINGERPRINT_BYTES);
          if (kind === PAGE_CONTENT) expect(own).toEqual(contents(owner, page - FIRST, 1));
          else if (kind === PAGE_ZEROES) expect(own).toEqual(Buffer.alloc(16));
          else if (kind === PAGE_UNSAMPLED) expect(own).toEqual(Buffer.alloc(16, 0xff));
          else unknown.push(own.toString('hex'));
        }
        expect(new Set(unknown).size).toBe(unknown.length);
      }),
    );
  });

  test('comes in pieces, and is another with another salt where nobody knows it', () => {
    const pages = 200_000;
    const records: SweepRecord[] = [{ ...GUEST, guest: 1 }];
    for (let page = 0; page < pages; page += 20_000)
      records.push({ type: 'pages', guest: 1, page, pages: 20_000, state: PAGE_RESTLESS });
    const host = hostOf(records);
    const all = new Set<string>();
    for (const salt of ['a', 'b'])
      for (const piece of new RecordedFrames(host, salt).fingerprints(1, 0, pages))
        for (let at = 0; at < piece.length; at += FINGERPRINT_BYTES)
          all.add(piece.toString('latin1', at, at + FINGERPRINT_BYTES));
    expect(all.size).toBe(2 * pages);
  });
});

describe('of two guests', () => {
  test('pages are shared that map one frame, and dropped or changed else', () => {
    fc.assert(
      fc.property(HOST, fc.nat(PAGES), fc.nat(PAGES), (host, from, to) => {
        const frames = new RecordedFrames(host, '');
        const [earlier, later] = [memoryOf(host, 1), memoryOf(host, 2)];
        const got: string[] = [];
        for (const { kind, page, pages } of differencesOf(
          frames,
          earlier,
          later,
          FIRST + from,
          FIRST + to,
        ))
          for (let at = 0; at < pages; at++) got.push(`${page + at} ${kind}`);
        const wanted = ALL.slice(from, Math.max(to, from)).flatMap((page) => {
          const was = isCounted(host, 1, page, false) ? frames.ownerOf(1, page) : undefined;
          const is = isCounted(host, 2, page, false) ? frames.ownerOf(2, page) : undefined;
          if (is === undefined) return was === undefined ? [] : [`${page} dropped`];
          return [`${page} ${is === was ? 'shared' : 'changed'}`];
        });
        expect(got).toEqual(wanted);
        const all = [...differencesOf(frames, earlier, later)];
        expect(sharedPages(frames, earlier, later)).toBe(
          all.reduce((sum, { kind, pages }) => sum + (kind === 'shared' ? pages : 0), 0),
        );
      }),
    );
  });

  test('a chain of owners ends with who has the frame, and a ring of them ends', () => {
    const shared = { type: 'pages', page: 5, pages: 1, state: PAGE_SHARED } as const;
    const host = hostOf([
      ...GUESTS.map((guest) => ({ ...GUEST, guest })),
      { type: 'pages', guest: 1, page: 5, pages: 1, state: PAGE_ZEROES },
      { ...shared, guest: 2, owner: 1 },
      { ...shared, guest: 3, owner: 2 },
    ]);
    expect(new RecordedFrames(host, '').ownerOf(3, 5)).toBe(1);
    host.apply({ ...shared, guest: 1, owner: 3 });
    expect(GUESTS).toContain(new RecordedFrames(host, '').ownerOf(3, 5));
    const [piece] = new RecordedFrames(host, '').fingerprints(3, 5, 1);
    expect(piece).not.toEqual(Buffer.alloc(16));
  });
});
