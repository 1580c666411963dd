/**
 * Memory of recorded guests on its way to a daemon of fingerprints: regions, and what stands for
 * their pages. A guest that cannot be made whole is not left behind.
 */
import type { Client } from '../../../client/client.js';
import { FINGERPRINT_BYTES } from '../../../fingerprints/fingerprint.js';
import type { RecordingHeader } from '../../../recording/format.js';
import { differencesOf, sharedPages } from '../../../recording/recorded-family.js';
import type { RecordedFrames } from '../../../recording/recorded-frames.js';
import type { RecordedMemory } from '../../../recording/recorded-memory.js';
import { count, size } from '../../../wording/amounts.js';
import { Progress } from '../../terminal/progress.js';
import { setMergesAny } from './merges-any.js';
import { beginGuest, endGuest } from './unfinished.js';
import { watchedChunks } from './watched-chunks.js';
import { withNewGuest } from './with-new-guest.js';

/** Where a machine's memory goes that begins at 0, as no region may. */
const FIRST_ADDRESS = 0x100000000;

/** A recorded guest, and what it is called here. */
export interface Named {
  readonly guest: string;
  readonly memory: RecordedMemory;
}

interface PageRange {
  readonly page: number;
  readonly pages: number;
}

export class RecordedUpload {
  constructor(
    private readonly client: Client,
    private readonly frames: RecordedFrames,
    private readonly header: RecordingHeader,
    /** A sample has single pages of huge ones. */
    private readonly takesHugePages: boolean,
    /** The NUMA node of what the recording does not place. */
    private readonly node: number | undefined,
  ) {}

  /** The one that shares most with it. Images are of machines, and share nothing. */
  parentOf({ memory }: Named, others: readonly Named[]): Named | undefined {
    let most = 0;
    let parent: Named | undefined;
    for (const other of others) {
      if (memory.guest.facts.pid === 0 || other.memory.guest.facts.pid === 0) continue;
      const shared = sharedPages(this.frames, other.memory, memory);
      if (shared <= most) continue;
      most = shared;
      parent = other;
    }
    return parent;
  }

  /** Lines for people. */
  async registerAlone(named: Named): Promise<string[]> {
    const { client, node } = this;
    const { guest, memory } = named;
    return withNewGuest(
      client,
      guest,
      async () => {
        const { mergesAny } = memory.guest.facts;
        const said = mergesAny ? await setMergesAny(client, guest, true) : [];
        await this.showing(named, (progress) => this.add(named, progress));
        return said;
      },
      node,
    );
  }

  /** As a copy of its parent's guest, of which it keeps what it shares. Lines for people. */
  async registerForked(named: Named, parent: Named): Promise<string[]> {
    const { client } = this;
    const { guest, memory } = named;
    const { mergesAny } = await client.fork(parent.guest, guest);
    beginGuest(client, guest);
    try {
      const shared = await this.showing(named, (progress) => this.change(named, parent, progress));
      const wanted = memory.guest.facts.mergesAny;
      const flag = mergesAny === wanted ? [] : await setMergesAny(client, guest, wanted);
      const pages = `${count(shared, 'page')} (${size(shared * this.header.pageSize)})`;
      return [`  ${pages} are the same as ${parent.guest}'s since a fork`, ...flag];
    } catch (error) {
      await client.removeGuest(guest).catch(() => {});
      throw error;
    } finally {
      endGuest(guest);
    }
  }

  private async showing<Result>(
    { guest, memory }: Named,
    work: (progress: Progress) => Promise<Result>,
  ): Promise<Result> {
    const progress = new Progress(guest, memory.tally.present * this.header.pageSize);
    try {
      return await work(progress);
    } finally {
      progress.end();
    }
  }

  /** The guest comes to have what is present of a range of pages, where it has no region. */
  private async add(
    { guest, memory }: Named,
    progress: Progress,
    first = 0,
    end = Number.POSITIVE_INFINITY,
  ): Promise<void> {
    const { client, header, takesHugePages } = this;
    const offset = offsetOf(memory);
    for (const { address, length, huge, node } of memory.regions(header.pageSize, first, end)) {
      const at = address + offset;
      await client.map(guest, at.toString(16), {
        pages: length / header.pageSize,
        address: at,
        huge: huge && takesHugePages,
        ...(node === undefined ? {} : { node }),
      });
    }
    for (const span of memory.spans(first, end))
      await this.store({ guest, memory }, span, progress);
  }

  /** A copy of the parent's guest becomes what it is to be. How many pages stay the same frames. */
  private async change(named: Named, parent: Named, progress: Progress): Promise<number> {
    const { client, header, frames } = this;
    const { guest, memory } = named;
    const { regions } = await client.guest(guest);
    let shared = 0;
    let next = 0;
    for (const { name, address, pages } of regions) {
      const first = address / header.pageSize;
      const end = first + pages;
      if (memory.spans(first, end).next().done === true) await client.unmap(guest, name);
      else
        for (const each of differencesOf(frames, parent.memory, memory, first, end)) {
          if (each.kind === 'shared') {
            shared += each.pages;
            progress.add(each.pages * header.pageSize);
            continue;
          }
          const range = {
            address: each.page * header.pageSize,
            length: each.pages * header.pageSize,
          };
          await client.madvise(guest, 'dontneed', range);
          if (each.kind === 'changed') await this.store(named, each, progress);
        }
      await this.add(named, progress, next, first);
      next = end;
    }
    await this.add(named, progress, next);
    return shared;
  }

  private async store(
    { guest, memory }: Named,
    { page, pages }: PageRange,
    progress: Progress,
  ): Promise<void> {
    const { client, frames, header } = this;
    const address = page * header.pageSize + offsetOf(memory);
    const pageBytes = header.pageSize / FINGERPRINT_BYTES;
    await client.storeFingerprints(guest, address, header.keyId, {
      chunks: watchedChunks(frames.fingerprints(memory.guest.id, page, pages), (bytes) =>
        progress.add(bytes * pageBytes),
      ),
    });
  }
}

/** Of an image of a machine, whose memory begins at 0; in bytes. */
function offsetOf({ guest }: RecordedMemory): number {
  return guest.facts.pid === 0 && guest.mappings.has(0) ? FIRST_ADDRESS : 0;
}
