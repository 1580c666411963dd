/**
 * A store into a write-protected page that seems to be nobody else's, at the moment when the
 * scanner makes a KSM page of its frame.
 */
import { expect, test, vi } from 'vitest';
import { PTE_FRAME, SLOT_WORDS } from '../../src/core/layout.js';
import { Machine } from '../../src/machine/machine.js';
import { SharedMemory } from '../../src/machine/memory.js';
import { HOLDER_SCANNER } from '../../src/machine/pte.js';
import { testedCore } from '../core/tested-core.js';
import { BenchHost, PAGE } from '../ksm/bench-host.js';

test(
  'a KSM page is never written in place: it becomes one after the store has asked how often it ' +
    'is mapped',
  () => {
    const { host } = new BenchHost('6.18', 8);
    host.createGuest('a');
    host.map('a', 'r', 2, { address: PAGE });
    host.memory.store('a', PAGE, new Uint8Array(2 * PAGE).fill(1));
    const { machine } = host;
    const { i32 } = machine.memory;
    const first = host.guests.firstSlot('a', 'r');
    const twin = first + SLOT_WORDS;
    const frame = i32[first + PTE_FRAME];

    // Two pages have just been merged: the scanner holds a reference, and there is no stable node
    // yet.
    const seenBy = (holder: number): Machine =>
      new Machine(SharedMemory.attach(machine.memory.memory, holder));
    const scanner = seenBy(HOLDER_SCANNER);
    const core = testedCore(scanner.memory, HOLDER_SCANNER);
    expect(core.mergeTwins(first, frame, twin, i32[twin + PTE_FRAME], 0)).toBe(1);
    const writer = seenBy(3);
    let apart = 1;
    const real = writer.frames.mapcount.bind(writer.frames);
    vi.spyOn(writer.frames, 'mapcount').mockImplementationOnce((number) => {
      const answer = real(number);
      // The other page is written apart, the frame gets its node, and the scanner is done with it.
      apart = 2;
      host.memory.store('a', 2 * PAGE, Uint8Array.of(apart));
      core.setStableNode(frame, core.stableNodeCreate(frame, 0));
      scanner.frames.put(frame);
      return answer;
    });
    expect(writer.pages.store(first, 0, Uint8Array.of(3))).toBe(0);

    const bytes = new Uint8Array(2 * PAGE);
    host.memory.load('a', PAGE, bytes);
    expect([bytes[0], bytes[1], bytes[PAGE], bytes[PAGE + 1]]).toEqual([3, 1, apart, 1]);
    // Either it is a KSM page still, with what it held, or it is none.
    const held = machine.memory.u8[machine.memory.frameByte(frame)];
    expect(machine.frames.stableNode(frame) === 0 || held === 1).toBe(true);
    expect(i32[first + PTE_FRAME]).not.toBe(i32[twin + PTE_FRAME]);
  },
);
