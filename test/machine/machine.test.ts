/**
 * Guests' memory: what is stored is loaded, at any page size; untouched pages cost nothing; and
 * every refusal changes nothing.
 */

import { describe, expect, test } from 'vitest';
import { CTL_FRAMES_USED, CTL_STORES_FAILED } from '../../src/core/layout.js';
import type { Errno } from '../../src/errors.js';
import { check } from '../../src/inspect/check.js';
import { kernelProfile } from '../../src/ksm/kernels.js';
import { MmList } from '../../src/ksm/mm-list.js';
import { finish } from '../../src/machine/long-work.js';
import { Machine } from '../../src/machine/machine.js';
import { SharedMemory } from '../../src/machine/memory.js';
import { HOLDER_API } from '../../src/machine/pte.js';
import { DEFAULT_KERNEL } from '../../src/names.js';

const PAGE_SIZES = [16, 32, 64, 256, 1024, 4096, 16384, 65536];

function machineOf(frames: number, pageSize = 64): Machine {
  const machine = Machine.create(
    { memoryBytes: frames * pageSize, pageSize, guestPages: 64, maxGuests: 3, maxRegions: 4 },
    HOLDER_API,
  );
  new MmList(machine.memory);
  return machine;
}

function recount(machine: Machine): string[] {
  return finish(check(machine, kernelProfile(DEFAULT_KERNEL)));
}

function load(machine: Machine, guest: number, address: number, length: number): number[] {
  const target = new Uint8Array(length).fill(0xee);
  machine.load(guest, address, target);
  return [...target];
}

/** All words but the frames' and the count of failed stores, which is there to count refusals. */
function bookkeeping(machine: Machine): Int32Array {
  const words = machine.memory.i32.slice(0, machine.memory.frameByte(0) / 4);
  words[CTL_STORES_FAILED] = 0;
  return words;
}

describe.each(PAGE_SIZES)('pages of %i bytes', (pageSize) => {
  test('what is stored anywhere is loaded again, across pages too; what is not is zeroes', () => {
    const machine = machineOf(20, pageSize);
    const guest = machine.guests.create();
    finish(machine.map(guest, 5, pageSize));
    const bytes = Uint8Array.from({ length: 2 * pageSize + 2 }, (_, i) => i % 251);
    machine.store(guest, 2 * pageSize - 1, bytes);
    expect(load(machine, guest, 2 * pageSize - 1, bytes.length)).toEqual([...bytes]);
    expect(load(machine, guest, pageSize, pageSize - 1)).toEqual(
      Array.from({ length: pageSize - 1 }, () => 0),
    );
    expect(load(machine, guest, 4 * pageSize + 1, 2 * pageSize - 1)).toEqual(
      Array.from({ length: 2 * pageSize - 1 }, () => 0),
    );
    expect(machine.frames.used).toBe(4);
    expect(recount(machine)).toEqual([]);
  });

  test('memory that runs out stores whole pages and says how many bytes', () => {
    const machine = machineOf(3, pageSize);
    const guest = machine.guests.create();
    finish(machine.map(guest, 8, pageSize));
    const bytes = new Uint8Array(5 * pageSize).fill(7);
    // Half a page, then two whole ones, then none.
    const start = pageSize + pageSize / 2;
    const stored = 2 * pageSize + pageSize / 2;
    expect(() => machine.store(guest, start, bytes)).toThrow(
      expect.objectContaining({
        code: 'ENOMEM',
        details: { bytesStored: stored },
        message: expect.stringContaining(`${stored} of ${bytes.length} bytes`),
      }),
    );
    expect(load(machine, guest, start, stored).every((byte) => byte === 7)).toBe(true);
    expect(
      load(machine, guest, start + stored, bytes.length - stored).every((byte) => byte === 0),
    ).toBe(true);
    expect(recount(machine)).toEqual([]);
    // Pages that have a frame can still be stored to, and loads take none.
    machine.store(guest, 2 * pageSize, new Uint8Array(2 * pageSize).fill(8));
    expect(load(machine, guest, 2 * pageSize, 1)).toEqual([8]);
  });
});

test('untouched pages cost no frame: not mapped, not loaded, not dropped', () => {
  const machine = machineOf(10);
  const guest = machine.guests.create();
  const region = finish(machine.map(guest, 60));
  load(machine, guest, machine.regions.vpn(region) * 64, 60 * 64);
  finish(machine.dropPages(region, 0, 60));
  finish(machine.advise(region, 0, 60, true));
  expect(machine.memory.i32[CTL_FRAMES_USED]).toBe(0);
  machine.store(guest, machine.regions.vpn(region) * 64, Uint8Array.of(1));
  expect(machine.memory.i32[CTL_FRAMES_USED]).toBe(1);
});

test('dropped pages read as zeroes and give their frames back', () => {
  const machine = machineOf(4);
  const guest = machine.guests.create();
  const region = finish(machine.map(guest, 4, 64));
  machine.store(guest, 64, new Uint8Array(256).fill(1));
  finish(machine.dropPages(region, 1, 2));
  expect(machine.frames.used).toBe(2);
  expect(load(machine, guest, 64, 256)).toEqual(
    [1, 0, 0, 1].flatMap((byte) => Array.from({ length: 64 }, () => byte)),
  );
  // A frame used again holds nothing of what it held, even where only a byte is stored.
  machine.store(guest, 128 + 5, Uint8Array.of(9));
  expect(load(machine, guest, 128, 64)).toEqual(
    Array.from({ length: 64 }, (_, i) => (i === 5 ? 9 : 0)),
  );
  finish(machine.unmap(region));
  expect(machine.frames.used).toBe(0);
  expect(recount(machine)).toEqual([]);
});

test('a few bytes are what they are among many, wherever they begin, of pages written and untouched', () => {
  const machine = machineOf(4);
  const guest = machine.guests.create();
  finish(machine.map(guest, 3, 64));
  machine.store(
    guest,
    64,
    Uint8Array.from({ length: 64 }, (_, i) => i + 1),
  );
  machine.store(guest, 192, Uint8Array.of(255));
  const all = load(machine, guest, 64, 192);
  for (let from = 0; from < all.length; from++) {
    for (let length = 0; length <= Math.min(34, all.length - from); length++) {
      expect(load(machine, guest, 64 + from, length)).toEqual(all.slice(from, from + length));
    }
  }
});

test('guests have the same addresses and not the same memory', () => {
  const machine = machineOf(10);
  const [a, b] = [machine.guests.create(), machine.guests.create()];
  finish(machine.map(a, 1, 64));
  finish(machine.map(b, 1, 64));
  machine.store(a, 64, Uint8Array.of(1));
  machine.store(b, 64, Uint8Array.of(2));
  expect([load(machine, a, 64, 1), load(machine, b, 64, 1)]).toEqual([[1], [2]]);
});

test('a page is locked by whoever has it, and others are told', () => {
  const machine = machineOf(10);
  const guest = machine.guests.create();
  const slot = machine.regions.slot(finish(machine.map(guest, 1, 64)), 1);
  expect(machine.lock.take(slot, 0)).toBe(0);
  expect(machine.lock.take(slot, 0)).toBe(-1);
  expect(recount(machine)).toEqual([`page 0x40 of guest entry 0 is locked by ${HOLDER_API}`]);
  machine.lock.release(slot, 0);
  expect(machine.lock.take(slot, 0)).toBe(0);
});

describe('every refusal changes nothing', () => {
  const machine = machineOf(8);
  const guest = machine.guests.create();
  const region = finish(machine.map(guest, 4, 640));
  machine.store(guest, 640, new Uint8Array(256).fill(5));
  const byte = Uint8Array.of(1);

  test.each<[what: string, code: Errno, act: () => void]>([
    ['a region of no pages', 'EINVAL', () => finish(machine.map(guest, 0))],
    ['a region of half a page', 'EINVAL', () => finish(machine.map(guest, 0.5))],
    ['an address that is unaligned', 'EINVAL', () => finish(machine.map(guest, 1, 100))],
    ['an address that is no number', 'EINVAL', () => finish(machine.map(guest, 1, Number.NaN))],
    ['address 0', 'EINVAL', () => finish(machine.map(guest, 1, 0))],
    ['an address below 0', 'EINVAL', () => finish(machine.map(guest, 1, -64))],
    ['an address too high', 'EINVAL', () => finish(machine.map(guest, 1, 2 ** 47))],
    ['a region that reaches too high', 'EINVAL', () => finish(machine.map(guest, 2, 2 ** 47 - 64))],
    ['a region over the start of another', 'EINVAL', () => finish(machine.map(guest, 2, 640 - 64))],
    ['a region within another', 'EINVAL', () => finish(machine.map(guest, 1, 640 + 64))],
    ['a region over the end of another', 'EINVAL', () => finish(machine.map(guest, 2, 640 + 192))],
    ['more pages than there are slots', 'ENOSPC', () => finish(machine.map(guest, 61))],
    ['a guest on a NUMA node there is not', 'EINVAL', () => machine.guests.create(16)],
    ['a guest on half a NUMA node', 'EINVAL', () => machine.guests.create(0.5)],
    ['a store below a region', 'EFAULT', () => machine.store(guest, 639, byte)],
    ['a store behind a region', 'EFAULT', () => machine.store(guest, 640 + 256, byte)],
    [
      'a store that begins in a region and ends outside',
      'EFAULT',
      () => machine.store(guest, 640 + 255, new Uint8Array(2)),
    ],
    [
      'a store that begins outside and ends in a region',
      'EFAULT',
      () => machine.store(guest, 639, new Uint8Array(2)),
    ],
    ['a store at an address below 0', 'EINVAL', () => machine.store(guest, -1, byte)],
    ['a store at an address between bytes', 'EINVAL', () => machine.store(guest, 640.5, byte)],
    [
      'a load at an address between bytes',
      'EINVAL',
      () => machine.load(guest, 640.5, new Uint8Array(1)),
    ],
    ['a load behind a region', 'EFAULT', () => machine.load(guest, 640 + 256, new Uint8Array(1))],
    ['a load of more than a region', 'EFAULT', () => machine.load(guest, 640, new Uint8Array(257))],
    ['a load at no number', 'EINVAL', () => machine.load(guest, Number.NaN, new Uint8Array(1))],
  ])('%s', (_what, code, act) => {
    const before = bookkeeping(machine);
    expect(act).toThrow(expect.objectContaining({ code }));
    expect(bookkeeping(machine)).toEqual(before);
    expect(load(machine, guest, 640, 256).every((value) => value === 5)).toBe(true);
  });

  test('memory that runs out before the first byte', () => {
    const small = machineOf(1);
    const guest = small.guests.create();
    finish(small.map(guest, 2, 64));
    small.store(guest, 64, byte);
    const before = bookkeeping(small);
    expect(() => small.store(guest, 128, byte)).toThrow(
      expect.objectContaining({ code: 'ENOMEM' }),
    );
    const after = bookkeeping(small);
    // A store marks the page as it takes its lock: the scanner will look at it once more.
    const changed = [...after.entries()].filter(([word, value]) => value !== before[word]);
    expect(changed.length).toBeLessThanOrEqual(1);
    expect(recount(small)).toEqual([]);
  });

  test('a full table', () => {
    const full = machineOf(8);
    const guests = [full.guests.create(), full.guests.create(), full.guests.create()];
    for (let i = 0; i < 4; i++) finish(full.map(guests[0], 1, 64 + i * 640));
    const before = bookkeeping(full);
    expect(() => full.guests.create()).toThrow(expect.objectContaining({ code: 'ENOSPC' }));
    expect(() => finish(full.map(guests[0], 1))).toThrow(
      expect.objectContaining({ code: 'ENOSPC' }),
    );
    expect(bookkeeping(full)).toEqual(before);
  });

  test('nothing at all was changed but for what was asked', () => {
    expect(machine.regions.pages(region)).toBe(4);
    expect(recount(machine)).toEqual([]);
  });
});

test.each([
  [{ memoryBytes: 4096, pageSize: 8 }],
  [{ memoryBytes: 4096, pageSize: 48 }],
  [{ memoryBytes: 131072 * 4, pageSize: 131072 }],
  [{ memoryBytes: 0 }],
  [{ memoryBytes: 4095 }],
  [{ memoryBytes: 4096 + 64 }],
  [{ memoryBytes: Number.NaN }],
  [{ memoryBytes: 2 ** 32 }],
])('a machine that cannot be is refused: %j', (geometry) => {
  expect(() => SharedMemory.create(geometry, HOLDER_API)).toThrow(
    expect.objectContaining({ code: 'EINVAL' }),
  );
});

test('bookkeeping is at most 64 bytes a registered page', () => {
  const pages = 1 << 16;
  const small = SharedMemory.create({ memoryBytes: 4096, guestPages: 4096 }, HOLDER_API);
  const large = SharedMemory.create({ memoryBytes: 4096, guestPages: 4096 + pages }, HOLDER_API);
  expect(large.memory.buffer.byteLength - small.memory.buffer.byteLength).toBeLessThanOrEqual(
    64 * pages,
  );
});
