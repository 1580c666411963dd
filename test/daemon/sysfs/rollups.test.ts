/** Who waits for a look at a guest, and how many looks are taken for how many who wait. */
import { beforeEach, expect, test, vi } from 'vitest';
import { Rollups } from '../../../src/daemon/sysfs/rollups.js';
import { takeFootprint } from '../../../src/inspect/footprint.js';
import { BenchHost } from '../../ksm/bench-host.js';

vi.mock('../../../src/inspect/footprint.js', { spy: true });

let bench: BenchHost;
let rollups: Rollups;

beforeEach(() => {
  vi.mocked(takeFootprint).mockClear();
  bench = new BenchHost();
  bench.guest('a', [1, 1, 2]);
  bench.guest('b', [1]);
  rollups = new Rollups(bench.host);
});

test('all who ask before a look has begun share it', async () => {
  await Promise.all(['a', 'a', 'b', 'a', 'b'].map((guest) => rollups.look(guest)));
  expect(vi.mocked(takeFootprint).mock.calls.map(([, guest]) => guest)).toEqual(['a', 'b']);
  await rollups.look('a');
  expect(takeFootprint).toHaveBeenCalledTimes(3);
});

test('a guest that goes before its look has begun is not looked at', async () => {
  const looks = [rollups.look('a'), rollups.look('b')];
  bench.host.exitGuest('a');
  await Promise.all([...looks, rollups.look('a')]);
  expect(vi.mocked(takeFootprint).mock.calls.map(([, guest]) => guest)).toEqual(['b']);
});

test('who waits when it is stopped gets EINTR, and so does who comes later', async () => {
  const looks = [rollups.look('a'), rollups.look('b')];
  rollups.stop();
  for (const look of await Promise.allSettled([...looks, rollups.look('a')]))
    expect(look).toMatchObject({ status: 'rejected', reason: { code: 'EINTR' } });
});
