/** How many contents a host of fingerprints holds, while they come, merge and go. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ManualClock } from '../../src/ksm/clock.js';
import { Host } from '../../src/ksm/host.js';
import { contentsHeld, holdsZeroes } from '../../src/predict/contents-held.js';
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
      for (const each of steps) {
        if ('scanned' in each) host.ksm.scan(each.scanned);
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
      expect(contentsHeld(machine)).toEqual({ contents: held.size, zeroFrames });
      expect(zeroFrames.every((frame) => holdsZeroes(machine, frame))).toBe(true);
    }),
  );
});
