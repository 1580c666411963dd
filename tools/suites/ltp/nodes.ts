/** LTP's ksm06: equal pages on two NUMA nodes, with and without merge_across_nodes. */
import type { Checks } from '../checks.js';
import { fullScans } from '../full-scans.js';
import { Memory } from '../memory.js';
import type { Way } from '../way.js';
import { checkCounters } from './counters.js';

const NODES = [0, 1];
const PAGES_A_NODE = 100;
const BYTE = 10;

export async function acrossNodes(way: Way, checks: Checks): Promise<void> {
  const total = PAGES_A_NODE * NODES.length;
  const process = await way.start();
  for (const node of NODES) {
    const memory = await Memory.map(process, PAGES_A_NODE, { nth: node, node });
    await memory.advise('mergeable');
    await memory.fill(BYTE);
  }
  await way.write('sleep_millisecs', 0);
  await way.write('pages_to_scan', total);
  await way.write('run', 2);
  await way.write('max_page_sharing', total);
  for (const across of [1, 0]) {
    await way.write('run', 2);
    await way.write('merge_across_nodes', across);
    await way.write('run', 1);
    await fullScans(way, 2);
    const shared = across === 1 ? 1 : NODES.length;
    const counted = { shared, sharing: total - shared, unshared: 0 };
    await checkCounters(way, checks, `merge_across_nodes ${across}`, 1, counted, total);
  }
  await way.write('run', 2);
}
