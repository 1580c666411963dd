/**
 * The client of a running daemon: a method a route, on the daemon's Unix socket.
 *
 * Addresses and lengths are in bytes, regions and scans in pages of `pageSize` bytes. Every method
 * rejects with a KsmdError, whose `code` is an errno name: ENOENT or ECONNREFUSED where no daemon
 * listens, ECONNRESET where it breaks off, EINVAL for what it does not take, and what else is said
 * below. What was refused has changed nothing, but where something else is said.
 */

import { KsmdError } from '../errors.js';
import type { Advice } from '../names.js';
import { FINGERPRINTS } from '../names.js';
import { type AddressRange, rangesText } from '../protocol/bytes.js';
import type {
  Guest,
  GuestSummary,
  Region,
  RegionRequest,
  WantedRegion,
} from '../protocol/routes/guests.js';
import type { KhugepagedFiles, KhugepagedValues } from '../protocol/routes/khugepaged.js';
import type { KsmFiles, ScanAnswer, TunableValues } from '../protocol/routes/ksm.js';
import type { LiveEvent, PageMapAnswer } from '../protocol/routes/live.js';
import type { PageClasses, PageClassesQuery } from '../protocol/routes/page-classes.js';
import type { Page } from '../protocol/routes/pages.js';
import type { CpuProfile } from '../protocol/routes/profile.js';
import type { Report, Unmerged } from '../protocol/routes/report.js';
import type { Shared, SharedQuery } from '../protocol/routes/shared.js';
import type { Status } from '../protocol/routes/status.js';
import type { KsmdEvent, LogsQuery } from '../protocol/routes/streams.js';
import type { RestartAnswer } from '../protocol/routes/upkeep.js';
import type { Workload, WorkloadRequest } from '../protocol/routes/workloads.js';
import type { Source } from './asked.js';
import { Caller } from './caller.js';
import { lines } from './lines.js';

export interface WantedLines {
  /** How many of the last ones; 100 unless said. */
  readonly lines?: number | undefined;
  /** Of this severity and above. */
  readonly level?: LogsQuery['level'] | undefined;
  /** That tell of this guest. */
  readonly guest?: string | undefined;
  /** Then the next ones, as they are written. */
  readonly follow?: boolean | undefined;
}

/** A whole region, or a range of whole pages. */
export type AdvisedPages =
  | { readonly region: string }
  | { readonly address: number; readonly length: number };

export class Client extends Caller {
  /** Version, memory, scanner, counters and what is saved: for programs that ask all the time. */
  status(): Promise<Status> {
    return this.call('GET /v1/status');
  }

  /** Resolves when the daemon has said that it will stop. */
  async stop(): Promise<void> {
    await this.call('POST /v1/stop');
  }

  /** Counters and tunables, as of the files in /sys/kernel/mm/ksm. */
  ksm(): Promise<KsmFiles> {
    return this.call('GET /v1/ksm');
  }

  /**
   * Writes all of these tunables, in their order, or none; what all files hold then. ENOENT for one
   * that this kernel has not, EBUSY for one that cannot change now. Takes khugepaged's too, as
   * `khugepaged/NAME`.
   */
  setKsm(values: TunableValues): Promise<KsmFiles> {
    return this.call('PATCH /v1/ksm', { body: values });
  }

  /** khugepaged's tunables and counters, as of the files in transparent_hugepage/khugepaged. */
  khugepaged(): Promise<KhugepagedFiles> {
    return this.call('GET /v1/khugepaged');
  }

  /** Writes all of these tunables of khugepaged's or none; what all files hold then. */
  setKhugepaged(values: KhugepagedValues): Promise<KhugepagedFiles> {
    return this.call('PATCH /v1/khugepaged', { body: values });
  }

  /** Scans one batch of `pages`, and what the counters are then. EBUSY unless `run` is 0. */
  scan(pages: number): Promise<ScanAnswer> {
    return this.call('POST /v1/scan', { body: { pages } });
  }

  /** All guests. */
  async guests(): Promise<GuestSummary[]> {
    const { guests } = await this.call('GET /v1/guests');
    return guests;
  }

  /** One guest and its regions, in order of address. ENOENT if there is none of that name. */
  guest(guest: string): Promise<Guest> {
    return this.call('GET /v1/guests/:guest', { params: { guest } });
  }

  /** A guest without memory, on a NUMA node. EEXIST if the name is taken, ENOSPC at the limit. */
  createGuest(guest: string, node = 0): Promise<Guest> {
    return this.call('PUT /v1/guests/:guest', { params: { guest }, body: { node } });
  }

  /**
   * A new guest with the guest's regions, all of whose pages it shares until one of both writes.
   * Its workloads do not go along. EEXIST if the name is taken, ENOSPC at a limit.
   */
  fork(guest: string, child: string): Promise<Guest> {
    return this.call('POST /v1/guests/:guest/fork', { params: { guest }, body: { child } });
  }

  /**
   * prctl(PR_SET_MEMORY_MERGE): all that the guest has and will map is mergeable, or nothing is.
   * EINVAL where the kernel does not know it, ENOMEM if frames run short as pages are given back.
   */
  prctl(guest: string, merge: boolean): Promise<Guest> {
    return this.call('POST /v1/guests/:guest/prctl', { params: { guest }, body: { merge } });
  }

  /**
   * The guest becomes another program: its regions go, its workloads with them. What prctl has set
   * stays, and its NUMA node. ENOSPC at the limit of guests.
   */
  exec(guest: string): Promise<Guest> {
    return this.call('POST /v1/guests/:guest/exec', { params: { guest } });
  }

  /** The guest exits, its workloads with it. */
  async removeGuest(guest: string): Promise<void> {
    await this.call('DELETE /v1/guests/:guest', { params: { guest } });
  }

  /**
   * Registers a region of `pages` untouched pages, mergeable unless said, `huge` and on a NUMA node
   * of its own if said, at an address of whole pages or where there is room. EEXIST if name or
   * addresses are taken, ENOSPC without room.
   */
  map(guest: string, region: string, request: RegionRequest): Promise<Region> {
    const params = { guest, region };
    return this.call('PUT /v1/guests/:guest/regions/:region', { params, body: request });
  }

  /** As many, 256 at most, each as `map` does it: all of them, or none. */
  async mapAll(guest: string, regions: readonly WantedRegion[]): Promise<Region[]> {
    const asked = { params: { guest }, body: { regions: [...regions] } };
    return (await this.call('POST /v1/guests/:guest/regions', asked)).regions;
  }

  /** Unregisters a region: its pages are gone. */
  async unmap(guest: string, region: string): Promise<void> {
    await this.call('DELETE /v1/guests/:guest/regions/:region', { params: { guest, region } });
  }

  /**
   * What a program says of its pages with madvise(2). EFAULT where nothing is mapped. 'collapse' is
   * refused with EINVAL where no huge page can be or nothing is there to become one, EAGAIN where
   * a KSM page is there twice, ENOMEM if frames run short; what was collapsed before stays so.
   */
  async madvise(guest: string, advice: Advice, pages: AdvisedPages): Promise<void> {
    const body = { advice, ...pages };
    await this.call('POST /v1/guests/:guest/madvise', { params: { guest }, body });
  }

  /**
   * Stores all that the source gives, from `address` on. EFAULT where nothing is mapped, ENOMEM if
   * no frame was free in time; `details.bytesStored` says how much was stored if it fails.
   */
  async store(guest: string, address: number, source: Source): Promise<void> {
    const { length } = source;
    await this.upload('PUT /v1/guests/:guest/memory', source, {
      params: { guest },
      query: {
        address: String(address),
        ...(length === undefined ? {} : { length: String(length) }),
      },
    });
  }

  /**
   * The same of a host that holds fingerprints of pages: 16 bytes for each from `address` on, made
   * with the key of that id. EINVAL where those that it holds are of another; ENOTSUP where it
   * holds bytes, as of `store` where it does not.
   */
  async storeFingerprints(
    guest: string,
    address: number,
    keyId: string,
    source: Source,
  ): Promise<void> {
    await this.upload('PUT /v1/guests/:guest/memory', source, {
      params: { guest },
      query: { address: String(address), key: keyId },
      contentType: FINGERPRINTS,
    });
  }

  /**
   * Stores what the source gives into ranges of addresses, 256 at most, one after another: bytes
   * as of `store`, or with `keyId` fingerprints as of `storeFingerprints`.
   */
  async storeRanges(
    guest: string,
    ranges: readonly AddressRange[],
    source: Source,
    keyId?: string,
  ): Promise<void> {
    await this.upload('PUT /v1/guests/:guest/memory/ranges', source, {
      params: { guest },
      query: { ranges: rangesText(ranges), ...(keyId === undefined ? {} : { key: keyId }) },
      ...(keyId === undefined ? {} : { contentType: FINGERPRINTS }),
    });
  }

  /** `length` bytes of the guest from `address` on, as they come. EFAULT where none is mapped. */
  async *load(
    guest: string,
    address: number,
    length: number,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const { chunks } = await this.open('GET /v1/guests/:guest/memory', {
      params: { guest },
      query: { address: String(address), length: String(length) },
    });
    yield* chunks;
  }

  /**
   * Why the page at `address` is merged or not, and what comes next; with so many of its `twins`
   * named, 10 unless said. EFAULT where nothing is mapped.
   */
  page(guest: string, address: number, twins?: number): Promise<Page> {
    return this.call('GET /v1/guests/:guest/pages/:address', {
      params: { guest, address: String(address) },
      query: twins === undefined ? {} : { twins: String(twins) },
    });
  }

  /** What is saved and by whom, and how long a full scan takes. Looks at every page. */
  report(): Promise<Report> {
    return this.call('GET /v1/report');
  }

  /** Pages that are equal at this moment and not merged, and why. */
  unmerged(): Promise<Unmerged> {
    return this.call('GET /v1/unmerged');
  }

  /**
   * Who shares with whom: groups, each two guests, what leaves with one. Reads every page, on a
   * thread of its own. EAGAIN if regions come and go meanwhile, EINVAL if no line of `tenants`
   * says whose a guest is.
   */
  shared(query: SharedQuery = {}): Promise<Shared> {
    return this.call('GET /v1/shared', { query });
  }

  /**
   * Runs a workload in a guest, on a thread of the daemon's. Guest and region are made where they
   * are not there and `pages` are said. ENOSPC if as many run as may.
   */
  run(request: WorkloadRequest): Promise<Workload> {
    return this.call('POST /v1/workloads', { body: request });
  }

  /** All workloads, those that are done too until they are killed. */
  async workloads(): Promise<Workload[]> {
    const { workloads } = await this.call('GET /v1/workloads');
    return workloads;
  }

  /** Ends a workload, `now` wherever it is, and forgets it. What it had done. */
  kill(id: number, now = false): Promise<Workload> {
    return this.call('DELETE /v1/workloads/:id', {
      params: { id: String(id) },
      query: now ? { now: '1' } : {},
    });
  }

  /** What does not agree when everything is recounted, a sentence each. Looks at every page. */
  async check(): Promise<string[]> {
    const { disagreements } = await this.call('GET /v1/check');
    return disagreements;
  }

  /** Kills the scanner's thread; how long none ran until another had taken over. */
  restartScanner(): Promise<RestartAnswer> {
    return this.call('POST /v1/scanner/restart');
  }

  /**
   * An image of all guests, as `ksmd start --restore` takes it: its bytes as they come, and how
   * many there will be. EBUSY while another is taken.
   */
  async snapshot(): Promise<{ length: number; chunks: AsyncIterable<Uint8Array> }> {
    const { length, chunks } = await this.open('GET /v1/snapshot');
    if (length === undefined) throw new KsmdError('EIO', 'a snapshot whose length nobody says');
    return { length, chunks };
  }

  /**
   * A profile of the scanner thread, after so many seconds, 0.1 to 60; given up, and the profiler
   * off, once `signal` says stop. EBUSY while another is taken.
   */
  profile(seconds: number, signal?: AbortSignal): Promise<CpuProfile> {
    return this.call('POST /v1/profile', { body: { seconds }, signal });
  }

  /** What happens from now on, as long as the caller goes on or until `signal` says stop. */
  events(signal?: AbortSignal): AsyncGenerator<KsmdEvent, void, undefined> {
    return this.listen('GET /v1/events', { signal });
  }

  /** Lines of the log, each a JSON object, without their newlines. */
  async *logs(wanted: WantedLines): AsyncGenerator<string, void, undefined> {
    const { lines: count, level, guest, follow } = wanted;
    const { chunks } = await this.open('GET /v1/logs', {
      query: {
        ...(count === undefined ? {} : { lines: String(count) }),
        ...(level === undefined ? {} : { level }),
        ...(guest === undefined ? {} : { guest }),
        ...(follow ? { follow: '1' } : {}),
      },
    });
    yield* lines(chunks);
  }

  /** The state of every page of every guest, to be kept up by what `live` tells. */
  pageMap(): Promise<PageMapAnswer> {
    return this.call('GET /v1/map');
  }

  /**
   * Every page by something else than its state, as it was a moment ago. EINVAL by guest if none is
   * said.
   */
  pageClasses(query: PageClassesQuery): Promise<PageClasses> {
    return this.call('GET /v1/map/classes', { query });
  }

  /**
   * The last minutes and all files, then whatever changes, the state of pages too, as long as the
   * caller goes on or until `signal` says stop.
   */
  live(signal?: AbortSignal): AsyncGenerator<LiveEvent, void, undefined> {
    return this.listen('GET /v1/live', { signal });
  }

  /** The dashboard's page. */
  dashboard(): Promise<string> {
    return this.text('GET /');
  }

  /** A file of the dashboard, by its path below /dashboard/. */
  dashboardFile(path: string): Promise<string> {
    return this.text('GET /dashboard/*', { params: { '*': path } });
  }

  /** Everything there is to count, in the text format of Prometheus. */
  metrics(): Promise<string> {
    return this.text('GET /metrics');
  }

  /** The OpenAPI document of all routes. */
  openapi(): Promise<Readonly<Record<string, unknown>>> {
    return this.call('GET /v1/openapi.json');
  }
}
