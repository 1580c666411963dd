/**
 * KSM changes nothing that a guest can see. Whatever guests do and whatever is scanned and set
 * meanwhile, every byte is as plain arrays have it, every counter is what a recount gives, and no
 * frame is lost or used twice: under each kernel's order of steps, on one and two NUMA nodes, with
 * frames enough and with too few, in huge pages and without.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CTL_SLOTS_USED, CTL_STABLE_NODES_USED } from '../../src/core/layout.js';
import { checkHost } from '../../src/inspect/check.js';
import { KERNEL_PROFILES } from '../../src/ksm/kernels.js';
import { PlainHost, type Step, step, type World } from './plain-host.js';

const PLENTY = 400;
const TIGHT = 24;

function agrees(world: World, steps: readonly Step[]): void {
  const plain = new PlainHost(world);
  const recount = (): void => {
    const sentences = checkHost(plain.host);
    if (sentences.length > 0) expect(sentences).toEqual([]);
  };
  // Something to begin with, so that short sequences meet it.
  plain.take({ do: 'create', node: 0 });
  plain.take({ do: 'create', node: 1 });
  plain.take({ do: 'register', guest: 0, place: 0, pages: 8, mergeable: true });
  plain.take({ do: 'register', guest: 1, place: 0, pages: 8, mergeable: true });
  for (const step of steps) {
    plain.take(step);
    recount();
    if (step.do !== 'load') plain.assertBytes();
  }
  plain.end();
  recount();
  const { machine } = plain.host;
  expect(machine.frames.used, 'frames in use once all guests are gone').toBe(0);
  expect(machine.memory.i32[CTL_SLOTS_USED], 'slots in use once all guests are gone').toBe(0);
  expect(
    machine.memory.i32[CTL_STABLE_NODES_USED],
    'stable nodes in use once all guests are gone',
  ).toBe(0);
}

describe.each(KERNEL_PROFILES.map(({ name }) => name))('as Linux %s does it', (kernel) => {
  test.each([
    { kernel, nodes: 1, frames: PLENTY },
    { kernel, nodes: 1, frames: TIGHT },
    { kernel, nodes: 2, frames: PLENTY },
    { kernel, nodes: 2, frames: TIGHT },
  ])('guests notice nothing: $nodes NUMA nodes, $frames frames', (world) => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 120, size: 'max' }), (steps) =>
        agrees(world, steps),
      ),
      // Shrinking a failure stops in time to be told.
      { numRuns: 60, interruptAfterTimeLimit: 40_000 },
    );
  });
});

describe.each(['6.1', '6.12', '6.18'] as const)('huge pages, as Linux %s does it', (kernel) => {
  test.each([
    { kernel, nodes: 1, frames: 20_000, huge: true },
    { kernel, nodes: 1, frames: 1400, huge: true },
  ])('guests notice nothing: $frames frames', (world) => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 80, size: 'max' }), (steps) =>
        agrees(world, steps),
      ),
      { numRuns: 10, interruptAfterTimeLimit: 40_000 },
    );
  });
});
