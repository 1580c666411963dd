/**
 * Records a host: sweeps over the memory of processes and images, again and again, and writes what
 * has changed. Processes that the selection has anew join, those that have ended leave.
 *
 * It only reads, but for the soft-dirty bits if it is to go by them. What it costs the host is its
 * own processor time and the kernel's for reading; nothing is swapped in, no process is stopped.
 */
import { readFile } from 'node:fs/promises';
import { isKsmdError, KsmdError } from '../../errors.js';
import { Fingerprinter } from '../../fingerprints/fingerprint.js';
import type { FingerprintKey } from '../../fingerprints/key.js';
import { Sample } from '../../fingerprints/sample.js';
import { hostPageSize } from '../../sources/host-page-size.js';
import type { Selection } from '../../sources/process/process-memory.js';
import { assertSoftDirty } from '../../sources/process/soft-dirty.js';
import type { Source } from '../../sources/source.js';
import type { RecordingHeader } from '../format.js';
import { RunRoom } from '../page-runs.js';
import type { EndRecord, PagesRecord, SweepRecord } from '../records.js';
import { FrameOwners } from './frame-owners.js';
import { describeHost, hostFacts, hostNumbers } from './host-facts.js';
import { type CaptureClock, HOST_CLOCK, Pace } from './pace.js';
import { PageBuffer } from './page-buffer.js';
import { PageWatch } from './page-watch.js';
import { PrefixSample } from './prefixes.js';
import { imageName, SweptImage } from './swept-image.js';
import { GUEST_NUMBERS, type SweepContext, SweptProcess } from './swept-process.js';

/** Between two looks at a page that may never rest. */
const SECOND_LOOK_MS = 500;

export interface CapturedProcess {
  readonly pid: number;
  readonly name: string;
}

/** Where records go: a file, or somebody who counts. */
export interface RecordSink {
  write(record: Exclude<SweepRecord, EndRecord>): void;
  endSweep(end: Omit<EndRecord, 'type'>): void;
  /** What has come since the last sweep's end is none. */
  close(): void;
}

export interface CaptureOptions {
  /** Called once, before the first sweep. */
  readonly sink: (header: RecordingHeader) => RecordSink;
  /** What wrote it, for the header. */
  readonly writer: string;
  readonly key: FingerprintKey;
  /** One page in so many. */
  readonly sample: number;
  readonly intervalMs: number;
  /** From the first sweep on; 0: one sweep. */
  readonly durationMs: number;
  readonly selection: Selection;
  /** Read what was written, and all pages now and then: processes pay for it by write faults. */
  readonly softDirty?: boolean;
  /** Of a processor, at most. */
  readonly mostShare: number;
  /** Other than the machine's own. */
  readonly host?: string | undefined;
  /** What this host's kernel pays for its work, where that was measured: kept in the header. */
  readonly calibration?: unknown;
  /** Asked before every sweep. */
  processes(): Promise<readonly CapturedProcess[]>;
  /** Read in the first sweep. */
  readonly images: readonly { readonly path: string; readonly source: Source }[];
  /** No other sweep begins, and one that has begun is taken back. */
  readonly signal: AbortSignal;
  readonly clock?: CaptureClock;
  /** Called every few pages of a sweep. */
  readonly progress?: (done: SweepProgress) => void;
}

export interface SweepProgress {
  readonly doneBytes: number;
  /** Of what is present. */
  readonly totalBytes: number;
}

/** What one sweep came to. */
export interface SweepReport {
  /** From 1 on. */
  readonly sweep: number;
  /** Milliseconds since the first one began. */
  readonly startMs: number;
  readonly durationMs: number;
  readonly processorMs: number;
  readonly guests: number;
  readonly pages: number;
  /** Pages that are not what they were at the sweep before. */
  readonly changedPages: number;
  /** Of them, those that were another in between as well. */
  readonly restlessPages: number;
  /** Of all processes, as a guest's fact. */
  readonly tellsFrames: boolean;
}

/**
 * Sweep by sweep, until the duration is over or the signal aborted; then the file is whole. Rejects
 * if the file cannot be made or written, and if nothing is there to be captured; ENOTSUP if the
 * kernel has no soft-dirty bits.
 */
export async function* capture(
  options: CaptureOptions,
): AsyncGenerator<SweepReport, void, undefined> {
  const { clock = HOST_CLOCK, intervalMs, durationMs, signal } = options;
  if (options.softDirty === true) assertSoftDirty();
  const running = new Capture(options, clock);
  try {
    const beginMs = clock.nowMs();
    for (;;) {
      const report = await running.sweep(clock.nowMs() - beginMs);
      if (report === undefined) return;
      yield report;
      const elapsedMs = clock.nowMs() - beginMs;
      const nextMs = Math.max(report.startMs + intervalMs, elapsedMs);
      if (intervalMs === 0 || nextMs > durationMs) return;
      await clock.sleep(nextMs - elapsedMs, signal);
      if (signal.aborted) return;
    }
  } finally {
    await running.close();
  }
}

class Capture {
  private readonly sink: RecordSink;
  private readonly fingerprinter: Fingerprinter;
  private readonly sample: Sample;
  private readonly room = new RunRoom();
  private readonly numbers = hostNumbers();
  private readonly pace: Pace;
  private readonly context: SweepContext;
  private readonly watches = new Map<number, PageWatch>();
  /** By pid. */
  private processes = new Map<number, SweptProcess>();
  private images: SweptImage[];
  private facts = hostFacts();
  private guests = 0;
  private sweeps = 0;
  private doneBytes = 0;
  private totalBytes = 0;

  constructor(
    private readonly options: CaptureOptions,
    private readonly clock: CaptureClock,
  ) {
    const { key, signal, mostShare, selection, softDirty = false, images } = options;
    const pageSize = hostPageSize();
    this.fingerprinter = new Fingerprinter(key, pageSize);
    this.sample = new Sample(options.sample);
    this.pace = new Pace(clock, mostShare, signal);
    this.sink = options.sink({
      version: 1,
      writer: options.writer,
      ...describeHost(),
      ...(options.host === undefined ? {} : { host: options.host }),
      ...(options.calibration === undefined ? {} : { calibration: options.calibration }),
      pageSize,
      startedAtMs: Date.now(),
      intervalMs: options.intervalMs,
      sample: options.sample,
      keyId: key.id,
      hostNumbers: [...this.numbers.names],
      guestNumbers: GUEST_NUMBERS,
      facts: this.facts,
    });
    this.context = {
      selection,
      softDirty,
      owners: new FrameOwners(),
      buffer: new PageBuffer(pageSize),
      prefixes: new PrefixSample(pageSize),
      pace: this.pace,
      watches: this.watches,
      write: (record) => this.sink.write(record),
      looked: (bytes) => {
        this.doneBytes += bytes;
        options.progress?.({ doneBytes: this.doneBytes, totalBytes: this.totalBytes });
      },
    };
    this.images = images.map(({ path, source }) => {
      const guest = ++this.guests;
      return new SweptImage(guest, imageName(path), source, this.watchOf(guest), this.context);
    });
  }

  /** Undefined if it was taken back. */
  async sweep(startMs: number): Promise<SweepReport | undefined> {
    const { clock, sink, options } = this;
    const beginMs = clock.nowMs();
    const beginProcessorMs = clock.processorMs();
    this.pace.begin();
    this.context.owners.begin();
    this.doneBytes = 0;
    try {
      const gone = await this.select();
      const images = this.images;
      this.images = [];
      this.totalBytes = images.reduce((sum, { presentBytes }) => sum + presentBytes, 0);
      for (const { pid } of this.processes.values()) this.totalBytes += await anonymousBytes(pid);
      this.tellHost();
      for (const image of images) {
        await image.sweep();
        await image.close();
      }
      const undecided = await this.sweepProcesses(gone);
      if (undecided > 0) {
        const waited = clock.nowMs() - beginMs;
        await clock.sleep(Math.max(SECOND_LOOK_MS - waited, 0), options.signal);
        options.signal.throwIfAborted();
      }
      for (const process of this.processes.values()) process.decide();
      for (const { guest, isTold } of gone) {
        if (isTold) sink.write({ type: 'guest-gone', guest });
        this.watches.delete(guest);
      }
    } catch (error) {
      if (options.signal.aborted && error === options.signal.reason) return undefined;
      throw error;
    } finally {
      for (const process of this.processes.values()) await process.close();
    }
    const durationMs = clock.nowMs() - beginMs;
    const processorMs = clock.processorMs() - beginProcessorMs;
    sink.endSweep({ startMs, durationMs, processorMs });
    this.sweeps++;
    return this.report(startMs, durationMs, processorMs);
  }

  async close(): Promise<void> {
    for (const image of this.images) await image.close();
    this.sink.close();
  }

  /** All that are there, in the order in which they began. Returns those that have gone. */
  private async select(): Promise<SweptProcess[]> {
    const before = this.processes;
    const found: SweptProcess[] = [];
    const wanted = await this.options.processes();
    for (const { pid, name } of wanted) {
      const startedTicks = await startOf(pid);
      if (startedTicks === undefined) continue;
      const known = before.get(pid);
      if (known?.startedTicks === startedTicks) found.push(known);
      else found.push(this.newProcess(pid, name, startedTicks));
    }
    found.sort((a, b) => a.startedTicks - b.startedTicks || a.pid - b.pid);
    this.processes = new Map(found.map((process) => [process.pid, process]));
    if (this.sweeps === 0 && this.processes.size === 0 && this.images.length === 0)
      throw new KsmdError('ESRCH', 'none of these processes is there to be captured');
    return [...before.values()].filter((old) => this.processes.get(old.pid) !== old);
  }

  private newProcess(pid: number, name: string, startedTicks: number): SweptProcess {
    const guest = ++this.guests;
    const watch = this.watchOf(guest);
    return new SweptProcess(guest, pid, name, startedTicks, watch, this.context);
  }

  private watchOf(guest: number): PageWatch {
    const { fingerprinter, sample } = this;
    const write = (record: PagesRecord): void => this.sink.write(record);
    const watch = new PageWatch(guest, fingerprinter, sample, write, this.room);
    this.watches.set(guest, watch);
    return watch;
  }

  /** How many pages want a second look. Those that end meanwhile go to `gone`. */
  private async sweepProcesses(gone: SweptProcess[]): Promise<number> {
    const { owners } = this.context;
    let undecided = 0;
    let isOwnerGone = false;
    for (const process of this.processes.values()) {
      try {
        await process.open();
        const pages = await process.sweep();
        undecided += pages;
        // What is known of its mappings is held for no longer than it is to be read.
        if (pages === 0) await process.close();
      } catch (error) {
        // Before anything was recorded, what is wrong is said; later, who cannot be read has left.
        if (!isKsmdError(error, 'ESRCH') && (this.sweeps === 0 || process.isOpen)) throw error;
        this.processes.delete(process.pid);
        await process.close();
        gone.push(process);
        if (owners.sharesFrames(process.guest)) isOwnerGone = true;
      }
    }
    if (!isOwnerGone) return undecided;
    // Others map frames of the one that has gone: one of them is to have them now.
    owners.begin();
    return this.sweepProcesses(gone);
  }

  private tellHost(): void {
    this.sink.write({ type: 'numbers', guest: undefined, values: this.numbers.values() });
    const now = hostFacts();
    const changed = Object.entries(now).filter(([name, text]) => this.facts[name] !== text);
    if (changed.length > 0) this.sink.write({ type: 'facts', facts: Object.fromEntries(changed) });
    this.facts = now;
  }

  private report(startMs: number, durationMs: number, processorMs: number): SweepReport {
    const report = { pages: 0, changedPages: 0, restlessPages: 0 };
    for (const { tally } of this.watches.values()) {
      report.pages += tally.present;
      report.changedPages += tally.changed;
      report.restlessPages += tally.restless;
    }
    const { sweeps: sweep } = this;
    const guests = this.watches.size;
    const tellsFrames = [...this.processes.values()].every((process) => process.tellsFrames);
    return { sweep, startMs, durationMs, processorMs, guests, ...report, tellsFrames };
  }
}

/** What it has of its own, and of no file: about what will be read of it. */
async function anonymousBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'latin1').catch(() => '');
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}

/** Ticks since the host's start at which a process began; undefined if there is none. */
async function startOf(pid: number): Promise<number | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => undefined);
  // What follows the name, which may have anything in it: the third field on.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields === undefined ? undefined : Number(fields[19]);
}
