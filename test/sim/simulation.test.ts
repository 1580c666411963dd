/**
 * A simulation is a whole host in the thread at hand: what other programs do with one, and what it
 * refuses.
 */
import { describe, expect, test } from 'vitest';
import { KsmdError, ManualClock, Simulation } from '../../src/sim/index.js';

const MIB = 2 ** 20;
const PAGE = 4096;

/** Two guests of four pages; the first page is the same in both. */
function twoGuests(): Simulation {
  const simulation = new Simulation({ memoryBytes: MIB });
  for (const [guest, fill] of [
    ['one', 1],
    ['two', 2],
  ] as const) {
    simulation.createGuest(guest);
    const { address } = simulation.map(guest, 'ram', { pages: 4 });
    simulation.store(guest, address, new Uint8Array(PAGE).fill(7));
    simulation.store(guest, address + PAGE, new Uint8Array(PAGE).fill(fill));
  }
  return simulation;
}

function addressOf(simulation: Simulation, guest: string): number {
  const [region] = simulation.regions(guest);
  if (region === undefined) throw new Error(`${guest} has no region`);
  return region.address;
}

function errorOf(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error instanceof KsmdError ? error.code : error;
  }
}

describe('two guests with a page in common', () => {
  test('share it after two full scans, and both still read it', () => {
    const simulation = twoGuests();
    // Pages that nobody wrote are passed over: four were written.
    expect([simulation.fullScan(), simulation.fullScan()]).toEqual([4, 4]);
    expect(simulation.counters()).toMatchObject({
      full_scans: 2,
      pages_shared: 1,
      pages_sharing: 1,
      pages_unshared: 2,
    });
    expect(simulation.guestCounters('two')).toMatchObject({ ksm_merging_pages: 1 });
    for (const guest of simulation.guests())
      expect(simulation.load(guest, addressOf(simulation, guest), PAGE)).toEqual(
        new Uint8Array(PAGE).fill(7),
      );
    expect(simulation.check()).toEqual([]);
  });

  test('are told why: each is the twin of the other', () => {
    const simulation = twoGuests();
    simulation.fullScan();
    simulation.fullScan();
    const [one, two] = simulation.guests().map((guest) => addressOf(simulation, guest)) as [
      number,
      number,
    ];
    expect(simulation.explain('one', one)).toMatchObject({
      page: { guest: 'one', region: 'ram', address: one },
      state: 'shared',
      frame: { mappings: 2 },
      twins: [{ guest: 'two', region: 'ram', address: two }],
    });
    expect(simulation.explain('one', one, 0)).toMatchObject({ twinCount: 1, twins: [] });
    expect(simulation.explain('one', one + PAGE).state).toBe('unshared');
  });

  test('part when one of them writes', () => {
    const simulation = twoGuests();
    simulation.fullScan();
    simulation.fullScan();
    const [one, two] = ['one', 'two'].map((guest) => addressOf(simulation, guest)) as [
      number,
      number,
    ];
    simulation.store('one', one, Uint8Array.of(8));
    expect(simulation.load('one', one, 2)).toEqual(Uint8Array.of(8, 7));
    expect(simulation.load('two', two, 2)).toEqual(Uint8Array.of(7, 7));
    expect(simulation.explain('two', two).frame).toMatchObject({ mappings: 1 });
  });

  test('share nothing where a region is advised unmergeable', () => {
    const simulation = twoGuests();
    simulation.madvise('one', 'unmergeable', { region: 'ram' });
    simulation.fullScan();
    simulation.fullScan();
    expect(simulation.counters()).toMatchObject({ pages_shared: 0, pages_unshared: 2 });
    const two = addressOf(simulation, 'two');
    simulation.madvise('two', 'dontneed', { address: two, length: PAGE });
    expect(simulation.load('two', two, 1)).toEqual(Uint8Array.of(0));
  });

  test('are gone once they are removed, and their regions once unmapped', () => {
    const simulation = twoGuests();
    simulation.unmap('two', 'ram');
    expect(simulation.regions('two')).toEqual([]);
    simulation.removeGuest('one');
    expect(simulation.guests()).toEqual(['two']);
  });
});

test('a batch visits so many pages and no more, and a full scan goes on from there', () => {
  const simulation = twoGuests();
  expect(simulation.scan(3)).toBe(3);
  expect(simulation.counters().full_scans).toBe(0);
  expect(simulation.fullScan()).toBe(1);
  expect(simulation.counters().full_scans).toBe(1);
});

test('it follows the kernel asked for, with its tunables and counters', () => {
  const old = new Simulation({ memoryBytes: MIB, kernel: '2.6.32' });
  expect(old.tunables()).not.toHaveProperty('smart_scan');
  expect(old.counters()).not.toHaveProperty('general_profit');
  expect(errorOf(() => old.set('smart_scan', 0))).toBe('ENOENT');
  const latest = new Simulation({ memoryBytes: MIB });
  latest.set('smart_scan', 0);
  expect(latest.tunables()).toMatchObject({ smart_scan: 0 });
});

test('time is that of the clock handed in: the advisor goes by it', () => {
  const clock = new ManualClock();
  const simulation = new Simulation({ memoryBytes: MIB, clock });
  simulation.createGuest('one');
  const { address } = simulation.map('one', 'ram', { pages: 2 });
  simulation.store('one', address, new Uint8Array(2 * PAGE).fill(7));
  simulation.set('advisor_mode', 'scan-time');
  expect(simulation.tunables().pages_to_scan).toBe(500);
  simulation.scan(1);
  // Five times as long as it may take, at a thousandth of a processor.
  clock.now += 1_000_000;
  clock.cpu += 1000;
  simulation.fullScan();
  expect(simulation.tunables().pages_to_scan).toBe(5000);
});

describe('what is refused says why, and changes nothing:', () => {
  test.each([
    ['a memory of half a page', () => new Simulation({ memoryBytes: 2048 }), 'EINVAL'],
    ['a guest that is there', () => twoGuests().createGuest('one'), 'EEXIST'],
    ['a guest that is not there', () => twoGuests().regions('three'), 'ENOENT'],
    ['bytes that nothing maps', () => twoGuests().load('one', PAGE, 1), 'EFAULT'],
    ['more bytes than there are', () => twoGuests().load('one', 2 ** 32, 2 ** 40), 'EFAULT'],
    ['half a page to scan', () => twoGuests().scan(0.5), 'EINVAL'],
    ['fewer pages than none', () => twoGuests().scan(-1), 'EINVAL'],
    ['no number of pages', () => twoGuests().scan(Number.NaN), 'EINVAL'],
  ])('%s', (_what, call, code) => {
    expect(errorOf(call)).toBe(code);
  });

  test('a store that finds no frame, until a scan has freed some', () => {
    const simulation = new Simulation({ memoryBytes: 2 * PAGE });
    simulation.createGuest('one');
    const { address } = simulation.map('one', 'ram', { pages: 3 });
    const store = (): void => simulation.store('one', address, new Uint8Array(3 * PAGE).fill(7));
    expect(store).toThrow(expect.objectContaining({ details: { bytesStored: 2 * PAGE } }));
    simulation.fullScan();
    simulation.fullScan();
    simulation.store('one', address + 2 * PAGE, new Uint8Array(PAGE).fill(7));
    expect(simulation.check()).toEqual([]);
  });
});

describe('huge pages and forks', () => {
  const PAGES = 512;

  /** A guest with a huge page, written in part. */
  function withHugePage(written: number): Simulation {
    const simulation = new Simulation({ memoryBytes: 8 * MIB });
    simulation.createGuest('a');
    const { address } = simulation.map('a', 'ram', { pages: PAGES, huge: true });
    for (let page = 0; page < written; page++)
      simulation.store('a', address + page * PAGE, Uint8Array.of(1 + page));
    return simulation;
  }

  test('the first touch makes a whole huge page resident; merging one page of it splits it', () => {
    const simulation = withHugePage(3);
    expect(simulation.resident('a')).toEqual({ pages: PAGES, hugePages: 1 });
    // All but three are zeroes: two of them are equal.
    for (let scan = 0; scan < 3; scan++) simulation.fullScan();
    expect(simulation.resident('a')).toEqual({ pages: 3, hugePages: 0 });
    expect(simulation.counters().pages_sharing).toBe(0);
    expect(simulation.khugepaged(PAGES)).toBe(1);
    expect(simulation.resident('a')).toEqual({ pages: PAGES, hugePages: 1 });
    expect(simulation.check()).toEqual([]);
  });

  test('what a fork shares is not merged again, and each sees its own writes', () => {
    const simulation = new Simulation({ memoryBytes: MIB });
    simulation.createGuest('a');
    const { address } = simulation.map('a', 'ram', { pages: 4 });
    simulation.store('a', address, new Uint8Array(4 * PAGE).fill(7));
    simulation.fork('a', 'child');
    simulation.store('child', address, Uint8Array.of(9));
    expect(simulation.load('a', address, 1)).toEqual(Uint8Array.of(7));
    expect(simulation.load('child', address, 2)).toEqual(Uint8Array.of(9, 7));
    expect(errorOf(() => simulation.fork('a', 'child'))).toBe('EEXIST');
    expect(errorOf(() => simulation.fork('nobody', 'child-2'))).toBe('ENOENT');
  });

  test('a child merges any memory as its parent does, as another program too', () => {
    const simulation = new Simulation({ memoryBytes: MIB });
    simulation.createGuest('a');
    simulation.prctl('a', true);
    simulation.fork('a', 'child');
    simulation.exec('child');
    for (const guest of ['a', 'child']) {
      const { address } = simulation.map(guest, 'ram', { pages: 1, mergeable: false });
      simulation.store(guest, address, Uint8Array.of(1));
    }
    simulation.fullScan();
    simulation.fullScan();
    expect(simulation.counters().pages_sharing).toBe(1);
    simulation.prctl('child', false);
    simulation.fullScan();
    expect(simulation.counters().pages_sharing).toBe(0);
    expect(simulation.check()).toEqual([]);
    expect(errorOf(() => simulation.exec('nobody'))).toBe('ENOENT');
    const old = new Simulation({ memoryBytes: MIB, kernel: '6.1' });
    old.createGuest('a');
    expect(errorOf(() => old.prctl('a', true))).toBe('EINVAL');
  });

  test('a collapse where nothing is mapped, and a pass over no page, are refused', () => {
    const simulation = withHugePage(0);
    expect(errorOf(() => simulation.madvise('a', 'collapse', { region: 'ram' }))).toBe('EINVAL');
    expect(errorOf(() => simulation.khugepaged(0))).toBe('EINVAL');
  });
});
