/** Which host takes which guests, against all ways there are. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { relabelled } from '../../../src/fleet/placement/relabel.js';

function orders(numbers: readonly number[]): number[][] {
  if (numbers.length === 0) return [[]];
  return numbers.flatMap((first) =>
    orders(numbers.filter((other) => other !== first)).map((rest) => [first, ...rest]),
  );
}

const stay = (hostOf: ArrayLike<number>, today: readonly number[]): number =>
  today.filter((host, guest) => host === hostOf[guest]).length;

const FLEETS = fc.integer({ min: 1, max: 5 }).chain((hosts) =>
  fc.record({
    hosts: fc.constant(hosts),
    guests: fc.array(fc.record({ host: fc.nat(hosts - 1), today: fc.nat(hosts) }), {
      maxLength: 20,
    }),
  }),
);

test.each([undefined, 0])('together stay who is together; %s', (mostAssigned) => {
  fc.assert(
    fc.property(FLEETS, ({ hosts, guests }) => {
      const hostOf = Int32Array.from(guests, ({ host }) => host);
      const today = guests.map((guest) => guest.today);
      const found = relabelled(hostOf, today, hosts, mostAssigned);
      const pairs = new Set(guests.map(({ host }, guest) => `${host} ${found[guest]}`));
      expect(pairs.size).toBe(new Set(hostOf).size);
      expect(new Set(found).size).toBe(new Set(hostOf).size);
      for (const host of found) expect(host).toBeGreaterThanOrEqual(0);
      for (const host of found) expect(host).toBeLessThan(hosts);
    }),
  );
});

test('most guests stay where they are, of all ways to name hosts', () => {
  fc.assert(
    fc.property(FLEETS, ({ hosts, guests }) => {
      const hostOf = Int32Array.from(guests, ({ host }) => host);
      const today = guests.map((guest) => guest.today);
      const most = orders([...Array(hosts).keys()]).map((names) =>
        stay(
          hostOf.map((host) => names[host] ?? -1),
          today,
        ),
      );
      expect(stay(relabelled(hostOf, today, hosts), today)).toBe(Math.max(...most));
    }),
    { numRuns: 300 },
  );
});
