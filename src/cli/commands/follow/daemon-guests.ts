/**
 * The guests of a daemon of fingerprints that are kept in step with a host that is told: after each
 * sweep what has changed is changed there. Guests come, by a fork where they share with one that is
 * there, and go; pages are stored and dropped in runs, several requests at a time.
 *
 * Pages that never rest get another content each time. What fails leaves guests half done:
 * `removeAll` is to follow.
 */
import type { Client } from '../../../client/client.js';
import { isKsmdError } from '../../../errors.js';
import { FINGERPRINT_BYTES } from '../../../fingerprints/fingerprint.js';
import { Sample } from '../../../fingerprints/sample.js';
import type { RecordingHeader } from '../../../recording/format.js';
import { hasAnyAdvised } from '../../../recording/recorded-pages.js';
import type { Selection } from '../../../sources/process/process-memory.js';
import { count, figure, size } from '../../../wording/amounts.js';
import { setMergesAny } from '../guests/merges-any.js';
import { watchedChunks } from '../guests/watched-chunks.js';
import type { FollowedGuest } from './followed-guest.js';
import { changesOf, hasAnything, inheritPages, type PageRun, type Rules } from './guest-changes.js';
import { GuestRegions } from './guest-regions.js';
import { pageContents } from './page-contents.js';
import { together } from './together.js';
import type { ToldHost } from './told-host.js';

/** What bringing the daemon up to a sweep came to. */
export interface Followed {
  readonly came: string[];
  readonly gone: string[];
  storedPages: number;
  droppedPages: number;
  /** Lines for people. */
  readonly said: string[];
}

/** Of one sweep: given up, with its reason, once `signal` is aborted. */
export interface BringingUp {
  readonly signal?: AbortSignal | undefined;
  readonly stored?: (pages: number) => void;
}

interface Bringing extends BringingUp {
  readonly followed: Followed;
}

export class DaemonGuests {
  /** Those that the daemon has. */
  private readonly there = new Set<FollowedGuest>();
  private readonly sample: Sample;
  private known: Rules | undefined;

  constructor(
    private readonly client: Client,
    private readonly host: ToldHost,
    private readonly header: Pick<RecordingHeader, 'keyId' | 'pageSize' | 'sample'>,
    private readonly selection: Selection,
  ) {
    this.sample = new Sample(header.sample);
  }

  /** Only what is advised counts. Where nothing is forced the first sweep settles it. */
  get advisedOnly(): boolean {
    return this.rules.advisedOnly;
  }

  /** How many guests the daemon has of it. */
  get size(): number {
    return this.there.size;
  }

  /** The daemon's guests become what was told. Rejects as the daemon refuses. */
  async bringUp(how: BringingUp = {}): Promise<Followed> {
    const followed: Followed = { came: [], gone: [], storedPages: 0, droppedPages: 0, said: [] };
    for (const guest of this.host.takeGone())
      if (guest.isThere) {
        how.signal?.throwIfAborted();
        await this.remove(guest);
        followed.gone.push(guest.name);
        followed.said.push(`${guest.name} is gone`);
      }
    const guests = [...this.host.guests.values()];
    // Whose fork a new one is, is to be what it is now.
    for (const guest of guests) if (guest.isThere) await this.update(guest, { ...how, followed });
    for (const guest of guests)
      if (!guest.isThere && hasAnything(guest, this.rules))
        await this.come(guest, { ...how, followed });
    return followed;
  }

  /** Every guest goes that has come: if one does not, those after it do all the same. */
  async removeAll(): Promise<void> {
    let failure: { readonly error: unknown } | undefined;
    for (const guest of this.there)
      await this.remove(guest).catch((error: unknown) => {
        failure ??= { error };
      });
    if (failure !== undefined) throw failure.error;
  }

  private get rules(): Rules {
    const { selection, header, sample } = this;
    this.known ??= {
      advisedOnly: selection === 'advised' || (selection === 'auto' && this.anyHasAdvised()),
      pageSize: header.pageSize,
      takesHugePages: sample.n === 1,
    };
    return this.known;
  }

  private anyHasAdvised(): boolean {
    return hasAnyAdvised([...this.host.guests.values()].map(({ told }) => told));
  }

  private async remove(guest: FollowedGuest): Promise<void> {
    try {
      await this.client.removeGuest(guest.name);
    } catch (error) {
      // Somebody else may have removed it; where no daemon is, that is said.
      if (!isKsmdError(error, 'ENOENT') || error.details.socketPath !== undefined) throw error;
    }
    this.there.delete(guest);
  }

  private async come(guest: FollowedGuest, bringing: Bringing): Promise<void> {
    const { client, header } = this;
    const { followed, signal } = bringing;
    signal?.throwIfAborted();
    const parent = this.parentOf(guest);
    if (parent === undefined) await client.createGuest(guest.name);
    else {
      const { regions, mergesAny } = await client.fork(parent.name, guest.name);
      guest.mergesAny = mergesAny;
      guest.regions = new GuestRegions(
        regions.map(({ address, pages }) => ({ page: address / header.pageSize, pages })),
      );
      inheritPages(guest, parent);
    }
    guest.isThere = true;
    guest.sharedWith.clear();
    this.there.add(guest);
    const before = followed.storedPages;
    await this.update(guest, bringing);
    followed.came.push(guest.name);
    const { heldPages } = guest;
    const shared = heldPages - (followed.storedPages - before);
    followed.said.push(
      `${guest.name} comes${parent === undefined ? '' : `, a fork of ${parent.name}`}: ` +
        `${count(heldPages, 'page')} (${size(heldPages * header.pageSize)})` +
        (parent === undefined ? '' : `, ${figure(shared)} of them shared`),
    );
  }

  /** The one that it shares most with, of those that are there. Images share nothing. */
  private parentOf({ sharedWith }: FollowedGuest): FollowedGuest | undefined {
    let most = 0;
    let parent: FollowedGuest | undefined;
    for (const [id, pages] of sharedWith) {
      const other = this.host.guests.get(id);
      if (other?.isThere !== true || other.offsetPages > 0 || pages <= most) continue;
      most = pages;
      parent = other;
    }
    return parent;
  }

  private async update(guest: FollowedGuest, bringing: Bringing): Promise<void> {
    const { client } = this;
    const { followed, signal, stored = () => {} } = bringing;
    const { name } = guest;
    const { mergesAny } = guest.told.facts;
    if (guest.mergesAny !== mergesAny) {
      followed.said.push(...(await setMergesAny(client, name, mergesAny)));
      guest.mergesAny = mergesAny;
    }
    if (guest.dirty.size === 0) return;
    const { regions, stores, drops, emptied } = changesOf(guest, this.rules);
    await together(
      regions,
      async ({ page, pages, huge, node }) => {
        await client.map(name, this.regionName(guest, page), {
          pages,
          address: this.addressOf(guest, page),
          huge,
          ...(node === undefined ? {} : { node }),
        });
        guest.regions.add({ page, pages });
      },
      signal,
    );
    await together(
      drops,
      async (run) => {
        await client.madvise(name, 'dontneed', this.rangeOf(guest, run));
        followed.droppedPages += run.pages;
      },
      signal,
    );
    await together(
      stores,
      async (run) => {
        await this.store(guest, run, stored);
        followed.storedPages += run.pages;
      },
      signal,
    );
    await together(
      emptied,
      async (region) => {
        await client.unmap(name, this.regionName(guest, region.page));
        guest.regions.remove(region);
      },
      signal,
    );
  }

  private async store(
    guest: FollowedGuest,
    run: PageRun,
    stored: (pages: number) => void,
  ): Promise<void> {
    const { client, header, sample } = this;
    const { address } = this.rangeOf(guest, run);
    await client.storeFingerprints(guest.name, address, header.keyId, {
      length: run.pages * FINGERPRINT_BYTES,
      chunks: watchedChunks(pageContents(guest.told, run, sample), (bytes) =>
        stored(bytes / FINGERPRINT_BYTES),
      ),
    });
  }

  private rangeOf(
    guest: FollowedGuest,
    { page, pages }: PageRun,
  ): { address: number; length: number } {
    return { address: this.addressOf(guest, page), length: pages * this.header.pageSize };
  }

  private addressOf({ offsetPages }: FollowedGuest, page: number): number {
    return (page + offsetPages) * this.header.pageSize;
  }

  private regionName(guest: FollowedGuest, page: number): string {
    return this.addressOf(guest, page).toString(16);
  }
}
