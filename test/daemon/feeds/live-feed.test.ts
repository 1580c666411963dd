/**
 * What viewers are told, and that it is true: a mirror of the map is held against the machine
 * itself.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EventFeed } from '../../../src/daemon/feeds/event-feed.js';
import { History } from '../../../src/daemon/feeds/history.js';
import { LiveFeed } from '../../../src/daemon/feeds/live-feed.js';
import { LiveStreams } from '../../../src/daemon/feeds/live-streams.js';
import { changedRunLengths } from '../../../src/daemon/feeds/run-lengths.js';
import { pageStates } from '../../../src/inspect/page-state.js';
import { ManualClock } from '../../../src/ksm/clock.js';
import { Host } from '../../../src/ksm/host.js';
import { finish } from '../../../src/machine/long-work.js';
import type { Sample } from '../../../src/protocol/history.js';
import type { LiveEvent, PageMapAnswer } from '../../../src/protocol/routes/live.js';
import { applyRunLengths } from '../../../src/protocol/run-lengths.js';
import { Mirror } from '../../../src/web/map/mirror.js';
import { ManualTimers } from '../manual-timers.js';

const PAGE = 16;
const SAMPLE: Sample = {
  atMs: 0,
  usedBytes: 0,
  freeBytes: 0,
  savedBytes: 0,
  pagesScanned: 0,
  fullScans: 0,
  merges: 0,
  breaks: 0,
  hugePages: 0,
  splits: 0,
  scannerCpuMs: 0,
  kernelCpuMs: 0,
};
const PROGRESS = {
  merges: 0,
  breaks: 0,
  splits: 0,
  collapses: 0,
  fullScans: 0,
  pagesShared: 0,
  pagesSharing: 0,
};

function rig() {
  const host = Host.create(
    { memoryBytes: 256 * PAGE, pageSize: PAGE, guestPages: 512, maxGuests: 6, maxRegions: 12 },
    new ManualClock(),
  );
  host.files.set('run', 1);
  host.files.set('use_zero_pages', 1);
  const timers = new ManualTimers();
  const sampling = new ManualTimers();
  let atMs = 0;
  const history = new History(
    () => ({ ...SAMPLE, atMs: atMs++ }),
    () => ({}),
    sampling,
  );
  const events = new EventFeed(() => PROGRESS, timers);
  const feed = new LiveFeed(
    host,
    () => 'running',
    history,
    events,
    timers,
    () => 0,
  );
  // A look that takes longer than a slice goes on beside what follows: an answer waits for it.
  const tick = async (): Promise<void> => {
    timers.tick();
    await feed.map();
  };
  return { host, timers, sampling, events, feed, tick };
}

function parsed(text: string): LiveEvent {
  const [, event, data = ''] = /^event: (\w+)\ndata: (.*)\n\n$/.exec(text) ?? [];
  return { event, data: JSON.parse(data) } as LiveEvent;
}

/** A viewer as the browser is one; answers to its requests come when told to. */
function viewer(feed: LiveFeed) {
  const due: (() => void)[] = [];
  const failures: unknown[] = [];
  const mirror = new Mirror(
    () => {
      const answer = feed.map().then((text) => JSON.parse(text) as PageMapAnswer);
      return new Promise((resolve) => due.push(() => resolve(answer)));
    },
    {
      onMap() {},
      onPages() {},
      onChanged() {},
      onGuests() {},
      onFailure: (error) => failures.push(error),
    },
  );
  const told: LiveEvent[] = [];
  const leave = feed.subscribe((text) => {
    const event = parsed(text);
    told.push(event);
    if (event.event === 'pages' || event.event === 'guests' || event.event === 'map')
      mirror.apply(event);
  });
  void mirror.begin();
  const deliver = async (): Promise<void> => {
    while (due.length > 0) {
      for (const answer of due.splice(0)) answer();
      await new Promise(setImmediate);
    }
  };
  return { mirror, told, leave, deliver, failures };
}

const guest = fc.constantFrom('a', 'b');
const region = fc.constantFrom('x', 'y');
const pages = fc.integer({ min: 1, max: 40 });
const deed = fc.oneof(
  fc.record({ kind: fc.constant('create' as const), guest }),
  fc.record({ kind: fc.constant('exit' as const), guest }),
  fc.record({ kind: fc.constant('map' as const), guest, region, pages }),
  fc.record({ kind: fc.constant('unmap' as const), guest, region }),
  fc.record({
    kind: fc.constant('store' as const),
    guest,
    region,
    from: pages,
    pages,
    byte: fc.integer({ min: 0, max: 2 }),
  }),
  fc.record({
    kind: fc.constant('advise' as const),
    guest,
    region,
    advice: fc.constantFrom('mergeable', 'unmergeable', 'dontneed'),
  }),
  fc.record({ kind: fc.constant('scan' as const), pages: fc.integer({ min: 1, max: 60 }) }),
  fc.record({ kind: fc.constant('tick' as const) }),
  fc.record({ kind: fc.constant('deliver' as const) }),
);
type Deed = typeof deed extends fc.Arbitrary<infer One> ? One : never;

function carryOut(host: Host, doing: Exclude<Deed, { kind: 'tick' | 'deliver' }>): void {
  switch (doing.kind) {
    case 'create':
      host.createGuest(doing.guest);
      return;
    case 'exit':
      host.exitGuest(doing.guest);
      return;
    case 'map':
      host.map(doing.guest, doing.region, doing.pages);
      return;
    case 'unmap':
      host.unmap(doing.guest, doing.region);
      return;
    case 'store': {
      const { address, pages: count } = host.guests.regionOf(doing.guest, doing.region);
      const from = doing.from % count;
      host.memory.store(
        doing.guest,
        address + from * PAGE,
        new Uint8Array(Math.min(doing.pages, count - from) * PAGE).fill(doing.byte),
      );
      return;
    }
    case 'advise': {
      const { address, pages: count } = host.guests.regionOf(doing.guest, doing.region);
      host.madvise(doing.guest, address, count * PAGE, doing.advice as 'mergeable');
      return;
    }
    case 'scan':
      host.ksm.scan(doing.pages);
      return;
  }
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

/** What the machine itself says, by guest and region. */
function truth(host: Host): Record<string, readonly number[]> {
  const all = host.guests.names().flatMap((name) =>
    host.guests.regionsOf(name).map((mapped) => {
      const states = new Uint8Array(mapped.pages);
      pageStates(host.machine, host.guests.firstSlot(name, mapped.name), states);
      return [`${name} ${mapped.name} ${mapped.address}`, [...states]] as const;
    }),
  );
  return Object.fromEntries(all);
}

function mirrored({ guests, states }: Mirror): Record<string, readonly number[]> {
  const all = guests.flatMap(({ name, regions }) =>
    regions.map(
      ({ name: mapped, address, pages: count, first }) =>
        [`${name} ${mapped} ${address}`, [...states.subarray(first, first + count)]] as const,
    ),
  );
  return Object.fromEntries(all);
}

test('the whole map once and what changes after it always come to the map of now', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(deed, { maxLength: 80 }), async (deeds) => {
      const { host, feed, tick } = rig();
      for (const name of ['a', 'b']) {
        host.createGuest(name);
        host.map(name, 'x', 40);
      }
      const { mirror, told, deliver, leave, failures } = viewer(feed);
      for (const doing of deeds) {
        if (doing.kind === 'tick') await tick();
        else if (doing.kind === 'deliver') await deliver();
        else {
          try {
            carryOut(host, doing);
          } catch {
            // Refused: nothing has changed, or not all that could have.
          }
        }
      }
      for (let i = 0; i < 5; i++) await tick();
      await deliver();
      expect(mirrored(mirror)).toEqual(truth(host));
      expect(mirror.guests.map(({ name, numbers }) => [name, numbers[0]])).toEqual(
        host.guests.names().map((name) => [name, host.guests.presentPages(name)]),
      );
      const registered = new Set(
        mirror.guests.flatMap(({ regions }) =>
          regions.flatMap(({ first, pages: count }) => range(first, first + count)),
        ),
      );
      expect(
        range(0, mirror.states.length).filter(
          (slot) => mirror.states[slot] !== 0 && !registered.has(slot),
        ),
      ).toEqual([]);
      told.length = 0;
      for (let i = 0; i < 5; i++) await tick();
      expect(told).toEqual([]);
      expect(failures).toEqual([]);
      leave();
    }),
    { numRuns: 400 },
  );
});

test('runs turn any states into any others, and nothing is said where nothing has changed', () => {
  const some = fc.array(
    fc.tuple(
      fc.integer({ min: 0, max: 8 }),
      fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 5000 })),
    ),
    {
      maxLength: 12,
    },
  );
  const spread = (runs: readonly (readonly [number, number])[], length: number): Uint8Array =>
    Uint8Array.from(
      [
        ...runs.flatMap(([state, count]) => Array<number>(count).fill(state)),
        ...Array<number>(length).fill(0),
      ].slice(0, length),
    );
  fc.assert(
    fc.property(some, some, fc.integer({ min: 0, max: 9000 }), (before, after, length) => {
      const states = spread(before, length);
      const wanted = spread(after, length);
      applyRunLengths(
        Buffer.from(finish(changedRunLengths(states, wanted))).toString('base64'),
        states,
        () => {},
      );
      expect(Buffer.compare(states, wanted)).toBe(0);
      expect(finish(changedRunLengths(states, wanted)).length).toBe(0);
    }),
  );
});

test('run lengths of some ranges leave all other pages alone', () => {
  const states = fc.uint8Array({ min: 0, max: 8, minLength: 60, maxLength: 60 });
  const range = fc
    .tuple(fc.nat(60), fc.nat(60))
    .map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) }));
  fc.assert(
    fc.property(states, states, fc.array(range, { maxLength: 5 }), (before, after, ranges) => {
      ranges.sort((a, b) => a.from - b.from);
      const seen = (page: number): boolean =>
        ranges.some(({ from, to }) => page >= from && page < to);
      const wanted = before.map((state, page) => (seen(page) ? (after[page] ?? 0) : state));
      applyRunLengths(
        Buffer.from(finish(changedRunLengths(before, after, ranges))).toString('base64'),
        before,
        () => {},
      );
      expect(before).toEqual(wanted);
    }),
  );
});

test('nothing is looked at while nobody looks, and all viewers together cost what one does', async () => {
  const { host, timers, sampling, feed, tick } = rig();
  let reads = 0;
  const { counters } = host.files;
  host.files.counters = () => {
    reads++;
    return counters.call(host.files);
  };
  const before = sampling.ticks.size;
  expect([timers.ticks.size, reads]).toEqual([0, 0]);
  const leaving = [1, 2, 3].map(() => feed.subscribe(() => {}));
  const begun = reads;
  await tick();
  expect(reads - begun).toBe(1);
  for (const leave of leaving) leave();
  expect(timers.ticks.size).toBe(0);
  expect(sampling.ticks.size).toBe(before);
});

test('a viewer that does not read is let go, and costs nothing then; one that reads goes on', async () => {
  const { timers, events, feed } = rig();
  const dropped: string[] = [];
  const streams = new LiveStreams((what) => dropped.push(what));
  const slow = streams.start((send) => feed.subscribe(send));
  const reader = streams.start((send) => feed.subscribe(send));
  let read = '';
  reader.setEncoding('utf8').on('data', (text: string) => {
    read += text;
  });
  for (let said = 0; !slow.destroyed; said++) {
    expect(said).toBeLessThan(1000);
    events.warn('x'.repeat(10_000));
    await new Promise(setImmediate);
  }
  expect(dropped).toEqual(['a stream was cut off: its reader was 1048576 bytes behind']);
  events.warn('the last');
  await new Promise(setImmediate);
  expect(read).toContain('the last');
  reader.destroy();
  await new Promise(setImmediate);
  expect(timers.ticks.size).toBe(0);
});

test('a tunable, a counter, a guest and a warning are told as they change, and not again', async () => {
  const { host, feed, tick, events } = rig();
  const { told, leave } = viewer(feed);
  expect(told.map(({ event }) => event)).toEqual(['history', 'files']);
  expect(told[1]).toMatchObject({ data: { scanner: 'running', tunables: { pages_to_scan: 100 } } });
  told.length = 0;
  await tick();
  expect(told).toEqual([]);
  host.files.set('pages_to_scan', 77);
  await tick();
  expect(told).toEqual([
    { event: 'files', data: { counters: {}, tunables: { pages_to_scan: 77 } } },
  ]);
  events.warn('beware');
  host.createGuest('a');
  await tick();
  await tick();
  expect(told.slice(1)).toEqual([
    { event: 'warning', data: { message: 'beware' } },
    { event: 'map', data: { tick: expect.any(Number) } },
  ]);
  // As many guests as before, and no region among them.
  host.exitGuest('a');
  host.createGuest('b');
  told.length = 0;
  await tick();
  expect(told.map(({ event }) => event)).toEqual(['map']);
  leave();
});

test('of very many pages a look takes some, the next ones the others: none takes long, and all is told in the end', async () => {
  const pages = 300_000;
  const host = Host.create(
    { memoryBytes: 1000 * PAGE, pageSize: PAGE, guestPages: pages + 100 },
    new ManualClock(),
  );
  host.createGuest('a');
  const { address } = host.map('a', 'x', pages);
  const timers = new ManualTimers();
  let ms = 0;
  const history = new History(
    () => SAMPLE,
    () => ({}),
    new ManualTimers(),
  );
  // A millisecond passes from one question for the time to the next.
  const feed = new LiveFeed(
    host,
    () => 'stopped',
    history,
    new EventFeed(() => PROGRESS, timers),
    timers,
    () => ms++,
  );
  const { mirror, deliver, leave } = viewer(feed);
  await feed.map();
  await deliver();
  for (let page = 0; page < pages; page += 1000)
    host.memory.store('a', address + page * PAGE, new Uint8Array(PAGE));
  const wrong = (): number =>
    truth(host)['a x 4294967296']?.filter((state, slot) => state !== mirror.states[slot]).length ??
    -1;
  expect(wrong()).toBe(300);
  const left: number[] = [];
  for (let i = 0; i < 6; i++) {
    const before = ms;
    timers.tick();
    await feed.map();
    expect(ms - before).toBeLessThan(10);
    left.push(wrong());
  }
  expect(left[0]).toBeGreaterThan(100);
  expect(left[0]).toBeLessThan(300);
  expect(left.at(-1)).toBe(0);
  leave();
});

test('a guest that leaves while its pages are looked at is told of as gone, and looks go on', async () => {
  const pages = 300_000;
  const host = Host.create(
    { memoryBytes: 1000 * PAGE, pageSize: PAGE, guestPages: pages + 100 },
    new ManualClock(),
  );
  for (const name of ['a', 'b']) host.createGuest(name);
  host.map('a', 'x', pages);
  const timers = new ManualTimers();
  const history = new History(
    () => SAMPLE,
    () => ({}),
    new ManualTimers(),
  );
  const events = new EventFeed(() => PROGRESS, timers);
  const feed = new LiveFeed(
    host,
    () => 'stopped',
    history,
    events,
    timers,
    () => 0,
  );
  const { mirror, deliver, leave, failures } = viewer(feed);
  await deliver();
  // Some of these looks have numbers of guests; each is begun, and not done, when one leaves.
  for (let look = 0; look < 10; look++) {
    host.createGuest('c');
    timers.tick();
    await feed.map();
    timers.tick();
    host.exitGuest('c');
    await feed.map();
  }
  timers.tick();
  await feed.map();
  await deliver();
  expect(mirror.guests.map(({ name }) => name)).toEqual(['a', 'b']);
  expect(failures).toEqual([]);
  leave();
});

test.each(['map', 'fork'] as const)(
  'a region that is looked at while a %s is half done is on the map once it is done',
  async (how) => {
    const { host, feed, tick } = rig();
    host.createGuest('parent');
    host.map('parent', 'x', 200);
    const { mirror, deliver, leave } = viewer(feed);
    await tick();
    await deliver();
    if (how === 'map') host.createGuest('a');
    const work = how === 'map' ? host.mapInSlices('a', 'x', 200) : host.forkInSlices('parent', 'a');
    // The look in each of its slices is the last one but for the one after its end.
    let slices = 0;
    for (; work.next().done !== true; slices++) await tick();
    await tick();
    await deliver();
    expect(slices).toBeGreaterThan(0);
    expect(mirrored(mirror)).toEqual(truth(host));
    leave();
  },
);
