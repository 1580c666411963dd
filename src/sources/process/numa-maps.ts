/** On which NUMA nodes a process's mappings lie, from /proc/PID/numa_maps. */
import { readFile } from 'node:fs/promises';

/**
 * By the address of a mapping, in bytes: the node that most of its pages are of. None where all are
 * of node 0, or the kernel does not tell.
 */
export async function nodesOf(pid: number): Promise<Map<number, number>> {
  return parseNumaMaps(await readFile(`/proc/${pid}/numa_maps`, 'latin1').catch(() => ''));
}

export function parseNumaMaps(text: string): Map<number, number> {
  const nodes = new Map<number, number>();
  for (const line of text.split('\n')) {
    const address = Number.parseInt(line, 16);
    let most = 0;
    let node = 0;
    for (const [, number, pages] of line.matchAll(/ N(\d+)=(\d+)/g)) {
      if (Number(pages) <= most) continue;
      most = Number(pages);
      node = Number(number);
    }
    if (node !== 0) nodes.set(address, node);
  }
  return nodes;
}
