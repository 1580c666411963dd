/** Guests of a daemon become what a host is told to be, sweep by sweep, and no more is done. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DaemonGuests } from '../../../../src/cli/commands/follow/daemon-guests.js';
import { ToldHost } from '../../../../src/cli/commands/follow/told-host.js';
import { checkHost } from '../../../../src/inspect/check.js';
import {
  MAPPING_ADVISED,
  PAGE_ABSENT,
  PAGE_CONTENT,
  PAGE_HUGE,
  PAGE_RESTLESS,
  PAGE_UNSAMPLED,
  type RecordingHeader,
} from '../../../../src/recording/format.js';
import type { Selection } from '../../../../src/sources/process/process-memory.js';
import { GUEST, HEADER } from '../../../recording/small-recording.js';
import { HostClient, PAGE } from './host-client.js';
import {
  FIRST,
  fingerprint,
  joined,
  mapping,
  PAGES,
  Processes,
  pageRecord,
  type Step,
  started,
  type Told,
  written,
} from './told-processes.js';

/** A host that is told, and the daemon that is kept in step with it. */
class Followed {
  readonly client: HostClient;
  readonly told: ToldHost;
  readonly guests: DaemonGuests;

  constructor(selection: Selection = 'auto', header: Partial<RecordingHeader> = {}) {
    const all = { ...HEADER, ...header };
    this.client = new HostClient(all.sample);
    this.told = new ToldHost(all, ({ name }) => name);
    this.guests = new DaemonGuests(this.client, this.told, all, selection);
  }

  /** What it took of the daemon. */
  async sweep(records: readonly Told[]): Promise<{ stored: number; requests: number }> {
    for (const record of records) this.told.write(record);
    this.told.endSweep({ startMs: 0, durationMs: 5, processorMs: 3 });
    await this.guests.bringUp();
    return this.client.takeTally();
  }

  /** What the daemon has of a page. */
  page(guest: string, page: number): string {
    const bytes = Buffer.alloc(16);
    this.client.host.memory.loadPage(guest, (FIRST + page) * PAGE, bytes);
    return bytes.toString('hex');
  }

  present(guest: string): number {
    return this.client.host.guests.presentPages(guest);
  }

  get framesUsed(): number {
    return this.client.host.machine.frames.used;
  }
}

function alike(id: number, at: number, pages: number, state: number): Told {
  return { type: 'pages', guest: id, page: FIRST + at, pages, state };
}

const range = {
  who: fc.nat(10),
  at: fc.nat(PAGES - 1),
  pages: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 700 })),
  content: fc.nat(30),
};
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('start' as const) }),
  fc.record({ do: fc.constantFrom('fork' as const, 'end' as const), who: fc.nat(10) }),
  { weight: 8, arbitrary: fc.record({ do: fc.constant('write' as const), ...range }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('drop' as const), ...range }) },
);
const sweeps = fc.array(fc.array(step, { maxLength: 8 }), { minLength: 2, maxLength: 8 });

test('whatever processes do, the daemon has what they have, and is told of no other write', async () => {
  await fc.assert(
    fc.asyncProperty(sweeps, async (all) => {
      const processes = new Processes();
      for (const make of ['start', 'start'] as const) processes.take({ do: make });
      const followed = new Followed();
      const { host } = followed.client;
      let before = new Map<string, ReadonlyMap<number, number>>();
      for (const steps of all) {
        for (const each of steps) processes.take(each);
        const { stored } = await followed.sweep(processes.records());
        const now = new Map(
          [...processes.all.values()].map(({ id, frames }) => [
            `p-${id}`,
            new Map([...frames].map(([page, { content }]) => [page, content])),
          ]),
        );
        let [least, most] = [0, 0];
        for (const [name, pages] of now) {
          // Who has nothing yet has not come.
          if (pages.size === 0 && !host.guests.has(name)) continue;
          expect(host.guests.presentPages(name)).toBe(pages.size);
          const wrong = [...pages].filter(
            ([page, content]) => followed.page(name, page) !== fingerprint(content).toString('hex'),
          );
          expect(wrong).toEqual([]);
          for (const [page, content] of pages) {
            const was = before.get(name);
            if (was !== undefined && was.size > 0 && was.get(page) !== content) least++;
            if (was === undefined || was.size === 0 || was.get(page) !== content) most++;
          }
        }
        expect(host.guests.names().every((name) => now.has(name))).toBe(true);
        expect(stored).toBeGreaterThanOrEqual(least);
        expect(stored).toBeLessThanOrEqual(most);
        expect(checkHost(host)).toEqual([]);
        before = now;
      }
      await followed.guests.removeAll();
      expect(host.guests.names()).toEqual([]);
      expect(followed.framesUsed).toBe(0);
    }),
    { numRuns: 50 },
  );
});

describe('forks', () => {
  test('share what they are told to share, and equal pages of their own they do not', async () => {
    const followed = new Followed();
    await followed.sweep([...started(1), ...written(1, 0, 300, 1)]);
    const shared = joined(
      Array.from({ length: 200 }, (_, page) => pageRecord(2, page, undefined, 1)),
    );
    const { stored } = await followed.sweep([
      ...started(2),
      ...shared,
      ...written(2, 200, 50, 201),
      ...written(2, 1000, 10, 5),
    ]);
    expect(stored).toBe(60);
    expect(followed.present('p-2')).toBe(260);
    expect(followed.framesUsed).toBe(300 + 60);
  });

  test('share still when another is told to own their pages, as who did has gone', async () => {
    const followed = new Followed();
    const shared = (id: number, owner: number): Told[] =>
      joined(Array.from({ length: 300 }, (_, page) => pageRecord(id, page, undefined, owner)));
    await followed.sweep([
      ...started(1),
      ...written(1, 0, 300, 1),
      ...[2, 3].flatMap((id) => [...started(id), ...shared(id, 1)]),
    ]);
    expect(followed.framesUsed).toBe(300);
    const { stored } = await followed.sweep([
      ...written(2, 0, 300, 1),
      ...shared(3, 2),
      { type: 'guest-gone', guest: 1 },
    ]);
    expect(stored).toBe(0);
    expect(followed.framesUsed).toBe(300);
  });

  test('keep what their parent has changed in the sweep that they come in', async () => {
    const followed = new Followed();
    await followed.sweep([...started(1), ...written(1, 0, 300, 1)]);
    await followed.sweep([
      ...written(1, 0, 10, 1001),
      ...started(2),
      ...written(2, 0, 10, 1),
      ...joined(Array.from({ length: 290 }, (_, at) => pageRecord(2, 10 + at, undefined, 1))),
    ]);
    expect(followed.page('p-1', 0)).toBe(fingerprint(1001).toString('hex'));
    expect(followed.page('p-2', 0)).toBe(fingerprint(1).toString('hex'));
    expect(followed.framesUsed).toBe(310);
  });
});

describe('pages that never rest', () => {
  test('are others at each sweep, equal to none', async () => {
    const followed = new Followed();
    await followed.sweep([...started(1), ...started(2), alike(1, 0, 5, PAGE_RESTLESS)]);
    const seen = new Set<string>();
    for (let sweep = 0; sweep < 3; sweep++) {
      for (let page = 0; page < 5; page++) seen.add(followed.page('p-1', page));
      expect((await followed.sweep([])).stored).toBe(5);
    }
    expect(seen.size).toBe(15);
    // Then they do.
    await followed.sweep(written(1, 0, 5, 1));
    expect(await followed.sweep([])).toEqual({ stored: 0, requests: 0 });
  });

  test('also in a sample, as many as there should be', async () => {
    const followed = new Followed('auto', { sample: 16 });
    await followed.sweep([...started(1), alike(1, 0, 1500, PAGE_RESTLESS)]);
    expect(followed.present('p-1')).toBeGreaterThan(60);
    expect(followed.present('p-1')).toBeLessThan(130);
  });
});

describe('what counts', () => {
  test('is what is advised, if anything is, also when that is told later', async () => {
    const followed = new Followed();
    const contents = [...written(1, 0, 300, 1), ...written(2, 0, 300, 1)];
    await followed.sweep([...started(1), ...started(2, {}, 0), ...contents]);
    expect(followed.guests.advisedOnly).toBe(true);
    expect(followed.client.host.guests.names()).toEqual(['p-1']);
    await followed.sweep([mapping(2, FIRST, PAGES)]);
    expect(followed.present('p-2')).toBe(300);
    await followed.sweep([mapping(1, FIRST, PAGES, 0)]);
    expect(followed.present('p-1')).toBe(0);
  });

  test('is all, if nothing is, and where that is said', async () => {
    for (const [selection, flags] of [
      ['auto', 0],
      ['all', MAPPING_ADVISED],
    ] as const) {
      const followed = new Followed(selection);
      await followed.sweep([
        ...started(1, {}, flags),
        ...started(2, {}, 0),
        ...written(2, 0, 300, 1),
      ]);
      expect(followed.present('p-2')).toBe(300);
    }
  });

  test('is nothing that a device may write to', async () => {
    const followed = new Followed();
    const contents = written(1, 0, 300, 1);
    await followed.sweep([...started(1), ...contents]);
    await followed.sweep(started(1, { isPinned: true }));
    expect(followed.present('p-1')).toBe(0);
    await followed.sweep(started(1));
    expect(followed.present('p-1')).toBe(300);
  });

  test('and PR_SET_MEMORY_MERGE is set as the process has it', async () => {
    const followed = new Followed();
    await followed.sweep([...started(1, { mergesAny: true }, 0), ...written(1, 0, 300, 1)]);
    expect(followed.client.host.mergesAny('p-1')).toBe(true);
    expect(followed.present('p-1')).toBe(300);
  });
});

describe('regions', () => {
  const regions = (followed: Followed): { page: number; pages: number; huge: boolean }[] =>
    followed.client.host.guests.regionsOf('p-1').map(({ address, pages, huge }) => ({
      ...{ page: address / PAGE, pages, huge },
    }));

  test('are of whole blocks, as far as the mapping goes', async () => {
    const followed = new Followed();
    // 100 pages into a stretch, 36 into a block.
    await followed.sweep([...started(1), ...written(1, 0, 1, 1), ...written(1, 300, 1, 2)]);
    expect(regions(followed)).toEqual([
      { page: FIRST, pages: 28, huge: false },
      { page: FIRST + 284, pages: 64, huge: false },
    ]);
    const { requests } = await followed.sweep(written(1, 284, 64, 5));
    expect(requests).toBe(1);
  });

  test('are of whole stretches where memory grows', async () => {
    const followed = new Followed();
    await followed.sweep([...started(1), ...written(1, 0, 1, 1)]);
    for (let page = 1; page < PAGES; page += 3) await followed.sweep(written(1, page, 3, page));
    expect(regions(followed)).toEqual([
      { page: FIRST, pages: 28, huge: false },
      { page: FIRST + 28, pages: 384, huge: false },
      { page: FIRST + 412, pages: 512, huge: false },
      { page: FIRST + 924, pages: 512, huge: false },
      { page: FIRST + 1436, pages: 64, huge: false },
    ]);
  });

  test('are huge where whole huge pages are', async () => {
    const followed = new Followed();
    await followed.sweep([...started(1), ...written(1, 0, 412 + 512, 1, PAGE_HUGE)]);
    expect(regions(followed)).toEqual([
      { page: FIRST, pages: 412, huge: false },
      { page: FIRST + 412, pages: 512, huge: true },
    ]);
    expect(followed.client.host.guests.hugePages('p-1')).toBe(1);
  });

  test('go when nothing is left of them', async () => {
    const followed = new Followed();
    await followed.sweep([...started(1), ...written(1, 0, 300, 1), ...written(1, 1200, 5, 1)]);
    expect(regions(followed)).toHaveLength(2);
    await followed.sweep([alike(1, 0, 300, PAGE_ABSENT)]);
    expect(regions(followed)).toHaveLength(1);
    // Nor is anything else kept of them.
    expect(followed.told.guests.get(1)?.marks.size).toBe(1);
    await followed.sweep(written(1, 10, 3, 1));
    expect(regions(followed)).toHaveLength(2);
    expect(followed.present('p-1')).toBe(8);
  });

  test('of a machine whose memory begins at 0 lie elsewhere', async () => {
    const followed = new Followed();
    await followed.sweep([
      { ...GUEST, name: 'p-1', pid: 0, guest: 1 },
      mapping(1, 0, 600),
      {
        type: 'pages',
        guest: 1,
        page: 0,
        pages: 1,
        state: PAGE_CONTENT,
        fingerprints: fingerprint(7),
      },
    ]);
    expect(regions(followed)).toEqual([{ page: 2 ** 20, pages: 64, huge: false }]);
  });
});

test('of a sample a run goes on over what is outside it', async () => {
  const followed = new Followed('auto', { sample: 16 });
  const inSample = Buffer.concat([Buffer.alloc(4), fingerprint(3).subarray(4)]);
  const one = (at: number): Told => ({
    ...{ type: 'pages', guest: 1, page: FIRST + at, pages: 1 },
    ...{ state: PAGE_CONTENT, fingerprints: inSample },
  });
  await followed.sweep([...started(1), one(0), alike(1, 1, 300, PAGE_UNSAMPLED)]);
  expect(followed.present('p-1')).toBe(1);
  const { requests } = await followed.sweep([one(10), one(20), one(100)]);
  expect(requests).toBe(1);
  expect(followed.present('p-1')).toBe(4);
});

test('a sweep tells what it came to, as the capture did', () => {
  const { told } = new Followed();
  const end = { startMs: 7000, durationMs: 5, processorMs: 3 };
  for (const record of [...started(1), ...written(1, 0, 100, 1), alike(1, 100, 5, PAGE_RESTLESS)])
    told.write(record);
  told.endSweep(end);
  for (const record of [
    ...written(1, 0, 10, 500),
    ...written(1, 200, 10, 500),
    { type: 'unsampled-changes', guest: 1, pages: 2 } as const,
  ])
    told.write(record);
  told.endSweep(end);
  expect(told.lastReport).toEqual({
    ...{ sweep: 2, ...end, guests: 1, pages: 115 },
    ...{ changedPages: 10 + 2 + 5, restlessPages: 5, tellsFrames: true },
  });
});
