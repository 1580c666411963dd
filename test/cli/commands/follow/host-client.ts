/** A client whose daemon is a host of fingerprints in this thread. */
import type { Source } from '../../../../src/client/asked.js';
import { type AdvisedPages, Client } from '../../../../src/client/client.js';
import { SampledPages } from '../../../../src/daemon/http/sampled-pages.js';
import { ManualClock } from '../../../../src/ksm/clock.js';
import { Host } from '../../../../src/ksm/host.js';
import type { Advice } from '../../../../src/names.js';
import type { Guest, Region, RegionRequest } from '../../../../src/protocol/routes/guests.js';

export const PAGE = 4096;

export class HostClient extends Client {
  readonly host: Host;
  /** Pages that were stored, and requests, since this was asked last. */
  private stored = 0;
  private requests = 0;

  constructor(oneIn = 1) {
    super('/nowhere');
    const options = { memoryBytes: 16 * 2 ** 20, frameBytes: 16, oneIn };
    this.host = Host.create(options, new ManualClock());
  }

  takeTally(): { stored: number; requests: number } {
    const { stored, requests } = this;
    [this.stored, this.requests] = [0, 0];
    return { stored, requests };
  }

  override async guest(name: string): Promise<Guest> {
    const { host } = this;
    const totals = host.files.guestTotals(name);
    return {
      name,
      node: host.guests.node(name),
      mergesAny: host.mergesAny(name),
      registeredPages: 0,
      presentPages: host.guests.presentPages(name),
      hugePages: host.guests.hugePages(name),
      ...totals,
      bookkeepingBytes: 0,
      ksm_stat: {},
      regions: host.guests.regionsOf(name),
    };
  }

  override createGuest(name: string): Promise<Guest> {
    this.requests++;
    this.host.createGuest(name);
    return this.guest(name);
  }

  override fork(name: string, child: string): Promise<Guest> {
    this.requests++;
    this.host.fork(name, child);
    return this.guest(child);
  }

  override prctl(name: string, merge: boolean): Promise<Guest> {
    this.requests++;
    this.host.prctl(name, merge);
    return this.guest(name);
  }

  override async removeGuest(name: string): Promise<void> {
    this.requests++;
    this.host.exitGuest(name);
  }

  override async map(name: string, region: string, request: RegionRequest): Promise<Region> {
    this.requests++;
    const { pages, address, huge, node } = request;
    const at = typeof address === 'string' ? Number(address) : address;
    return this.host.map(name, region, pages, { address: at, huge, node });
  }

  override async unmap(name: string, region: string): Promise<void> {
    this.requests++;
    this.host.unmap(name, region);
  }

  override async madvise(name: string, advice: Advice, pages: AdvisedPages): Promise<void> {
    this.requests++;
    if ('region' in pages) {
      const { address, pages: count } = this.host.guests.regionOf(name, pages.region);
      this.host.madvise(name, address, count * PAGE, advice);
    } else this.host.madvise(name, pages.address, pages.length, advice);
  }

  override async storeFingerprints(
    name: string,
    address: number,
    keyId: string,
    source: Source,
  ): Promise<void> {
    this.requests++;
    this.host.memory.useKey(keyId);
    const chunks = source instanceof Uint8Array ? [source] : source.chunks;
    const sampled = new SampledPages(this.host);
    let at = address;
    for await (const chunk of chunks) {
      sampled.store(name, at, Buffer.from(chunk));
      this.stored += chunk.length / 16;
      at += (chunk.length / 16) * PAGE;
    }
  }
}
