/** Scenarios of every op, changed. */
import { mutatedJson, picked, type Random } from './mutated-json.js';

const GUESTS = [
  { op: 'guest', guest: 'a' },
  { op: 'guest', guest: 'b', node: 1 },
  { op: 'region', guest: 'a', region: 'a0', addr: '0x10000', pages: 8 },
  { op: 'region', guest: 'b', region: 'b0', addr: '0x20000', pages: 8, mergeable: false },
  { op: 'fill', region: 'a0', content: 'rand', arg: 7, step: 0 },
  { op: 'fill', region: 'b0', page: 2, count: 4, content: 'rand', arg: 7, step: 1 },
];
const AGREES = { counters: { pages_shared: 0 }, guests: { a: { ksm_merging_pages: 0 } } };

const SCENARIOS: readonly string[] = [
  {
    name: 'all',
    about: 'every op',
    kernel: '6.18.44',
    ops: [
      ...GUESTS,
      { op: 'madvise', region: 'b0', advice: 'mergeable', expect: AGREES },
      { op: 'set', name: 'max_page_sharing', value: 2 },
      { op: 'set', name: 'run', value: 9, error: 'EINVAL' },
      { op: 'scan', pages: 100, times: 2 },
      { op: 'store', region: 'a0', page: 3, offset: 8, value: 1 },
      { op: 'scan', pages: 5 },
      { op: 'madvise', region: 'a0', page: 1, count: 2, advice: 'unmergeable' },
      { op: 'set', name: 'run', value: 2 },
      { op: 'scan', pages: 100, times: 3 },
      { op: 'unmap', region: 'b0' },
      { op: 'exit', guest: 'a' },
    ],
  },
  {
    ops: [
      ...GUESTS,
      { op: 'set', name: 'advisor_mode', value: 'scan-time' },
      { op: 'set', name: 'use_zero_pages', value: 1 },
      { op: 'fill', region: 'a0', content: 'zero' },
      { op: 'set', name: 'advisor_mode', value: 'none' },
      { op: 'scan', pages: 50, times: 2, expect: [AGREES, AGREES] },
      { op: 'scan', pages: 50, expect: AGREES },
    ],
  },
  { kernel: '6.1.192', ops: [...GUESTS, { op: 'scan', pages: 9, times: 9 }] },
  {
    ops: [
      ...GUESTS,
      { op: 'region', guest: 'a', region: 'h', addr: '0x200000', pages: 1100, huge: true },
      { op: 'fill', region: 'h', count: 600, content: 'rand', arg: 7, step: 1 },
      { op: 'fork', guest: 'a', child: 'c' },
      { op: 'store', region: 'h@c', page: 3, offset: 8, value: 1 },
      { op: 'scan', pages: 5000, times: 3 },
      { op: 'madvise', region: 'h', advice: 'collapse', error: 'EAGAIN' },
      {
        op: 'exit',
        guest: 'c',
        expect: { counters: {}, guests: {}, memory: { a: { rss: 1608, huge: 0 } } },
      },
    ],
  },
].map((scenario) => JSON.stringify(scenario));

/** One of them, changed. */
export function mutatedScenario(random: Random): string {
  const text = mutatedJson(picked(SCENARIOS, random), random);
  if (random(20) > 0) return text;
  const at = random(text.length);
  return picked([text.slice(0, at), text.slice(at), `${text}${text.slice(at)}`, '﻿'], random);
}
