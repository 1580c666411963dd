/**
 * Adds recordings to a fleet. What is there already is passed over, so who is interrupted says the
 * same again; any number may add at once, from wherever the directory is mounted.
 */
import { access, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { KsmdError, systemError } from '../errors.js';
import { quoted } from '../printable.js';
import type { Recording } from '../recording/recording.js';
import { type Dataset, type FleetIdentity, moveInto } from './dataset.js';
import { DAY_COLUMNS, dayRows, GUEST_COLUMNS } from './day-rows.js';
import type { DuckDBEngine } from './duckdb.js';
import { PAGE_COLUMNS } from './page-rows.js';
import { type RecordedDay, recordedDays } from './recorded-days.js';
import { seal } from './seal.js';

/** One in so many, where nobody says otherwise. */
export const DEFAULT_SAMPLE = 64;

export interface AddedDay {
  readonly host: string;
  readonly day: string;
  /** Of the sample; undefined if the day was there already. */
  readonly rows: number | undefined;
  readonly presentPages: number | undefined;
}

/** What a fleet of this recording is, if it is the first. EINVAL if so few are not in it. */
export function identityFor({ header, path }: Recording, sample: number): FleetIdentity {
  const { keyId, pageSize } = header;
  if (header.sample > sample || sample % header.sample !== 0)
    throw new KsmdError(
      'EINVAL',
      `${quoted(path)} has one content in ${header.sample}, so one in ${sample} cannot be told ` +
        `of it: capture it with '--sample 1/${sample}', or whole`,
    );
  return { version: 1, keyId, sample, pageSize, sealed: true };
}

/** EINVAL, with the reason, if its pages cannot be compared with those that are there. */
function assertAgrees({ identity }: Dataset, recording: Recording): void {
  const { keyId, pageSize } = identityFor(recording, identity.sample);
  const wrong =
    keyId !== identity.keyId
      ? `was captured with the key ${keyId}, and the fleet's is ${identity.keyId}: their ` +
        "contents cannot be compared; capture it with the fleet's ('ksmd capture --key')"
      : pageSize !== identity.pageSize
        ? `has pages of ${pageSize} bytes, and the fleet of ${identity.pageSize}`
        : undefined;
  if (wrong !== undefined) throw new KsmdError('EINVAL', `${quoted(recording.path)} ${wrong}`);
}

/** Each day once it is there, whole. */
export async function* addRecording(
  dataset: Dataset,
  engine: DuckDBEngine,
  recording: Recording,
): AsyncGenerator<AddedDay, void, undefined> {
  assertAgrees(dataset, recording);
  for await (const day of recordedDays(recording)) {
    const { host } = day.host.header;
    // Of who has lost one of the two, the day is written anew.
    const [pages, guests] = (['pages', 'guests'] as const).map((table) =>
      exists(dataset.file(table, host, day.day, day.id)),
    );
    if ((await pages) && (await guests))
      yield { host, day: day.day, rows: undefined, presentPages: undefined };
    else yield await addDay(dataset, engine, day);
  }
}

async function addDay(dataset: Dataset, engine: DuckDBEngine, day: RecordedDay): Promise<AddedDay> {
  const { sample } = dataset.identity;
  const { host, pageSize, startedAtMs } = day.host.header;
  await engine.create('day_pages', PAGE_COLUMNS);
  await engine.create('day_guests', GUEST_COLUMNS);
  let rows = 0;
  const pages = await engine.appender('day_pages', PAGE_COLUMNS);
  const guests = dayRows(day, sample, (columns, count) => {
    rows += count;
    pages.append(columns, count);
  });
  pages.close();
  const ofGuests = await engine.appender('day_guests', GUEST_COLUMNS);
  for (const guest of guests)
    ofGuests.append(
      Object.values(guest).map((value) => [value]),
      1,
    );
  ofGuests.close();

  const unfinished = dataset.unfinished();
  await mkdir(unfinished, { recursive: true });
  try {
    const constants: Record<keyof typeof DAY_COLUMNS, bigint | number> = {
      recording: BigInt.asIntN(64, BigInt(`0x${day.id}`)),
      // What was there at the first sweep has not changed since, whenever that was.
      started_ms: day.sweepsMs[0] ?? startedAtMs,
      swept_ms: day.sweepsMs.at(-1) ?? startedAtMs,
      sample,
      page_size: pageSize,
    };
    await engine.write(PAGES_QUERY, constants, join(unfinished, 'pages'));
    await engine.write(GUESTS_QUERY, constants, join(unfinished, 'guests'));
    // What the guests stand for is there before they are.
    for (const table of ['pages', 'guests'] as const) {
      await seal(join(unfinished, table));
      await moveInto(join(unfinished, table), dataset.file(table, host, day.day, day.id));
    }
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  const presentPages = guests.reduce((sum, guest) => sum + Number(guest.pages), 0);
  return { host, day: day.day, rows, presentPages };
}

/** Sorted by fingerprint, so that a range of them leaves most of a file unread. */
const PAGES_QUERY = `
  SELECT CAST($recording AS BIGINT) AS recording, guest_id, guest, address, day_pages.pages,
    hi, lo, zero, huge, advised, volatile,
    NOT zero AND NOT volatile AND
      row_number() OVER (PARTITION BY guest_id, hi, lo ORDER BY address) = 1 AS first_in_guest,
    first_seen_ms, CAST($swept_ms AS BIGINT) AS last_seen_ms
  FROM day_pages JOIN day_guests USING (guest_id)
  ORDER BY hi, lo, guest_id, address`;

const GUESTS_QUERY = `
  SELECT ${Object.entries(DAY_COLUMNS)
    .map(([name, type]) => `CAST($${name} AS ${type}) AS ${name}`)
    .join(', ')}, *
  FROM day_guests ORDER BY guest`;

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw systemError(error, `cannot look at ${quoted(path)}`);
  }
}
