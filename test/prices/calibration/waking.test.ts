/** What waking costs a processor, told by the times of batches. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { awakeOf, type BatchTime, workIn } from '../../../src/prices/calibration/waking.js';
import { batchPrice } from '../../../src/prices/prices.js';

/** Batches of merged pages, on a processor that these prices are of. */
function times(visitNs: number, batch: number, mostNs: number, overNs: number) {
  const of = (visits: number): BatchTime => {
    const workNs = visits * visitNs;
    return { visits, ns: workNs + batchPrice(workNs, { batch, waking: { mostNs, overNs } }) };
  };
  return { shortest: of(10), short: of(1024), long: of(4096), longest: of(32_768) };
}

const visitNs = fc.double({ min: 100, max: 1000, noNaN: true });
const batch = fc.double({ min: 0, max: 20_000, noNaN: true });
const mostNs = fc.double({ min: 0, max: 1e6, noNaN: true });
/** Any time that is neither over with the first visits nor longer than the longest batch. */
const overNs = fc.double({ min: 250_000, max: 4e6, noNaN: true });

test('a processor’s prices explain its batches, of whatever size', () => {
  fc.assert(
    fc.property(visitNs, batch, mostNs, overNs, fc.integer({ min: 10, max: 32_768 }), (...of) => {
      const [visit, each, most, over, visits] = of;
      const awake = awakeOf(times(visit, each, most, over));
      const found = visits * awake.visitNs + batchPrice(visits * awake.visitNs, awake);
      const workNs = visits * visit;
      const real =
        workNs + batchPrice(workNs, { batch: each, waking: { mostNs: most, overNs: over } });
      expect(found / real).toBeGreaterThan(0.9);
      expect(found / real).toBeLessThan(1.1);
    }),
  );
});

test('one that is as fast at once pays for visits and batches alone', () => {
  const awake = awakeOf(times(400, 9000, 0, 1e6));
  expect(awake.visitNs).toBeCloseTo(400);
  expect(awake.batch).toBeCloseTo(9000);
  expect(awake.waking.mostNs).toBeCloseTo(0);
});

test('the work in a batch is what takes so long together with what is beside it', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e8, noNaN: true }), batch, mostNs, overNs, (...of) => {
      const [workNs, each, most, over] = of;
      const prices = { batch: each, waking: { mostNs: most, overNs: over } };
      expect(workIn(workNs + batchPrice(workNs, prices), prices)).toBeCloseTo(workNs, 0);
    }),
  );
});
