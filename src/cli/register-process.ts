/** A guest with the memory of a live process: a region a mapping, at the same addresses, holding the pages that are present. */
import { LocalError } from './failures.js';
import { type Mapping, PROCESS_PAGE_BYTES, ProcessMemory, type Run } from './process-memory.js';
import { Progress } from './progress.js';
import type { Session } from './verb.js';
import { count, size } from './wording.js';

interface PresentMapping extends Mapping {
  readonly runs: readonly Run[];
}

export async function registerProcess({ client, print }: Session, guest: string, pid: number): Promise<void> {
  const memory = await ProcessMemory.open(pid);
  try {
    const { pageSize } = await client.status();
    if (pageSize > PROCESS_PAGE_BYTES) throw new LocalError('EINVAL', `the daemon's pages of ${pageSize} bytes are larger than the process's`);
    const mappings = await presentMappings(memory);
    const presentBytes = mappings.flatMap(({ runs }) => runs).reduce((sum, { length }) => sum + length, 0);
    if (presentBytes === 0) throw new LocalError('EINVAL', `process ${pid} has no private anonymous memory that is present`);

    await client.createGuest(guest);
    for (const { address, length } of mappings) await client.map(guest, address.toString(16), { pages: length / pageSize, address });
    const progress = new Progress(guest, presentBytes);
    let storedBytes = 0;
    try {
      for (const run of mappings.flatMap(({ runs }) => runs)) {
        for await (const { address, bytes } of memory.read(run)) {
          await client.store(guest, address, bytes);
          storedBytes += bytes.length;
        }
        progress.add(run.length);
      }
    } finally {
      progress.end();
    }
    print(`${guest}: ${count(storedBytes / pageSize, 'page')} (${size(storedBytes)}) of process ${pid} in ${count(mappings.length, 'mapping')}`);
    const unreadable = (presentBytes - storedBytes) / PROCESS_PAGE_BYTES;
    if (unreadable > 0) print(`${count(unreadable, 'page')} could not be read: gone meanwhile, or kept from readers by the kernel`);
  } finally {
    await memory.close();
  }
}

/** Mappings with anything in them. */
async function presentMappings(memory: ProcessMemory): Promise<PresentMapping[]> {
  const found: PresentMapping[] = [];
  for (const mapping of memory.mappings) {
    const runs: Run[] = [];
    for await (const run of memory.presentRuns(mapping)) runs.push(run);
    if (runs.length > 0) found.push({ ...mapping, runs });
  }
  return found;
}
