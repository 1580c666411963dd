/**
 * Frames: taken, referred to, and given back when the last reference goes; also by several threads
 * at once.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, inject, test } from 'vitest';
import { CTL_FRESH_FRAME } from '../../src/core/layout.js';
import { Machine } from '../../src/machine/machine.js';
import { HOLDER_API } from '../../src/machine/pte.js';
import { instantiateTested, testedCore } from '../core/tested-core.js';
import { MORTAL_CORE } from './mortal-core.js';

function machineOf(frames: number): Machine {
  return Machine.create(
    { memoryBytes: frames * 64, pageSize: 64, guestPages: 1, maxGuests: 1, maxRegions: 1 },
    HOLDER_API,
  );
}

function takeAll({ frames }: Machine): number[] {
  const taken: number[] = [];
  for (let frame = frames.take(0); frame !== 0; frame = frames.take(0)) taken.push(frame);
  return taken;
}

test('every frame is handed out once, the zero page never, and then there is none', () => {
  const machine = machineOf(10);
  expect(machine.frames.total).toBe(10);
  expect(takeAll(machine).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(machine.frames.used).toBe(10);
  expect(machine.frames.take(0)).toBe(0);
});

test('a frame lives as long as anybody refers to it, and forgets its stable node as it is freed', () => {
  const { frames, memory } = machineOf(2);
  const frame = frames.take(3);
  expect([frames.mapcount(frame), frames.numaNode(frame), frames.stableNode(frame)]).toEqual([
    1, 3, 0,
  ]);
  testedCore(memory).setStableNode(frame, 77);
  expect(frames.get(frame)).toBe(true);
  frames.put(frame);
  expect([frames.mapcount(frame), frames.stableNode(frame), frames.used]).toEqual([1, 77, 1]);
  frames.put(frame);
  expect([frames.mapcount(frame), frames.stableNode(frame), frames.used]).toEqual([0, 0, 0]);
  expect(frames.get(frame), 'a free frame cannot be referred to').toBe(false);
});

test('frames given back are used again before new ones are touched', () => {
  const machine = machineOf(10);
  const first = machine.frames.take(0);
  const second = machine.frames.take(0);
  machine.frames.put(first);
  machine.frames.put(second);
  expect(new Set([machine.frames.take(0), machine.frames.take(0)])).toEqual(
    new Set([first, second]),
  );
  expect(machine.memory.i32[CTL_FRESH_FRAME]).toBe(3);
});

// Runs in each worker: takes and gives frames at random, and has its name in `owners` for each it
// holds.
const TAKER = `
import { readFileSync } from 'node:fs';
import { workerData, parentPort } from 'node:worker_threads';
const { memory, wasm, owners, name, rounds } = workerData;
const imports = { env: { memory }, checksum: { frameChecksum: () => 0 } };
const module = new WebAssembly.Module(readFileSync(wasm));
const core = new WebAssembly.Instance(module, imports).exports;
core.configure();
let seed = name * 7919;
const random = (n) => ((seed = (seed * 1103515245 + 12345) & 0x7fffffff) >>> 8) % n;
const held = [];
const faults = [];
parentPort.postMessage('ready');
Atomics.wait(owners, 0, 0);
for (let round = 0; round < rounds; round++) {
  if (random(2) === 0) {
    const frame = core.frameTake();
    if (frame === 0) continue;
    const owner = Atomics.exchange(owners, frame, name);
    if (owner !== 0) faults.push(['frame', frame, 'of', owner, 'was handed to', name].join(' '));
    held.push(frame);
  } else if (held.length > 0) {
    const [frame] = held.splice(random(held.length), 1);
    if (Atomics.exchange(owners, frame, 0) !== name)
      faults.push('frame ' + frame + ' was taken from ' + name);
    core.frameGive(frame);
  }
}
parentPort.postMessage({ faults, held });
`;

test('several threads that take and give frames at once never get the same one, and none is lost', async () => {
  // So few that they are all in one word of the free map, and all threads after the same bit.
  const FRAMES = 5;
  const THREADS = 4;
  const machine = machineOf(FRAMES);
  const owners = new Int32Array(new SharedArrayBuffer(4 * (FRAMES + 1)));
  const wasm = inject('testedCore');
  const workers = Array.from({ length: THREADS }, (_, i) => {
    const workerData = {
      memory: machine.memory.memory,
      wasm,
      owners,
      name: i + 1,
      rounds: 300_000,
    };
    return new Worker(new URL(`data:text/javascript,${encodeURIComponent(TAKER)}`), { workerData });
  });
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const answers = workers.map(
    async (worker) => (await once(worker, 'message'))[0] as { faults: string[]; held: number[] },
  );
  Atomics.store(owners, 0, 1);
  Atomics.notify(owners, 0);
  const held: number[] = [];
  for (const answer of await Promise.all(answers)) {
    expect(answer.faults).toEqual([]);
    held.push(...answer.held);
  }
  expect(new Set(held).size).toBe(held.length);
  expect(machine.frames.used).toBe(held.length);
  const rest = takeAll(machine);
  expect(new Set([...held, ...rest]).size, 'held and free frames are all there are').toBe(FRAMES);
});

test('frames are handed out in order of address, from the last one on and then from the start', () => {
  const { frames } = machineOf(100);
  for (let i = 0; i < 100; i++) frames.take(0);
  for (const frame of [70, 3, 35, 98, 36]) frames.put(frame);
  expect([frames.take(0), frames.take(0)]).toEqual([3, 35]);
  frames.put(2);
  expect(Array.from({ length: 5 }, () => frames.take(0))).toEqual([36, 70, 98, 2, 0]);
});

test('a frame is found while one is free, whatever the pace at which another moves ahead in the map', () => {
  for (let looks = 1; looks <= 200; looks++) {
    // 65 words of the map. Of three frames, a third of the map apart, the mover has one: at some
    // paces it is always a little ahead.
    const machine = machineOf(65 * 32 - 1);
    const mover = testedCore(machine.memory);
    takeAll(machine);
    const [first, second, third] = [0, 22, 43].map((word) => word * 32 + 5);
    machine.frames.put(second);
    machine.frames.put(third);
    let have = first;
    let steps = 0;
    // Once in so many looks of the one that takes, the other takes a frame and gives back the one
    // it had.
    const step = (): void => {
      if (++steps % looks !== 0) return;
      const next = mover.frameTake();
      mover.frameGive(have);
      have = next;
    };
    const taker = instantiateTested(MORTAL_CORE, machine.memory, 3, { words: { step } });
    for (let round = 0; round < 50; round++) {
      const frame = taker.frameTake();
      expect(frame, `round ${round}, a move every ${looks} looks`).not.toBe(0);
      taker.frameGive(frame);
    }
  }
});

// Runs in each worker: takes a frame and gives one back, again and again. A mover gives back the
// frame it had before.
const MOVER = `
import { readFileSync } from 'node:fs';
import { workerData, parentPort } from 'node:worker_threads';
const { memory, wasm, go, moves, held, rounds } = workerData;
const imports = { env: { memory }, checksum: { frameChecksum: () => 0 } };
const module = new WebAssembly.Module(readFileSync(wasm));
const core = new WebAssembly.Instance(module, imports).exports;
core.configure();
parentPort.postMessage('ready');
Atomics.wait(go, 0, 0);
let have = held;
let refused = 0;
for (let round = 0; moves ? Atomics.load(go, 1) === 0 : round < rounds; round++) {
  const frame = core.frameTake();
  if (frame === 0) refused++;
  else if (moves) { core.frameGive(have); have = frame; }
  else core.frameGive(frame);
}
Atomics.store(go, 1, 1);
parentPort.postMessage(refused);
`;

test('a frame is found while one is free, wherever in the map others move it', async () => {
  const FRAMES = 65536;
  const machine = Machine.create(
    { memoryBytes: FRAMES * 16, pageSize: 16, guestPages: 1, maxGuests: 1, maxRegions: 1 },
    HOLDER_API,
  );
  const all = takeAll(machine);
  // Two are free, and each of the two threads has one more than it holds for a moment only.
  machine.frames.put(all[10]);
  machine.frames.put(all[40_000]);
  const go = new Int32Array(new SharedArrayBuffer(8));
  const wasm = inject('testedCore');
  const workers = [true, false].map((moves) => {
    const workerData = {
      memory: machine.memory.memory,
      wasm,
      go,
      moves,
      held: all[60_000],
      rounds: 1_000_000,
    };
    return new Worker(new URL(`data:text/javascript,${encodeURIComponent(MOVER)}`), { workerData });
  });
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const answers = workers.map(async (worker) => (await once(worker, 'message'))[0] as number);
  Atomics.store(go, 0, 1);
  Atomics.notify(go, 0);
  expect(await Promise.all(answers)).toEqual([0, 0]);
});
