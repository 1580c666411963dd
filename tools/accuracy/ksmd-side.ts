/** ksmd's side: guests that hold what the processes hold, in huge pages where those do. */
import { readFileSync } from 'node:fs';
import { joined } from '../../src/cli/commands/guests/register-process.js';
import type { Client } from '../../src/client/client.js';
import { type PresentRange, ProcessMemory } from '../../src/sources/process-memory.js';
import type { Figures } from './kernel-side.js';
import { mergeableMappings } from './mergeable.js';

/** A guest with what the process has advised mergeable, named after the process. */
export async function registerMergeable(client: Client, pid: number): Promise<void> {
  const memory = await ProcessMemory.open(pid);
  try {
    if (!memory.tellsHugePages) throw new Error('huge pages cannot be told: be root');
    const counted = new Set(mergeableMappings(readFileSync(`/proc/${pid}/smaps`, 'latin1')));
    await client.createGuest(String(pid));
    for (const mapping of memory.mappings) {
      if (!counted.has(mapping.address)) continue;
      const ranges: PresentRange[] = [];
      for await (const range of memory.presentRanges(mapping)) ranges.push(range);
      for (const region of joined(ranges)) {
        const { address, huge } = region;
        const pages = region.length / memory.pageSize;
        await client.map(String(pid), address.toString(16), { pages, address, huge });
        for (const range of region.ranges)
          for await (const part of memory.read(range))
            await client.store(String(pid), part.address, part.bytes);
      }
    }
  } finally {
    await memory.close();
  }
}

export async function figuresOfKsmd(client: Client, pids: readonly number[]): Promise<Figures> {
  const { pages_shared: shared, pages_sharing: sharing } = await client.ksm();
  const figures: Figures = {
    pages_shared: Number(shared),
    pages_sharing: Number(sharing),
    'rmap items': 0,
    Rss: 0,
    'huge pages': 0,
  };
  for (const pid of pids) {
    const guest = await client.guest(String(pid));
    figures['rmap items'] += Number(guest.ksm_stat.ksm_rmap_items ?? 0);
    figures.Rss += guest.presentPages;
    figures['huge pages'] += guest.hugePages;
  }
  return figures;
}
