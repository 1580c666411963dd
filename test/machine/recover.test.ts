/**
 * Clearing up after a thread that died, what no single operation shows: who waits is woken, what
 * others hold stays held, and only the dead lose locks.
 */

import { expect, test } from 'vitest';
import {
  CTL_FRAMES_FREED,
  CTL_POPULATION_TABLE,
  PTE_DIRTY,
  PTE_HOLDER_MASK,
  PTE_STATE,
  PTE_WRITABLE,
  SLOT_WORDS,
} from '../../src/core/layout.js';
import { checkHost } from '../../src/inspect/check.js';
import { finish } from '../../src/machine/long-work.js';
import { eachSlot, recover } from '../../src/machine/recover.js';
import { Snapshot } from '../../src/snapshot/capture.js';
import { BenchHost, times } from '../ksm/bench-host.js';

const DEAD = 5;
const ALIVE = 6;

function world(): BenchHost {
  const bench = new BenchHost();
  bench.guest('a', [1, 1, 2, 3]);
  bench.guest('b', [1, 4]);
  bench.fullScans(3);
  return bench;
}

test('a machine that nobody died in is left as it is', () => {
  const bench = world();
  const { i32: words, slotTable } = bench.host.machine.memory;
  const slots = (): Int32Array => words.slice(slotTable, slotTable + 512 * SLOT_WORDS);
  const [before, counters, used] = [
    slots(),
    bench.host.files.counters(),
    bench.host.machine.frames.used,
  ];
  expect(finish(recover(bench.host.machine, DEAD))).toBe(0);
  expect(slots()).toEqual(before);
  expect(bench.host.files.counters()).toEqual(counters);
  expect(bench.host.machine.frames.used).toBe(used);
  expect(checkHost(bench.host)).toEqual([]);
});

test('locks of the dead are let go, those of others are not', () => {
  const bench = world();
  const { i32 } = bench.host.machine.memory;
  const slot = (guest: string, page: number): number =>
    bench.host.guests.firstSlot(guest, 'r') + page * SLOT_WORDS;
  const dead = [slot('a', 0), slot('a', 2), slot('b', 1)];
  for (const at of dead) i32[at + PTE_STATE] |= DEAD;
  i32[slot('a', 3) + PTE_STATE] |= ALIVE;
  expect(finish(recover(bench.host.machine, DEAD))).toBe(3);
  for (const at of dead)
    expect(i32[at + PTE_STATE] & (PTE_HOLDER_MASK | PTE_WRITABLE | PTE_DIRTY)).toBe(PTE_DIRTY);
  expect(i32[slot('a', 3) + PTE_STATE] & PTE_HOLDER_MASK).toBe(ALIVE);
  expect(finish(recover(bench.host.machine, ALIVE))).toBe(1);
  expect(checkHost(bench.host)).toEqual([]);
  expect([bench.contents('a'), bench.contents('b')]).toEqual([
    [1, 1, 2, 3],
    [1, 4],
  ]);
});

test('references of the dead are gone, frames taken by it are free again, and those waiting for one look', () => {
  const bench = world();
  const { machine } = bench.host;
  const used = machine.frames.used;
  const { i32 } = machine.memory;
  for (let taken = 0; taken < 5; taken++) expect(machine.frames.take(0)).not.toBe(0);
  const frame = machine.frames.take(0);
  machine.frames.get(frame);
  i32[i32[CTL_POPULATION_TABLE]] += 3;
  expect(checkHost(bench.host)).not.toEqual([]);
  const freed = i32[CTL_FRAMES_FREED];
  finish(recover(machine, DEAD));
  expect(machine.frames.used).toBe(used);
  expect(i32[CTL_FRAMES_FREED]).not.toBe(freed);
  expect(checkHost(bench.host)).toEqual([]);
  // Every frame can be had once, no frame twice.
  const taken = new Set<number>();
  for (let next = machine.frames.take(0); next !== 0; next = machine.frames.take(0)) {
    expect(taken.has(next)).toBe(false);
    taken.add(next);
  }
  expect(taken.size).toBe(machine.frames.total - used);
});

test('frames that a snapshot holds are not freed', () => {
  const bench = world();
  const chunks = Snapshot.take(bench.host).chunks();
  const before = [chunks.next().value, chunks.next().value];
  bench.host.exitGuest('a');
  bench.put('b', 0, 9);
  finish(recover(bench.host.machine, DEAD));
  expect(checkHost(bench.host)).toEqual([]);
  bench.guest(
    'c',
    times(40, 7).map((content, page) => content + page),
  );
  const frames = chunks.next().value ?? new Uint8Array();
  const contents = Array.from({ length: frames.length / 64 }, (_, page) => frames[page * 64 + 63]);
  expect(new Set(contents)).toEqual(new Set([1, 2, 3, 4]));
  expect(before.every((chunk) => chunk !== undefined)).toBe(true);
  chunks.next();
  chunks.next();
  expect(checkHost(bench.host)).toEqual([]);
});

test('every page of every region is gone through, once', () => {
  const bench = world();
  bench.host.map('a', 'other', 3);
  const seen: number[] = [];
  finish(eachSlot(bench.host.machine, (slot) => seen.push(slot)));
  expect(seen.length).toBe(4 + 2 + 3);
  expect(new Set(seen).size).toBe(seen.length);
});
