/** Whose frames are in a sweep, against a Map. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FrameOwners } from '../../../src/recording/capture/frame-owners.js';

/** Numbers of frames, or addresses where these have none. */
const frames = fc.oneof(
  fc.integer({ min: 1, max: 40 }),
  fc.integer({ min: 1, max: 2 ** 24 }),
  fc.integer({ min: 2 ** 20, max: 2 ** 35 }).map((page) => page * 4096),
);

/** What guests have, each of a few pages in two places once a sweep. */
const sweep = fc.uniqueArray(
  fc.record({
    frame: frames,
    page: fc.integer({ min: 0, max: 5 }).map((page) => (page % 3) * 2 ** 33 + page),
    guest: fc.integer({ min: 1, max: 4 }),
  }),
  { selector: ({ page, guest }) => `${page} ${guest}`, maxLength: 24 },
);

test('a frame is the first guest’s that has it, for those that have it at the same page', () => {
  fc.assert(
    fc.property(fc.array(sweep, { maxLength: 4 }), (sweeps) => {
      const owners = new FrameOwners();
      for (const asked of sweeps) {
        owners.begin();
        const first = new Map<string, number>();
        const shared = new Set<number>();
        for (const { frame, page, guest } of asked) {
          const owner = first.get(`${frame} ${page}`);
          if (owner === undefined) first.set(`${frame} ${page}`, guest);
          else shared.add(owner);
          expect(owners.ownerOf(frame, page, guest)).toBe(owner);
        }
        for (let guest = 1; guest <= 4; guest++)
          expect(owners.sharesFrames(guest)).toBe(shared.has(guest));
      }
    }),
  );
});

test('hundreds of thousands of frames of a family are found again', () => {
  const owners = new FrameOwners();
  const count = 300_000;
  for (const stride of [1, 4096]) {
    owners.begin();
    for (let at = 1; at <= count; at++) owners.ownerOf(at * stride, at, 1);
    let found = 0;
    for (let at = 1; at <= count; at++) if (owners.ownerOf(at * stride, at, 2) === 1) found++;
    expect(found).toBe(count);
  }
});
