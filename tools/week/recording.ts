/**
 * A recording of a large host for a long time, as a sample of it that a program makes: machines
 * alike in part, with zero pages, pages that change now and then, and some that never rest.
 * Nothing in it is left to chance: it is the same every time.
 */
import { FINGERPRINT_BYTES } from '../../src/fingerprints/fingerprint.js';
import { Sample } from '../../src/fingerprints/sample.js';
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

export interface Week {
  readonly guests: number;
  /** Of each guest. */
  readonly pages: number;
  /** One page in so many. */
  readonly sample: number;
  readonly sweeps: number;
  readonly intervalMs: number;
}

/** Of a guest's pages: first zeroes, then such as never rest, then what all guests have alike. */
const ZERO_PART = 0.1;
const RESTLESS_PART = 0.005;
const ALIKE_PART = 0.125;
/** Of a guest's pages, so many of one hold something else from one sweep to the next. */
const CHANGED_PART = 0.005;
const FIRST_PAGE = 2 ** 20;
const PAGE_BYTES = 4096;
const RANGE = 2 ** 32;

/** Writes it to `path`, where no file is yet. */
export function record(week: Week, path: string): void {
  const header: RecordingHeader = {
    version: 1,
    writer: 'week',
    host: 'made-up',
    kernel: 'none',
    processors: 64,
    startedAtMs: 0,
    intervalMs: week.intervalMs,
    sample: week.sample,
    keyId: 'ffffffffffffffff',
    nodeBytes: [],
    hostNumbers: [],
    guestNumbers: [],
    facts: {},
    pageSize: PAGE_BYTES,
  };
  const writer = RecordingWriter.create(path, header);
  const guests = Array.from({ length: week.guests }, (_, id) => new Machine(writer, week, id));
  for (let sweep = 0; sweep < week.sweeps; sweep++) {
    for (const guest of guests)
      if (sweep === 0) guest.begin();
      else guest.change(sweep);
    writer.endSweep({ startMs: sweep * week.intervalMs, durationMs: 0, processorMs: 0 });
  }
  writer.close();
}

class Machine {
  private readonly sample: Sample;
  private readonly restlessFrom: number;
  private readonly alikeFrom: number;
  private readonly ownFrom: number;
  private readonly fingerprint = Buffer.alloc(FINGERPRINT_BYTES);

  constructor(
    private readonly writer: RecordingWriter,
    private readonly week: Week,
    private readonly id: number,
  ) {
    this.sample = new Sample(week.sample);
    this.restlessFrom = Math.floor(week.pages * ZERO_PART);
    this.alikeFrom = this.restlessFrom + Math.floor(week.pages * RESTLESS_PART);
    this.ownFrom = this.alikeFrom + Math.floor(week.pages * ALIKE_PART);
  }

  begin(): void {
    const { writer, id: guest, week, restlessFrom, alikeFrom, ownFrom } = this;
    const facts = { pid: guest + 1, comm: 'made-up', startedTicks: guest, isPinned: false };
    writer.write({ type: 'guest', guest, name: `guest-${guest}`, ...facts, mergesAny: false });
    const where = { page: FIRST_PAGE, flags: MAPPING_ADVISED, node: undefined, label: '' };
    writer.write({ type: 'mapping', guest, ...where, pages: week.pages });
    this.run(0, restlessFrom, PAGE_ZEROES);
    this.run(restlessFrom, alikeFrom, PAGE_RESTLESS);
    let unsampledFrom = alikeFrom;
    for (let page = alikeFrom; page < week.pages; page++) {
      this.make(page < ownFrom ? 0 : guest + 1, page, 0);
      if (!this.sample.has(this.fingerprint)) continue;
      this.run(unsampledFrom, page, PAGE_UNSAMPLED);
      this.tell(page);
      unsampledFrom = page + 1;
    }
    this.run(unsampledFrom, week.pages, PAGE_UNSAMPLED);
  }

  /** Those in the sample are told, and those that left it: about as many. */
  change(sweep: number): void {
    const { week, alikeFrom, id } = this;
    const told = Math.round((week.pages * CHANGED_PART) / week.sample);
    const pages = new Set<number>();
    for (let i = 0; i < 2 * told; i++) {
      const place = mixed(mixed(sweep * 65_536 + i) + id) / RANGE;
      pages.add(alikeFrom + Math.floor(place * (week.pages - alikeFrom)));
    }
    for (const page of [...pages].sort((a, b) => a - b)) {
      this.make(id + 1, page, sweep);
      if ((page & 1) === 0) this.run(page, page + 1, PAGE_UNSAMPLED);
      else {
        this.fingerprint.writeUInt32BE(Math.floor(this.fingerprint.readUInt32BE() / week.sample));
        this.tell(page);
      }
    }
  }

  private make(owner: number, page: number, sweep: number): void {
    const seed = mixed(mixed(mixed(page) + owner) + sweep);
    for (let at = 0; at < FINGERPRINT_BYTES; at += 4)
      this.fingerprint.writeUInt32BE(mixed(seed + at), at);
  }

  private run(from: number, to: number, state: number): void {
    const { writer, id: guest } = this;
    for (let at = from; at < to; at += MOST_PAGES_A_RUN) {
      const pages = Math.min(MOST_PAGES_A_RUN, to - at);
      writer.write({ type: 'pages', guest, page: FIRST_PAGE + at, pages, state });
    }
  }

  private tell(page: number): void {
    const { writer, id: guest, fingerprint } = this;
    const run = { type: 'pages', guest, page: FIRST_PAGE + page, pages: 1 } as const;
    writer.write({ ...run, state: PAGE_CONTENT, fingerprints: Buffer.from(fingerprint) });
  }
}
