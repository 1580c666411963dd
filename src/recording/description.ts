/** What a recording has in it, in a few figures. */
import {
  PAGE_ABSENT,
  PAGE_CONTENT,
  PAGE_HUGE,
  PAGE_KIND,
  PAGE_MERGED,
  PAGE_RESTLESS,
  PAGE_SHARED,
  PAGE_UNSAMPLED,
  PAGE_ZEROES,
} from './format.js';
import { type RecordedGuest, RecordedHost, STRETCH_PAGES } from './recorded-host.js';
import { areFramesTold } from './recorded-pages.js';
import type { Recording } from './recording.js';
import type { PagesRecord } from './records.js';

/** Of the interval that was asked for, or of what a sweep took: a longer time between is a gap. */
const LONGER_THAN_USUAL = 10;
const HOLDS_SOMETHING = new Set([PAGE_ZEROES, PAGE_CONTENT, PAGE_UNSAMPLED]);

/** At the last sweep; pages but for `hugePages`. */
export interface GuestDescription {
  readonly name: string;
  readonly comm: string;
  readonly presentPages: number;
  readonly zeroPages: number;
  readonly restlessPages: number;
  readonly sharedPages: number;
  readonly mergedPages: number;
  readonly unsampledPages: number;
  readonly hugePages: number;
}

export interface RecordingDescription {
  readonly host: string;
  readonly kernel: string;
  readonly writer: string;
  readonly keyId: string;
  readonly sample: number;
  readonly pageSize: number;
  /** ISO 8601: when the first sweep began. */
  readonly startedAt: string;
  readonly sweeps: number;
  /** From the first sweep's begin to the last one's end. */
  readonly durationMs: number;
  /** Nobody looked for so long, so long after the first sweep began. */
  readonly gaps: readonly { readonly afterMs: number; readonly lengthMs: number }[];
  /** Pages a sweep that were not what they were, on average, after the first. */
  readonly changedPages: number;
  readonly fileBytes: number;
  /** What is wrong after the last whole sweep, if anything is. */
  readonly damage: string | undefined;
  /** Of all guests, as their fact. */
  readonly tellsFrames: boolean;
  readonly guests: readonly GuestDescription[];
}

export async function describe(recording: Recording): Promise<RecordingDescription> {
  const { header, sweeps } = recording;
  const host = new RecordedHost(header);
  const [firstMs = 0] = recording.sweepStartsMs;
  const gaps: { afterMs: number; lengthMs: number }[] = [];
  let changed = 0;
  for await (const record of recording.records()) {
    if (host.lastSweep !== undefined) {
      if (record.type === 'unsampled-changes') changed += record.pages;
      else if (record.type === 'pages') changed += rewritten(record, host);
      else if (record.type === 'end') changed += restless(host);
    }
    if (record.type === 'end' && host.lastSweep !== undefined) {
      const { startMs, durationMs } = host.lastSweep;
      const endMs = startMs + durationMs;
      const lengthMs = record.startMs - endMs;
      if (lengthMs > LONGER_THAN_USUAL * Math.max(header.intervalMs, durationMs))
        gaps.push({ afterMs: endMs - firstMs, lengthMs });
    }
    host.apply(record);
  }
  const { startMs = 0, durationMs = 0 } = host.lastSweep ?? {};
  return {
    host: header.host,
    kernel: header.kernel,
    writer: header.writer,
    keyId: header.keyId,
    sample: header.sample,
    pageSize: header.pageSize,
    startedAt: new Date(header.startedAtMs + firstMs).toISOString(),
    sweeps,
    durationMs: startMs + durationMs - firstMs,
    gaps,
    changedPages: Math.round(changed / Math.max(sweeps - 1, 1)),
    fileBytes: recording.bytes,
    damage: recording.damage?.what,
    tellsFrames: areFramesTold(host),
    guests: [...host.guests.values()].map(describeGuest),
  };
}

/** Of pages that are told, those that were there before with another content. */
function rewritten({ guest, page, pages, state }: PagesRecord, host: RecordedHost): number {
  if (!HOLDS_SOMETHING.has(state & PAGE_KIND)) return 0;
  const { stretches } = host.guest(guest);
  let count = 0;
  for (let at = page; at < page + pages; at++) {
    const before = stretches.get(Math.floor(at / STRETCH_PAGES))?.states[at % STRETCH_PAGES];
    if (HOLDS_SOMETHING.has((before ?? PAGE_ABSENT) & PAGE_KIND)) count++;
  }
  return count;
}

/** Pages that are another at each sweep, of which nothing is told any more. */
function restless({ guests }: RecordedHost): number {
  let count = 0;
  for (const { stretches } of guests.values())
    for (const { states } of stretches.values())
      for (const state of states) if ((state & PAGE_KIND) === PAGE_RESTLESS) count++;
  return count;
}

function describeGuest({ facts, stretches }: RecordedGuest): GuestDescription {
  const kinds = new Array<number>(PAGE_KIND + 1).fill(0);
  let huge = 0;
  let mergedPages = 0;
  for (const { states } of stretches.values())
    for (const state of states) {
      const kind = state & PAGE_KIND;
      kinds[kind] = (kinds[kind] ?? 0) + 1;
      if (kind === PAGE_ABSENT) continue;
      if ((state & PAGE_HUGE) !== 0) huge++;
      if ((state & PAGE_MERGED) !== 0) mergedPages++;
    }
  const of = (kind: number): number => kinds[kind] ?? 0;
  return {
    name: facts.name,
    comm: facts.comm,
    presentPages: kinds.reduce((sum, pages) => sum + pages, 0) - of(PAGE_ABSENT),
    zeroPages: of(PAGE_ZEROES),
    restlessPages: of(PAGE_RESTLESS),
    sharedPages: of(PAGE_SHARED),
    mergedPages,
    unsampledPages: of(PAGE_UNSAMPLED),
    hugePages: huge / STRETCH_PAGES,
  };
}
