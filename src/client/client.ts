/**
 * The typed client of the socket API: a method a route.
 *
 * Every call rejects with a KsmdError: what the daemon refused, that there is none, or that the
 * connection broke. Addresses and lengths in bytes.
 */

import type { Advice } from '../names.js';
import type { Guest, GuestSummary, Region, RegionRequest } from '../protocol/routes/guests.js';
import type { KsmFiles, ScanAnswer, TunableValues } from '../protocol/routes/ksm.js';
import type { Page } from '../protocol/routes/pages.js';
import type { CpuProfile } from '../protocol/routes/profile.js';
import type { Report } from '../protocol/routes/report.js';
import type { Status } from '../protocol/routes/status.js';
import type { KsmdEvent, LogsQuery } from '../protocol/routes/streams.js';
import type { CheckAnswer, RestartAnswer } from '../protocol/routes/upkeep.js';
import type { Workload, WorkloadRequest } from '../protocol/routes/workloads.js';
import { ROUTES, type RouteName } from '../protocol/routes.js';
import { lines, serverSentEvents } from './lines.js';
import { type Body, chunks, Transport } from './transport.js';

/** Bytes to store: at hand, or to come from somewhere, however many unless `length` says. */
export type Source =
  | Uint8Array
  | { readonly length?: number; readonly chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array> };

export interface WantedLines {
  readonly lines?: number | undefined;
  /** Of this severity and above. */
  readonly level?: LogsQuery['level'] | undefined;
  /** That tell of this guest. */
  readonly guest?: string | undefined;
  readonly follow?: boolean | undefined;
}

export type AdvisedPages =
  | { readonly region: string }
  | { readonly address: number; readonly length: number };

export class Client {
  private readonly transport: Transport;

  constructor(readonly socketPath: string) {
    this.transport = new Transport(socketPath);
  }

  status(): Promise<Status> {
    return this.call('status') as Promise<Status>;
  }

  /** Resolves when the daemon has said that it will stop. */
  async stop(): Promise<void> {
    await this.call('stop');
  }

  /** Counters and tunables. */
  ksm(): Promise<KsmFiles> {
    return this.call('ksm') as Promise<KsmFiles>;
  }

  /** Writes all of these tunables or none; what all files hold then. */
  setKsm(values: TunableValues): Promise<KsmFiles> {
    return this.call('setKsm', {}, json(values)) as Promise<KsmFiles>;
  }

  /**
   * Why the page at `address` is merged or not, and what comes next; with so many of its `twins`
   * named.
   */
  page(guest: string, address: number, twins?: number): Promise<Page> {
    const { method } = ROUTES.page;
    const query = twins === undefined ? '' : `?twins=${twins}`;
    return this.transport.json(
      method,
      pathOf('page', { guest, address: String(address) }) + query,
    ) as Promise<Page>;
  }

  report(): Promise<Report> {
    return this.call('report') as Promise<Report>;
  }

  scan(pages: number): Promise<ScanAnswer> {
    return this.call('scan', {}, json({ pages })) as Promise<ScanAnswer>;
  }

  async guests(): Promise<GuestSummary[]> {
    const { guests } = (await this.call('guests')) as { guests: GuestSummary[] };
    return guests;
  }

  guest(guest: string): Promise<Guest> {
    return this.call('guest', { guest }) as Promise<Guest>;
  }

  createGuest(guest: string, node = 0): Promise<Guest> {
    return this.call('createGuest', { guest }, json({ node })) as Promise<Guest>;
  }

  async removeGuest(guest: string): Promise<void> {
    await this.call('removeGuest', { guest });
  }

  map(guest: string, region: string, request: RegionRequest): Promise<Region> {
    return this.call('map', { guest, region }, json(request)) as Promise<Region>;
  }

  async unmap(guest: string, region: string): Promise<void> {
    await this.call('unmap', { guest, region });
  }

  async madvise(guest: string, advice: Advice, pages: AdvisedPages): Promise<void> {
    await this.call('madvise', { guest }, json({ advice, ...pages }));
  }

  run(request: WorkloadRequest): Promise<Workload> {
    return this.call('run', {}, json(request)) as Promise<Workload>;
  }

  async workloads(): Promise<Workload[]> {
    const { workloads } = (await this.call('workloads')) as { workloads: Workload[] };
    return workloads;
  }

  /** Ends a workload; `now`: wherever it is. What it had done. */
  async kill(id: number, now = false): Promise<Workload> {
    return (await this.transport.json(
      'DELETE',
      `${pathOf('kill', { id: String(id) })}${now ? '?now=1' : ''}`,
    )) as Workload;
  }

  /** What does not agree when everything is recounted, a sentence each. */
  async check(): Promise<string[]> {
    const { disagreements } = (await this.call('check')) as CheckAnswer;
    return disagreements;
  }

  restartScanner(): Promise<RestartAnswer> {
    return this.call('restartScanner') as Promise<RestartAnswer>;
  }

  /**
   * A profile of the scanner thread, after so many seconds; given up, and the profiler off, once
   * `signal` says stop.
   */
  async profile(seconds: number, signal?: AbortSignal): Promise<CpuProfile> {
    return (await this.transport.json(
      ROUTES.profile.method,
      ROUTES.profile.path,
      json({ seconds }),
      signal,
    )) as CpuProfile;
  }

  /** A snapshot's bytes as they come, and how many there will be. */
  async snapshot(): Promise<{ length: number; chunks: AsyncIterable<Uint8Array> }> {
    const answer = await this.transport.open('GET', ROUTES.snapshot.path);
    return { length: Number(answer.headers['content-length']), chunks: chunks(answer) };
  }

  /** Stores all that the source gives. KsmdError says how much was stored if that fails. */
  async store(guest: string, address: number, source: Source): Promise<void> {
    const { length, chunks: parts } =
      source instanceof Uint8Array ? { length: source.length, chunks: [source] } : source;
    const announced = length === undefined ? '' : `&length=${length}`;
    const body = { contentType: 'application/octet-stream', length, chunks: parts };
    await this.transport.json(
      'PUT',
      `${pathOf('store', { guest })}?address=${address}${announced}`,
      body,
    );
  }

  /** Bytes of the guest, as they come. */
  async *load(
    guest: string,
    address: number,
    length: number,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    yield* chunks(
      await this.transport.open(
        'GET',
        `${pathOf('load', { guest })}?address=${address}&length=${length}`,
      ),
    );
  }

  /**
   * Lines of the log, without their newlines: the last ones, and then new ones as long as the
   * caller goes on if `follow`.
   */
  async *logs({
    lines: count,
    level,
    guest,
    follow,
  }: WantedLines): AsyncGenerator<string, void, undefined> {
    const query = new URLSearchParams();
    if (count !== undefined) query.set('lines', String(count));
    if (level !== undefined) query.set('level', level);
    if (guest !== undefined) query.set('guest', guest);
    if (follow) query.set('follow', '1');
    yield* lines(chunks(await this.transport.open('GET', `${ROUTES.logs.path}?${query}`)));
  }

  /** What happens from now on, as long as the caller goes on or until `signal` says stop. */
  async *events(signal?: AbortSignal): AsyncGenerator<KsmdEvent, void, undefined> {
    yield* serverSentEvents(
      lines(chunks(await this.transport.open('GET', ROUTES.events.path, undefined, signal))),
    );
  }

  /** Closes idle connections. */
  close(): void {
    this.transport.close();
  }

  private call(
    name: RouteName,
    params: Record<string, string> = {},
    body?: Body,
  ): Promise<unknown> {
    return this.transport.json(ROUTES[name].method, pathOf(name, params), body);
  }
}

function pathOf(name: RouteName, params: Record<string, string>): string {
  return ROUTES[name].path.replace(/:(\w+)/g, (_, param: string) =>
    encodeURIComponent(params[param] ?? ''),
  );
}

function json(value: unknown): Body {
  const bytes = Buffer.from(JSON.stringify(value));
  return { contentType: 'application/json', length: bytes.length, chunks: [bytes] };
}
