/** ksmd's side: guests that hold what the processes hold, in huge pages where those do. */
import { PageUpload } from '../../src/cli/commands/guests/page-upload.js';
import { registerSource } from '../../src/cli/commands/guests/register-source.js';
import type { Client } from '../../src/client/client.js';
import { ProcessSource } from '../../src/sources/process/process-source.js';
import type { Figures } from './kernel-side.js';

/** A guest with what the process has advised mergeable, named after the process. */
export async function registerMergeable(client: Client, pid: number): Promise<void> {
  const source = await ProcessSource.open(pid, 'advised');
  try {
    if (!source.facts.tellsFrames) throw new Error('huge pages cannot be told: be root');
    await registerSource(client, await PageUpload.to(client), String(pid), source);
  } finally {
    await source.close();
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
