/**
 * What real kernels did, step by step: ksmd does the same, counter for counter, and a recount finds
 * everything in its place. So it does with 16 bytes in place of each page, if they are in the order
 * of the pages: the shape of the trees shows in the counters. Of these it is every fourth here, and
 * all by `npm run fingerprints`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { profileOf } from '../../src/conformance/player.js';
import { parseScenario } from '../../src/conformance/scenario.js';
import { verify } from '../../src/conformance/verify.js';
import { checkHost } from '../../src/inspect/check.js';
import { inOrder } from '../../tools/fingerprints/stand-ins.js';

const TRACES = new URL('../fixtures/kernel-traces/', import.meta.url);

const ONE_IN = 4;

describe.each(readdirSync(TRACES).sort())('%s', (kernel) => {
  const folder = new URL(`${kernel}/`, TRACES);
  const names = readdirSync(folder).map((file) => file.replace(/\.json$/, ''));
  const all = names.sort().map((name, at) => [name, at % ONE_IN === 0] as const);
  test.each(all)(`${kernel}/%s agrees with the kernel`, (name, isAlsoSmall) => {
    const scenario = parseScenario(readFileSync(new URL(`${name}.json`, folder), 'utf8'));
    const profile = profileOf(scenario);
    expect(`linux-${profile.name}`).toBe(kernel);
    const { difference, compared, player } = verify(scenario, profile);
    expect(difference).toBeUndefined();
    expect(compared).toBeGreaterThan(0);
    expect(checkHost(player.host)).toEqual([]);
    if (!isAlsoSmall) return;
    const inPlace = verify(scenario, profile, inOrder(scenario, profile));
    expect(inPlace.difference, '16 bytes a page').toBeUndefined();
    expect(checkHost(inPlace.player.host)).toEqual([]);
  });
});
