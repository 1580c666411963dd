/**
 * A guest with the memory that a source has: what is mapped becomes its regions, what is present is
 * stored. If the source breaks off, the guest is not left behind.
 */
import type { Client } from '../../../client/client.js';
import { KsmdError } from '../../../errors.js';
import type { Mapping, Run, Source } from '../../../sources/source.js';
import { Progress } from '../../terminal/progress.js';
import { GuestBatch } from './guest-batch.js';
import type { PageUpload } from './page-upload.js';
import { withNewGuest } from './with-new-guest.js';

export interface Registered {
  /** Of its first region, in bytes. */
  readonly firstAddress: number;
  readonly regions: number;
  readonly presentBytes: number;
}

export interface RegisterOptions {
  /** Added to all addresses, in bytes. */
  readonly offset?: number;
  /** All regions are advised to huge pages. */
  readonly huge?: boolean;
  /** The NUMA node of the guest. */
  readonly node?: number | undefined;
  /** Comes between the guest and its regions. */
  readonly prepare?: () => Promise<void>;
}

/** EINVAL if the source's pages are no whole number of the daemon's. */
export async function registerSource(
  client: Client,
  upload: PageUpload,
  guest: string,
  source: Source,
  options: RegisterOptions = {},
): Promise<Registered> {
  const { pageSize } = await client.status();
  if (source.pageSize % pageSize !== 0)
    throw new KsmdError(
      'EINVAL',
      `the daemon's pages of ${pageSize} bytes do not go into pages of ${source.pageSize}`,
    );
  const progress = new Progress(guest, source.totalBytes ?? 0);
  try {
    return await withNewGuest(
      client,
      guest,
      async () => {
        await options.prepare?.();
        const pagesEach = source.pageSize / pageSize;
        const registered = await new Registration(client, upload, guest, pagesEach, options).take(
          source.read(),
          progress,
        );
        const { presentBytes = registered.presentBytes } = source;
        return { ...registered, presentBytes };
      },
      options.node,
    );
  } finally {
    progress.end();
  }
}

class Registration {
  private firstAddress = 0;
  private regions = 0;
  private presentBytes = 0;
  private readonly batch: GuestBatch;

  constructor(
    client: Client,
    private readonly upload: PageUpload,
    private readonly guest: string,
    /** Of the daemon's, in one of the source's. */
    private readonly pagesEach: number,
    private readonly options: RegisterOptions,
  ) {
    this.batch = new GuestBatch(client, upload, guest);
  }

  async take(
    items: AsyncGenerator<Mapping | Run, void, undefined>,
    progress: Progress,
  ): Promise<Registered> {
    try {
      for (let item = await next(items); item !== undefined; ) {
        if (item.type === 'mapping') {
          await this.map(item);
          item = await next(items);
          continue;
        }
        if (GuestBatch.takes(item.bytes)) {
          await this.batch.store(this.at(item.address), item.bytes);
          this.presentBytes += item.bytes.length;
          progress.add(item.bytes.length);
          item = await next(items);
          continue;
        }
        await this.batch.send();
        // Runs that follow one another go in one request.
        const following = new Following(item, items, progress);
        await this.upload.store(this.guest, this.at(item.address), following.chunks());
        this.presentBytes += following.bytes;
        item = following.after;
      }
      await this.batch.send();
    } finally {
      // A request that fails leaves its source in the middle.
      await items.return();
    }
    const { firstAddress, regions, presentBytes } = this;
    return { firstAddress, regions, presentBytes };
  }

  private async map(mapping: Mapping): Promise<void> {
    const { node, mergeable = true } = mapping;
    const huge = this.upload.takesHugePages && (mapping.huge ?? this.options.huge ?? false);
    const address = this.at(mapping.address);
    const { name = address.toString(16) } = mapping;
    await this.batch.map({
      name,
      pages: mapping.pages * this.pagesEach,
      address,
      huge,
      mergeable,
      ...(node === undefined ? {} : { node }),
    });
    if (this.regions++ === 0) this.firstAddress = address;
  }

  private at(address: number): number {
    return address + (this.options.offset ?? 0);
  }
}

/** A run, those that follow it without a gap, and what comes after them. */
class Following {
  bytes = 0;
  after: Mapping | Run | undefined;

  constructor(
    private readonly first: Run,
    private readonly items: AsyncGenerator<Mapping | Run, void, undefined>,
    private readonly progress: Progress,
  ) {}

  async *chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    let run = this.first;
    for (;;) {
      yield run.bytes;
      this.bytes += run.bytes.length;
      this.progress.add(run.bytes.length);
      const end = run.address + run.bytes.length;
      this.after = await next(this.items);
      if (this.after?.type !== 'run' || this.after.address !== end) return;
      run = this.after;
    }
  }
}

async function next(
  items: AsyncGenerator<Mapping | Run, void, undefined>,
): Promise<Mapping | Run | undefined> {
  const { value } = await items.next();
  return value ?? undefined;
}
