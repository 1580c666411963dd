/**
 * A guest with the memory of a live process, at the same addresses, holding the pages that are
 * present.
 *
 * Programs reserve far more than they use. So a region is not a whole mapping but a part of it that
 * is present, small gaps included.
 */
import type { Client } from '../../../client/client.js';
import { isKsmdError, KsmdError } from '../../../errors.js';
import { type PresentRange, ProcessMemory } from '../../../sources/process-memory.js';
import { Progress } from '../../terminal/progress.js';
import { count, size } from '../../terminal/wording.js';
import type { Session } from '../../verb.js';
import { withNewGuest } from './with-new-guest.js';

/** Untouched pages cost less than one more region. */
const MAX_GAP_BYTES = 256 * 1024;

/** A region to be made, and what of it is present. */
export interface NewRegion {
  readonly address: number;
  length: number;
  readonly huge: boolean;
  readonly ranges: PresentRange[];
}

export async function registerProcess(
  { client, print }: Session,
  guest: string,
  pid: number,
  node: number | undefined,
): Promise<void> {
  const memory = await ProcessMemory.open(pid);
  try {
    const { pageSize } = await client.status();
    if (pageSize > memory.pageSize)
      throw new KsmdError(
        'EINVAL',
        `the daemon's pages of ${pageSize} bytes are larger than the process's`,
      );
    const found = await newRegions(memory);
    const ranges = found.regions.flatMap((region) => region.ranges);
    const presentBytes = ranges.reduce((sum, { length }) => sum + length, 0);
    if (presentBytes === 0)
      throw new KsmdError(
        'EINVAL',
        `process ${pid} has no private anonymous memory that is present`,
      );

    const progress = new Progress(guest, presentBytes);
    const storedBytes = await withNewGuest(
      client,
      guest,
      async () => {
        if (memory.mergesAny) await mergeAny(client, guest, print);
        for (const { address, length, huge } of found.regions)
          await client.map(guest, address.toString(16), {
            pages: length / pageSize,
            address,
            huge,
          });
        let stored = 0;
        for (const range of ranges) {
          for await (const { address, bytes } of memory.read(range)) {
            await client.store(guest, address, bytes);
            stored += bytes.length;
          }
          progress.add(range.length);
        }
        return stored;
      },
      node,
    ).finally(() => progress.end());
    print(
      `${guest}: ${count(storedBytes / pageSize, 'page')} (${size(storedBytes)}) of ` +
        `process ${pid} in ${count(found.mappings, 'mapping')}`,
    );
    const unreadable = (presentBytes - storedBytes) / memory.pageSize;
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

/** As the process has it; a kernel that does not know PR_SET_MEMORY_MERGE goes without. */
async function mergeAny(client: Client, guest: string, print: Session['print']): Promise<void> {
  try {
    await client.prctl(guest, true);
  } catch (error) {
    if (!isKsmdError(error, 'EINVAL')) throw error;
    print(`left out: that all it maps is mergeable (${error.message})`);
  }
}

/** What is present, and in how many mappings. */
async function newRegions(
  memory: ProcessMemory,
): Promise<{ regions: NewRegion[]; mappings: number }> {
  const regions: NewRegion[] = [];
  let mappings = 0;
  for (const mapping of memory.mappings) {
    const ranges: PresentRange[] = [];
    for await (const range of memory.presentRanges(mapping)) ranges.push(range);
    if (ranges.length > 0) mappings++;
    regions.push(...joined(ranges));
  }
  return { regions, mappings };
}

/** Ranges in order of address, joined to a region where the gap between two is small. */
export function joined(ranges: readonly PresentRange[]): NewRegion[] {
  const regions: NewRegion[] = [];
  for (const range of ranges) {
    const last = regions.at(-1);
    const gap = last === undefined ? 0 : range.address - (last.address + last.length);
    // Huge pages begin on their own, and whole: the first store makes each.
    if (last === undefined || last.huge !== range.huge || gap > (range.huge ? 0 : MAX_GAP_BYTES))
      regions.push({ ...range, ranges: [range] });
    else {
      last.length = range.address + range.length - last.address;
      last.ranges.push(range);
    }
  }
  return regions;
}
