/** What docs/conformance.md says of smart scan is what a simulation comes to. */
import { expect, test } from 'vitest';
import { Simulation } from '../../src/sim/simulation.js';
import { readDocument, tableUnder } from './markdown.js';

const SECTION = 'why-ksm_tests--n-is-flaky';
const MOST_SCANS = 300;
const PAGE = new Uint8Array(4096).fill(42);

/** A page that was alone for so many full scans, and then its twin is there. */
function lateTwin(aloneScans: number): Simulation {
  const simulation = new Simulation({ memoryBytes: 2 ** 20 });
  simulation.createGuest('g');
  const { address } = simulation.map('g', 'r', { pages: 2 });
  simulation.store('g', address, PAGE);
  for (let scan = 0; scan < aloneScans; scan++) simulation.fullScan();
  simulation.store('g', address + PAGE.length, PAGE);
  return simulation;
}

function hasMerged(simulation: Simulation): boolean {
  return simulation.counters().pages_sharing === 1;
}

/** Full scans until they have merged. */
function scansUntilMerged(simulation: Simulation): number | 'never' {
  for (let scan = 0; scan < MOST_SCANS; scan++) {
    if (hasMerged(simulation)) return scan;
    simulation.fullScan();
  }
  return 'never';
}

test('a page that was alone for long merges with its twin when both are looked at', () => {
  const [merges = []] = tableUnder(readDocument('docs/conformance.md'), SECTION);
  const said = merges.slice(1).map((cell) => (cell === 'never' ? cell : Number(cell)));
  const after = (alone: number): number | 'never' => scansUntilMerged(lateTwin(alone));
  expect(said).toHaveLength(9);
  for (const start of [10, 19, 55]) expect(said.map((_, nth) => after(start + nth))).toEqual(said);
});

test('smart_scan 0 has them merge, and 1 again leaves them merged', () => {
  const simulation = lateTwin(13);
  for (let scan = 0; scan < 60; scan++) simulation.fullScan();
  expect(hasMerged(simulation)).toBe(false);
  simulation.set('smart_scan', 0);
  simulation.fullScan();
  simulation.fullScan();
  expect(hasMerged(simulation)).toBe(true);
  simulation.set('smart_scan', 1);
  for (let scan = 0; scan < 60; scan++) simulation.fullScan();
  expect(hasMerged(simulation)).toBe(true);
});
