/** Present pages of a process, and the regions that they become. */
import { expect, test } from 'vitest';
import type { Span } from '../../../src/sources/process/page-table.js';
import { joinTo, type ProcessRegion } from '../../../src/sources/process/process-source.js';

const PAGE = 4096;

function at(number: number, pages: number, huge = false): Span {
  return { address: number * PAGE, length: pages * PAGE, huge };
}

function regionsOf(spans: readonly Span[]): ProcessRegion[] {
  const regions: ProcessRegion[] = [];
  joinTo(regions, spans, undefined);
  return regions;
}

test('pages next to each other are one region, over small gaps too; what lies far apart is not', () => {
  const spans = [at(0, 2), at(2, 1), at(67, 1), at(133, 1)];
  expect(regionsOf(spans)).toEqual([
    { ...at(0, 68), node: undefined, spans: [at(0, 3), at(67, 1)] },
    { ...at(133, 1), node: undefined, spans: spans.slice(3) },
  ]);
});

test('huge pages are a region of those alone, without a gap', () => {
  const spans = [
    at(511, 1),
    at(512, 512, true),
    at(1024, 512, true),
    at(2048, 512, true),
    at(2560, 1),
  ];
  expect(regionsOf(spans).map(({ address, length }) => [address / PAGE, length / PAGE])).toEqual([
    [511, 1],
    [512, 1024],
    [2048, 512],
    [2560, 1],
  ]);
});

test('mappings on two NUMA nodes are two regions', () => {
  const regions: ProcessRegion[] = [];
  joinTo(regions, [at(1, 1)], 0);
  joinTo(regions, [at(2, 1)], 1);
  joinTo(regions, [at(3, 1)], 1);
  expect(regions.map(({ node, length }) => [node, length / PAGE])).toEqual([
    [0, 1],
    [1, 2],
  ]);
});
