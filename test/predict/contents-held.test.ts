/** How many contents a host of fingerprints holds, while they come, merge and go. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ManualClock } from '../../src/ksm/clock.js';
import { Host } from '../../src/ksm/host.js';
import { ContentsHeld, holdsZeroes } from '../../src/predict/contents-held.js';
import { restlessContent } from '../../src/predict/restless-content.js';

const FRAME = 16;
const ADDRESS = 0x100000000;
const PAGES = 40;

/** By its number: 0 of zeroes, and a few that differ in one word alone. */
function content(number: number): Buffer {
  if (number >= 100) return restlessContent(number);
  const bytes = Buffer.alloc(FRAME);
  if (number === 0) return bytes;
  bytes.writeUInt32LE(1, 0);
  bytes.writeUInt32LE(number % 5, 4);
  bytes.writeUInt32LE(1 + Math.floor(number / 5), 8);
  return bytes;
}

const step = fc.oneof(
  fc.record({
    page: fc.nat(PAGES - 1),
    content: fc.oneof(fc.nat(20), fc.integer({ min: 100, max: 110 })),
  }),
  fc.record({ dropped: fc.nat(PAGES - 1) }),
  fc.record({ scanned: fc.integer({ min: 1, max: 100 }) }),
  fc.constant({ looked: true } as const),
);

test('are those of its mapped frames, each once', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const host = Host.create(
        { memoryBytes: 2 ** 18, frameBytes: FRAME, guestPages: 64, maxGuests: 2, maxRegions: 8 },
        new ManualClock(),
      );
      host.createGuest('g');
      host.map('g', 'r', PAGES, { address: ADDRESS });
      const { machine } = host;
      const found = new ContentsHeld(machine);
      for (const each of steps) {
        if ('looked' in each) found.look();
        else if ('scanned' in each) host.ksm.scan(each.scanned);
        else if ('dropped' in each)
          host.madvise('g', ADDRESS + each.dropped * 4096, 4096, 'dontneed');
        else host.memory.storePages('g', ADDRESS + each.page * 4096, content(each.content));
      }
      const held = new Set<string>();
      const zeroFrames: number[] = [];
      for (let frame = 1; frame <= machine.frames.total; frame++) {
        if (machine.frames.mapcount(frame) === 0) continue;
        const start = machine.memory.frameByte(frame);
        const bytes = Buffer.from(machine.memory.u8.subarray(start, start + FRAME));
        if (bytes.equals(content(0))) zeroFrames.push(frame);
        else if (bytes[0] !== restlessContent(1)[0]) held.add(bytes.toString('hex'));
      }
      found.look();
      expect(found.contents).toBe(held.size);
      expect(found.zeroFrames).toEqual(zeroFrames);
      expect(zeroFrames.every((frame) => holdsZeroes(machine, frame))).toBe(true);
    }),
  );
});

test('of thousands, that come and go, those that are there are counted', () => {
  const pages = 5000;
  const host = Host.create(
    { memoryBytes: 2 ** 21, frameBytes: FRAME, guestPages: 8192, maxGuests: 2, maxRegions: 8 },
    new ManualClock(),
  );
  host.createGuest('g');
  host.map('g', 'r', pages, { address: ADDRESS });
  const held = new ContentsHeld(host.machine);
  const bytes = Buffer.alloc(FRAME);
  for (let round = 0; round < 6; round++) {
    for (let page = 0; page < pages; page++) {
      // Half of them as the page before has it, and all of a round unlike those of another.
      for (let word = 0; word < FRAME; word += 4)
        bytes.writeUInt32LE((page >> 1) * 6 + round + 1, word);
      host.memory.storePages('g', ADDRESS + page * 4096, bytes);
    }
    held.look();
    expect(held.contents).toBe(pages / 2);
  }
  host.madvise('g', ADDRESS, pages * 4096, 'dontneed');
  held.look();
  expect(held.contents).toBe(0);
});
