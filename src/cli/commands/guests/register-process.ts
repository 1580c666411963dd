/**
 * A guest with the memory of a live process, at the same addresses, holding the pages that are
 * present.
 *
 * Programs reserve far more than they use, so a region is not a mapping but a stretch of it with
 * present pages, small gaps included.
 */
import { KsmdError } from '../../../errors.js';
import { PROCESS_PAGE_BYTES, ProcessMemory, type Run } from '../../../sources/process-memory.js';
import { Progress } from '../../terminal/progress.js';
import { count, size } from '../../terminal/wording.js';
import type { Session } from '../../verb.js';
import { withNewGuest } from './with-new-guest.js';

/** Untouched pages cost less than one more region. */
const MAX_GAP_BYTES = 64 * PROCESS_PAGE_BYTES;

/** What becomes a region. */
export interface Stretch {
  readonly address: number;
  length: number;
  readonly runs: Run[];
}

export async function registerProcess(
  { client, print }: Session,
  guest: string,
  pid: number,
): Promise<void> {
  const memory = await ProcessMemory.open(pid);
  try {
    const { pageSize } = await client.status();
    if (pageSize > PROCESS_PAGE_BYTES)
      throw new KsmdError(
        'EINVAL',
        `the daemon's pages of ${pageSize} bytes are larger than the process's`,
      );
    const found = await presentStretches(memory);
    const runs = found.stretches.flatMap((stretch) => stretch.runs);
    const presentBytes = runs.reduce((sum, { length }) => sum + length, 0);
    if (presentBytes === 0)
      throw new KsmdError(
        'EINVAL',
        `process ${pid} has no private anonymous memory that is present`,
      );

    const progress = new Progress(guest, presentBytes);
    const storedBytes = await withNewGuest(client, guest, async () => {
      for (const { address, length } of found.stretches)
        await client.map(guest, address.toString(16), { pages: length / pageSize, address });
      let stored = 0;
      for (const run of runs) {
        for await (const { address, bytes } of memory.read(run)) {
          await client.store(guest, address, bytes);
          stored += bytes.length;
        }
        progress.add(run.length);
      }
      return stored;
    }).finally(() => progress.end());
    print(
      `${guest}: ${count(storedBytes / pageSize, 'page')} (${size(storedBytes)}) of ` +
        `process ${pid} in ${count(found.mappings, 'mapping')}`,
    );
    const unreadable = (presentBytes - storedBytes) / PROCESS_PAGE_BYTES;
    if (unreadable > 0)
      print(
        `${count(unreadable, 'page')} could not be read: gone meanwhile, or kept from ` +
          'readers by the kernel',
      );
    if (memory.swappedPages > 0) print(`${count(memory.swappedPages, 'page')} left out: in swap`);
  } finally {
    await memory.close();
  }
}

/** What is present, and in how many mappings. */
async function presentStretches(
  memory: ProcessMemory,
): Promise<{ stretches: Stretch[]; mappings: number }> {
  const stretches: Stretch[] = [];
  let mappings = 0;
  for (const mapping of memory.mappings) {
    const runs: Run[] = [];
    for await (const run of memory.presentRuns(mapping)) runs.push(run);
    if (runs.length > 0) mappings++;
    stretches.push(...joined(runs));
  }
  return { stretches, mappings };
}

/** Runs in order of address, joined where the gap between two is small. */
export function joined(runs: readonly Run[]): Stretch[] {
  const stretches: Stretch[] = [];
  for (const run of runs) {
    const last = stretches.at(-1);
    if (last === undefined || run.address - (last.address + last.length) > MAX_GAP_BYTES)
      stretches.push({ ...run, runs: [run] });
    else {
      last.length = run.address + run.length - last.address;
      last.runs.push(run);
    }
  }
  return stretches;
}
