/**
 * A recording of one host of the made-up fleet, for a day: a first sweep that tells all, and one an
 * hour that tells what has changed.
 */
import { FINGERPRINT_BYTES } from '../../src/fingerprints/fingerprint.js';
import {
  MAPPING_ADVISED,
  MOST_PAGES_A_RUN,
  PAGE_CONTENT,
  PAGE_RESTLESS,
  PAGE_UNSAMPLED,
  PAGE_ZEROES,
  type RecordingHeader,
} from '../../src/recording/format.js';
import { RecordingWriter } from '../../src/recording/recording-writer.js';
import { mixed } from '../big-host/made-up.js';
import type { MadeUpFleet, SampledPages } from './made-up-fleet.js';

export interface Day {
  readonly host: number;
  /** From 0 on. */
  readonly day: number;
  readonly sweeps: number;
}

const PAGE_BYTES = 4096;
const FIRST_PAGE = 2 ** 20;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const FIRST_DAY_MS = Date.UTC(2026, 0, 5);
const FIRST_PID = 1000;

export function hostName(host: number): string {
  return `host-${String(host + 1).padStart(4, '0')}`;
}

/** No two recordings have one: of host and day. */
export function fileName({ host, day }: Day): string {
  const date = new Date(FIRST_DAY_MS + day * DAY_MS).toISOString().slice(0, 10);
  return `${hostName(host)}.${date}.rec`;
}

/** Writes it to `path`, where no file is yet; its bytes. */
export function record(fleet: MadeUpFleet, at: Day, path: string): number {
  const writer = RecordingWriter.create(path, headerOf(fleet, at));
  const machines = fleet
    .guestsOf(at.host)
    .map((guest, index) => new Machine(writer, fleet, guest, index + 1));
  for (let sweep = 0; sweep < at.sweeps; sweep++) {
    const moment = at.day * at.sweeps + sweep;
    for (const machine of machines)
      if (sweep === 0) machine.begin(moment);
      else machine.change(moment);
    writer.endSweep({ startMs: sweep * HOUR_MS, durationMs: 0, processorMs: 0 });
  }
  writer.close();
  return writer.length;
}

function headerOf({ fleet }: MadeUpFleet, { host, day, sweeps }: Day): RecordingHeader {
  // Hosts are looked at one after the other: no two begin at once, in the first hour.
  const startedAtMs = FIRST_DAY_MS + day * DAY_MS + ((host * 1000) % HOUR_MS);
  return {
    version: 1,
    writer: 'fleet',
    host: hostName(host),
    kernel: 'none',
    processors: 64,
    startedAtMs,
    intervalMs: sweeps === 1 ? 0 : HOUR_MS,
    sample: fleet.sample,
    // Of another seed the same numbers stand for other contents.
    keyId: `f1ee7000${mixed(fleet.seed).toString(16).padStart(8, '0')}`,
    nodeBytes: [],
    hostNumbers: [],
    guestNumbers: [],
    facts: {},
    pageSize: PAGE_BYTES,
  };
}

class Machine {
  private told: SampledPages | undefined;

  constructor(
    private readonly writer: RecordingWriter,
    private readonly fleet: MadeUpFleet,
    private readonly guestOfFleet: number,
    private readonly guest: number,
  ) {}

  begin(moment: number): void {
    const { writer, fleet, guest } = this;
    const { pages: end } = fleet.fleet;
    writer.write({
      type: 'guest',
      guest,
      name: fleet.nameOf(this.guestOfFleet),
      pid: FIRST_PID + guest,
      comm: 'made-up',
      startedTicks: guest,
      mergesAny: false,
      isPinned: false,
    });
    this.map(0, fleet.heapFrom, MAPPING_ADVISED, '');
    this.map(fleet.heapFrom, end, 0, '[heap]');
    this.run(0, fleet.zeroesEnd, PAGE_ZEROES);
    this.run(fleet.zeroesEnd, fleet.restlessEnd, PAGE_RESTLESS);
    const sampled = fleet.sampledOf(this.guestOfFleet, moment);
    const { pages } = sampled;
    let next = fleet.restlessEnd;
    for (let index = 0; index < pages.length; ) {
      const from = pages[index] ?? 0;
      let count = 1;
      while (count < MOST_PAGES_A_RUN && pages[index + count] === from + count) count++;
      this.run(next, from, PAGE_UNSAMPLED);
      this.tell(sampled, index, count);
      next = from + count;
      index += count;
    }
    this.run(next, end, PAGE_UNSAMPLED);
    this.told = sampled;
  }

  change(moment: number): void {
    const { writer, fleet, guest, told } = this;
    const sampled = fleet.sampledOf(this.guestOfFleet, moment);
    let changed = 0;
    for (let index = 0; index < sampled.pages.length; index++) {
      const [from, to] = [index * FINGERPRINT_BYTES, (index + 1) * FINGERPRINT_BYTES];
      if (told?.fingerprints.compare(sampled.fingerprints, from, to, from, to) === 0) continue;
      this.tell(sampled, index, 1);
      changed++;
    }
    // As many of each content in so many that is in the sample as of those that are not.
    const pages = changed * (fleet.fleet.sample - 1);
    if (pages > 0) writer.write({ type: 'unsampled-changes', guest, pages });
    this.told = sampled;
  }

  private map(from: number, to: number, flags: number, label: string): void {
    const where = { page: FIRST_PAGE + from, pages: to - from, node: undefined };
    this.writer.write({ type: 'mapping', guest: this.guest, ...where, flags, label });
  }

  private run(from: number, to: number, state: number): void {
    const { writer, guest } = this;
    for (let at = from; at < to; at += MOST_PAGES_A_RUN) {
      const pages = Math.min(MOST_PAGES_A_RUN, to - at);
      writer.write({ type: 'pages', guest, page: FIRST_PAGE + at, pages, state });
    }
  }

  private tell({ pages, fingerprints }: SampledPages, index: number, count: number): void {
    this.writer.write({
      type: 'pages',
      guest: this.guest,
      page: FIRST_PAGE + (pages[index] ?? 0),
      pages: count,
      state: PAGE_CONTENT,
      fingerprints: fingerprints.subarray(
        index * FINGERPRINT_BYTES,
        (index + count) * FINGERPRINT_BYTES,
      ),
    });
  }
}
