/**
 * Whoever dies, and wherever: every page holds what it held, or what was being stored in it, whole.
 * Each operation is done by the classes and the core themselves, killed before each of their
 * accesses to shared memory, and cleared up after.
 */

import { describe, expect, test } from 'vitest';
import {
  PTE_DIRTY,
  PTE_FRAME,
  PTE_HOLDER_MASK,
  PTE_PRESENT,
  PTE_STATE,
  PTE_WRITABLE,
  PTE_ZERO,
  SLOT_WORDS,
} from '../../src/core/layout.js';
import { checkHost } from '../../src/inspect/check.js';
import { Ksm } from '../../src/ksm/ksm.js';
import { rebuild } from '../../src/ksm/rebuild.js';
import { setTunable } from '../../src/ksm/tunables.js';
import { finish } from '../../src/machine/long-work.js';
import type { Machine } from '../../src/machine/machine.js';
import { HOLDER_API, HOLDER_SCANNER } from '../../src/machine/pte.js';
import { recover } from '../../src/machine/recover.js';
import type { TestedCore } from '../core/tested-core.js';
import { BenchHost, PAGE } from '../ksm/bench-host.js';
import { Mortal } from './mortal.js';

const GUEST_THREAD = 3;
// Guest a's pages by what they are.
const MERGED = 0;
const MERGED_TOO = 1;
const PRIVATE = 2;
const TWIN = 3;
const ZEROES = 4;
const LIKE_MERGED = 5;
const UNTOUCHED = 6;
const PAGES = 7;

class World extends BenchHost {
  readonly machine = this.host.machine;
  readonly i32 = this.machine.memory.i32;

  constructor() {
    super('6.18', 16);
    this.host.files.set('use_zero_pages', 1);
    this.host.files.set('smart_scan', 0);
    this.host.createGuest('a');
    this.host.map('a', 'r', PAGES, { address: PAGE });
    for (const [page, content] of [1, 1, 2, 3, 0].entries()) this.put('a', page, content);
    this.fullScans(3);
    // Written since the scanner last saw them.
    this.put('a', LIKE_MERGED, 1);
    this.put('a', TWIN, 2);
  }

  slot(page: number): number {
    return this.host.guests.firstSlot('a', 'r') + page * SLOT_WORDS;
  }

  frame(page: number): number {
    return this.i32[this.slot(page) + PTE_FRAME];
  }

  page(page: number): Uint8Array {
    const bytes = new Uint8Array(PAGE);
    this.host.memory.load('a', (1 + page) * PAGE, bytes);
    return bytes;
  }

  memory(): string[] {
    return Array.from({ length: PAGES }, (_, page) => Buffer.from(this.page(page)).toString('hex'));
  }
}

test('the world has a page of each kind', () => {
  const world = new World();
  const state = (page: number): number =>
    world.i32[world.slot(page) + PTE_STATE] & (PTE_PRESENT | PTE_WRITABLE | PTE_ZERO);
  expect([MERGED, PRIVATE, ZEROES, UNTOUCHED].map(state)).toEqual([
    PTE_PRESENT,
    PTE_PRESENT | PTE_WRITABLE,
    PTE_ZERO,
    0,
  ]);
  expect(world.frame(MERGED)).toBe(world.frame(MERGED_TOO));
  expect(world.page(LIKE_MERGED)).toEqual(world.page(MERGED));
  expect(checkHost(world.host)).toEqual([]);
});

/**
 * Kills `act` before each of its accesses, in a new world each time, clears up, and looks. How many
 * accesses there are.
 */
function killEverywhere(
  make: () => World,
  holder: number,
  act: (machine: Machine, world: World, core: TestedCore) => void,
  clearUp: (world: World) => void,
  assertBytes: (world: World, before: readonly string[]) => void,
): number {
  for (let diesAt = 0; ; diesAt++) {
    const world = make();
    const before = world.memory();
    const accesses = new Mortal(world.machine.memory, holder).run(diesAt, (machine, core) =>
      act(machine, world, core),
    );
    if (accesses !== undefined) return accesses;
    assertReady(world, diesAt);
    clearUp(world);
    const where = `killed before access ${diesAt}`;
    expect(checkHost(world.host), where).toEqual([]);
    assertBytes(world, before);
    // Life goes on: pages can be stored to, and merge.
    const held = world.memory();
    world.fullScans(4);
    expect(world.memory(), where).toEqual(held);
    for (let page = 0; page < PAGES; page++) world.put('a', page, 7);
    world.fullScans(4);
    expect([...new Set(world.memory())].length, where).toBe(1);
    expect(world.counters('pages_shared', 'pages_sharing'), where).toEqual([1, PAGES - 1]);
    expect(checkHost(world.host), where).toEqual([]);
  }
}

/**
 * What holds before anything is cleared up: frames that pages name are referred to, and a page
 * locked for a store says that it is written.
 */
function assertReady(world: World, diesAt: number): void {
  for (let page = 0; page < PAGES; page++) {
    const state = world.i32[world.slot(page) + PTE_STATE];
    const named = world.frame(page);
    if ((state & PTE_PRESENT) !== 0 && named !== 0)
      expect(
        world.machine.frames.mapcount(named),
        `access ${diesAt}, page ${page}`,
      ).toBeGreaterThan(0);
    if ((state & PTE_HOLDER_MASK) === GUEST_THREAD)
      expect(state & PTE_DIRTY, `access ${diesAt}, page ${page}`).not.toBe(0);
  }
}

describe('a guest thread killed while it stores', () => {
  const few = Uint8Array.of(9, 8, 7, 6, 5, 4, 3, 2);
  const whole = new Uint8Array(PAGE).fill(9);

  /** A page that nobody else maps any more, still write-protected. */
  const leftAlone = (): World => {
    const world = new World();
    world.put('a', MERGED_TOO, 5);
    world.fullScans(1);
    world.host.madvise('a', PAGE, PAGE, 'unmergeable');
    world.host.madvise('a', PAGE, PAGE, 'mergeable');
    world.machine.pages.writeProtect(world.slot(MERGED));
    return world;
  };

  test.each<[what: string, make: () => World, page: number, offset: number, source: Uint8Array]>([
    ['a few bytes, in place', () => new World(), PRIVATE, 8, few],
    ['a whole page, in place', () => new World(), PRIVATE, 0, whole],
    ['in place, after the page was protected for a while', leftAlone, MERGED, 8, few],
    ['a few bytes of a merged page', () => new World(), MERGED, 8, few],
    ['a merged page, whole', () => new World(), MERGED, 0, whole],
    ['a few bytes of a zero page', () => new World(), ZEROES, 8, few],
    ['a few bytes of an untouched page', () => new World(), UNTOUCHED, 8, few],
    ['an untouched page, whole', () => new World(), UNTOUCHED, 0, whole],
  ])('%s', (_what, make, page, offset, source) => {
    const outcomes = new Set<string>();
    const accesses = killEverywhere(
      make,
      GUEST_THREAD,
      (machine, world) => machine.pages.store(world.slot(page), offset, source),
      (world) => finish(recover(world.machine, GUEST_THREAD)),
      (world, before) => {
        const stored = Buffer.from(before[page], 'hex');
        stored.set(source, offset);
        const after = world.memory();
        expect([before[page], stored.toString('hex')]).toContain(after[page]);
        outcomes.add(after[page]);
        expect(after.with(page, '')).toEqual(before.with(page, ''));
      },
    );
    // The store's own write is one of them: before it nothing is stored, after it all is.
    expect(accesses).toBeGreaterThan(3);
    expect(outcomes.size).toBe(2);
  });
});

test('a thread killed while it fills untouched pages: each is filled whole or untouched, in order', () => {
  const zeroes = Buffer.alloc(PAGE).toString('hex');
  const filled = Buffer.alloc(PAGE, 9).toString('hex');
  const outcomes = new Set<number>();
  const accesses = killEverywhere(
    () => {
      const world = new World();
      world.host.madvise('a', (LIKE_MERGED + 1) * PAGE, PAGE, 'dontneed');
      return world;
    },
    HOLDER_API,
    (machine, world) => {
      expect(machine.pages.fill(world.slot(LIKE_MERGED), new Uint8Array(2 * PAGE).fill(9))).toBe(2);
    },
    (world) => finish(recover(world.machine, HOLDER_API)),
    (world, before) => {
      const after = world.memory();
      const done = [LIKE_MERGED, UNTOUCHED].filter((page) => after[page] === filled).length;
      const expected = before
        .with(LIKE_MERGED, done > 0 ? filled : zeroes)
        .with(UNTOUCHED, done > 1 ? filled : zeroes);
      expect(after).toEqual(expected);
      outcomes.add(done);
    },
  );
  expect(accesses).toBeGreaterThan(10);
  expect(outcomes).toEqual(new Set([0, 1, 2]));
});

describe('the scanner killed', () => {
  /**
   * A guest has exited and a region has gone, with rmap items that the scanner has not passed yet.
   */
  const withGhosts = (): World => {
    const world = new World();
    world.guest('b', [1, 2, 9]);
    world.host.map('a', 'passing', 2, { address: 100 * PAGE });
    world.host.memory.store('a', 100 * PAGE, new Uint8Array(2 * PAGE).fill(1));
    world.fullScans(1);
    world.host.unmap('a', 'passing');
    world.host.exitGuest('b');
    return world;
  };

  test.each<
    [
      what: string,
      act: (machine: Machine, world: World, core: TestedCore) => number | boolean,
      make?: () => World,
    ]
  >([
    [
      'while it maps a page to a KSM page',
      (machine, world, core) => {
        const stable = machine.frames.stableNode(world.frame(MERGED));
        return (
          core.mergeIntoStable(world.slot(LIKE_MERGED), world.frame(LIKE_MERGED), stable) === 1
        );
      },
    ],
    [
      'while it makes a KSM page of two twins',
      (_machine, world, core) =>
        core.mergeTwins(
          world.slot(PRIVATE),
          world.frame(PRIVATE),
          world.slot(TWIN),
          world.frame(TWIN),
          1,
        ) === 1,
    ],
    [
      'while it finds that two pages are no twins',
      (_machine, world, core) =>
        core.mergeTwins(
          world.slot(PRIVATE),
          world.frame(PRIVATE),
          world.slot(LIKE_MERGED),
          world.frame(LIKE_MERGED),
          1,
        ) === 0,
    ],
    [
      'while it maps a page to the zero page',
      (machine, world, core) => {
        machine.pages.store(world.slot(PRIVATE), 0, new Uint8Array(PAGE));
        return core.mergeIntoZeroPage(world.slot(PRIVATE), world.frame(PRIVATE)) === 1;
      },
    ],
    [
      'while it gives a merged page back',
      (machine, world) => machine.pages.unshare(world.slot(MERGED), true),
    ],
    [
      'while it gives a zero page back',
      (machine, world) => machine.pages.unshare(world.slot(ZEROES), true),
    ],
    [
      'anywhere in three full scans',
      (machine, world) => {
        const ksm = new Ksm(machine, world.host.profile, world.clock);
        return ksm.scan(100) + ksm.scan(100) + ksm.scan(100) > 0;
      },
    ],
    [
      'while it lets go of what guests and regions left that are gone',
      (machine, world) => new Ksm(machine, world.host.profile, world.clock).scan(100),
      withGhosts,
    ],
    [
      'anywhere in unmerging everything',
      (machine, world) => {
        setTunable(new Ksm(machine, world.host.profile, world.clock), 'run', 2);
        return true;
      },
    ],
  ])('%s', (_what, act, make = () => new World()) => {
    let done: boolean | number = false;
    const accesses = killEverywhere(
      make,
      HOLDER_SCANNER,
      (machine, world, core) => {
        done = act(machine, world, core);
      },
      (world) => {
        finish(rebuild(world.host.ksm, 0));
        world.host.files.set('run', 1);
      },
      (world, before) => {
        // Two of these store first, as the scanner never would: that page holds either.
        const after = world.memory();
        if (after[PRIVATE] === '00'.repeat(PAGE)) after[PRIVATE] = before[PRIVATE];
        expect(after).toEqual(before);
      },
    );
    expect(done).not.toBe(false);
    expect(accesses).toBeGreaterThanOrEqual(4);
  });
});

test('a scanner that dies anywhere has counted every page it scanned, but for the one it was at', () => {
  /** Visits less pages scanned: they grow alike where no page is merged. */
  const uncounted = ({ host }: World): number =>
    host.files.guestTotals('a').visits - host.files.totals().pagesScanned;
  let before = 0;
  const left = new Set<number>();
  killEverywhere(
    () => {
      const world = new World();
      for (let page = 0; page < PAGES; page++) world.put('a', page, 10 + page);
      world.fullScans();
      before = uncounted(world);
      return world;
    },
    HOLDER_SCANNER,
    (machine, world) => new Ksm(machine, world.host.profile, world.clock).scan(100),
    (world) => {
      left.add(uncounted(world) - before);
      finish(rebuild(world.host.ksm, 0));
      world.host.files.set('run', 1);
    },
    (world, bytes) => expect(world.memory()).toEqual(bytes),
  );
  expect(left).toEqual(new Set([0, 1]));
});
