/** The counters of fingerprints are those of pages, but for what the trees' order decides. */
import { expect, test } from 'vitest';
import { Player, profileOf } from '../../src/conformance/player.js';
import { type Op, parseScenario } from '../../src/conformance/scenario.js';
import { kernelProfile } from '../../src/ksm/kernels.js';
import { compared } from '../../tools/fingerprints/compared.js';
import { randomScenario } from '../../tools/fingerprints/random-scenario.js';
import { byKey, inOrder } from '../../tools/fingerprints/stand-ins.js';

const SEEDS = Array.from({ length: 25 }, (_, seed) => seed + 1);
const MERGED = ['pages_shared', 'pages_sharing', 'pages_unshared', 'ksm_zero_pages', 'guest rss'];

test('16 bytes in the order of pages give every counter of random scenarios, every time', () => {
  for (const seed of SEEDS) {
    const scenario = randomScenario(seed);
    const profile = profileOf(scenario);
    const { differences, atRest } = compared(scenario, profile, inOrder(scenario, profile));
    expect([seed, ...differences, ...atRest]).toEqual([seed]);
  }
});

test('fingerprints give what is merged, zero and resident once hosts are at rest', () => {
  for (const seed of SEEDS) {
    const scenario = randomScenario(seed);
    const { observations, atRest } = compared(scenario, profileOf(scenario), byKey(seed));
    expect(observations).toBeGreaterThan(10);
    expect([seed, ...MERGED.filter((counter) => atRest.has(counter))]).toEqual([seed]);
  }
});

test('random scenarios merge, break, split and fork', () => {
  const totals = { merges: 0, cowBreaks: 0, splits: 0 };
  const kinds = new Set<string>();
  for (const seed of SEEDS) {
    const scenario = randomScenario(seed);
    const player = new Player(scenario, profileOf(scenario));
    for (const [index, step] of scenario.ops.entries()) player.play(step, index);
    for (const { op } of scenario.ops) kinds.add(op);
    const of = player.host.files.totals();
    for (const name of ['merges', 'cowBreaks', 'splits'] as const) totals[name] += of[name];
  }
  expect(Math.min(...Object.values(totals))).toBeGreaterThan(0);
  expect([...kinds].sort()).toEqual(
    ['exit', 'fill', 'fork', 'guest', 'madvise', 'region', 'scan', 'set', 'store', 'unmap'].sort(),
  );
});

test('a comparison notices what differs', () => {
  const ops: Op[] = [
    { op: 'guest', guest: 'a' },
    { op: 'region', guest: 'a', region: 'r', addr: '0x10000', pages: 4 },
    { op: 'fill', region: 'r', content: 'rand', arg: 1, step: 1 },
    { op: 'scan', pages: 100, times: 3 },
  ];
  const scenario = parseScenario(JSON.stringify({ ops }));
  // All pages are the same to it.
  const blind = { frameBytes: 16, of: () => new Uint8Array(16).fill(1) };
  const { differences } = compared(scenario, kernelProfile('6.18'), blind);
  expect(differences.get('pages_sharing')).toEqual({ times: 2, most: 3 });
  expect(differences.get('frames')).toEqual({ times: 1, most: 3 });
});
