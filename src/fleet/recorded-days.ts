/**
 * A recording, day by day: the host as the last sweep of each day (of UTC) has it, and since when
 * each of its pages has been so.
 */
import { createHash } from 'node:crypto';
import { RecordedHost } from '../recording/recorded-host.js';
import type { Recording } from '../recording/recording.js';
import type { GuestFacts } from '../recording/records.js';
import { PageAges } from './page-ages.js';

export interface RecordedDay {
  /** YYYY-MM-DD. */
  readonly day: string;
  readonly host: RecordedHost;
  readonly ages: PageAges;
  /** When each sweep so far began, in whole milliseconds since 1970. */
  readonly sweepsMs: readonly number[];
  /** Guests that have been there, by their numbers, and are no more. */
  readonly gone: ReadonlyMap<number, GuestFacts>;
  /**
   * 16 hexadecimal digits: the same of the same day of the same recording, also of a copy of it or
   * one that goes on for longer, and of no other.
   */
  readonly id: string;
}

/** What a day has is good until the next one is asked for. */
export async function* recordedDays(
  recording: Recording,
): AsyncGenerator<RecordedDay, void, undefined> {
  const { header } = recording;
  const host = new RecordedHost(header);
  const ages = new PageAges();
  const gone = new Map<number, GuestFacts>();
  const sweepsMs: number[] = [];
  const asTold = (): RecordedDay => {
    const day = dayOf(sweepsMs.at(-1) ?? 0);
    const names = [...host.guests.values()].map(({ id, facts }) => [id, facts.name]);
    const id = createHash('sha256')
      .update(JSON.stringify([header, sweepsMs.at(-1), names]))
      .digest('hex')
      .slice(0, 16);
    return { day, host, ages, sweepsMs, gone, id };
  };
  let sweep = 0;
  for await (const record of recording.records()) {
    if (record.type === 'guest-gone') gone.set(record.guest, host.guest(record.guest).facts);
    ages.apply(record, sweep);
    host.apply(record);
    if (record.type !== 'end') continue;
    sweepsMs.push(Math.round(header.startedAtMs + record.startMs));
    sweep++;
    const next = recording.sweepStartsMs[sweep];
    if (next === undefined || dayOf(header.startedAtMs + next) !== dayOf(sweepsMs.at(-1) ?? 0))
      yield asTold();
  }
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
