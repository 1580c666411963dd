/**
 * A fleet on disk: which files there are, and where. Two tables of Parquet, `guests` and `pages`,
 * partitioned as Hive does it, and a file that says what all of it was made with.
 *
 *   DIR/_ksmd-fleet.json
 *   DIR/guests/host=H/day=YYYY-MM-DD/ID.parquet    a row for each guest of a recorded day
 *   DIR/pages/host=H/day=YYYY-MM-DD/ID.parquet     a row for each page in the sample, or run
 *   DIR/_unfinished/                               what somebody is writing
 *
 * Pages count once the guests that they are of are there: these come last, in one step. Whoever
 * reads the tables with an engine of his own passes over names that begin with an underscore, as
 * all of them do.
 */
import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/schema';
import { KsmdError, systemError } from '../errors.js';
import { quoted } from '../printable.js';

const IDENTITY_FILE = '_ksmd-fleet.json';

const IdentitySchema = Type.Object({
  version: Type.Literal(1),
  /** Id of the key that all fingerprints are made with. */
  keyId: Type.String({ pattern: '^[0-9a-f]{16}$' }),
  /** One content in so many has rows. */
  sample: Type.Integer({ minimum: 1, maximum: 65_536 }),
  pageSize: Type.Integer({ minimum: 1024, maximum: 65_536 }),
});

/** What all of a fleet has in common: else nothing of it can be compared. */
export type FleetIdentity = Static<typeof IdentitySchema>;

const identityFile = Compile(IdentitySchema);

export type FleetTable = 'guests' | 'pages';

export class Dataset {
  private constructor(
    /** Absolute. */
    readonly directory: string,
    readonly identity: FleetIdentity,
  ) {}

  /** ENOENT if there is no fleet. */
  static async open(directory: string): Promise<Dataset> {
    const identity = await identityOf(directory);
    if (identity === undefined)
      throw new KsmdError(
        'ENOENT',
        `${quoted(directory)} is no fleet: 'ksmd fleet add ${directory} RECORDING' makes one`,
      );
    return new Dataset(resolve(directory), identity);
  }

  /** The one that is there, or a new one; of two that make it at once both get the same. */
  static async openOrCreate(directory: string, wanted: FleetIdentity): Promise<Dataset> {
    await mkdir(directory, { recursive: true });
    const path = join(directory, IDENTITY_FILE);
    const partial = join(directory, `_${randomUUID()}.part`);
    if ((await identityOf(directory)) === undefined) {
      await writeSynced(partial, `${JSON.stringify(wanted)}\n`);
      await link(partial, path).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw systemError(error, `cannot write ${quoted(path)}`);
      });
      await rm(partial);
    }
    return Dataset.open(directory);
  }

  /** Of a table, what one recorded day of a host has. */
  file(table: FleetTable, host: string, day: string, id: string): string {
    const partition = `host=${partitionValue(host)}`;
    return join(this.directory, table, partition, `day=${day}`, `${id}.parquet`);
  }

  /** All files of a table, as engines take them. */
  files(table: FleetTable): string {
    return join(this.directory, table, '*', '*', '*.parquet');
  }

  table(table: FleetTable): string {
    return join(this.directory, table);
  }

  /** EIO if guests are told of whose pages are not there: what they have would count as saved. */
  async assertWhole(): Promise<void> {
    const [guests, pages] = [this.table('guests'), this.table('pages')];
    for (const file of await filesIn(guests)) {
      if ((await stat(join(pages, file)).catch(() => undefined)) !== undefined) continue;
      throw new KsmdError(
        'EIO',
        // Whole, however long they are: they are to be copied.
        `${join(pages, file)} is not there: remove ${join(guests, file)}, ` +
          'and add its recording again',
      );
    }
  }

  /** Where to make a directory of one's own. What who died has left in it is in nobody's way. */
  unfinished(): string {
    return join(this.directory, '_unfinished', randomUUID());
  }
}

/** By their places in it; none if there is no such directory. */
async function filesIn(directory: string): Promise<string[]> {
  const all = await readdir(directory, { recursive: true }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw systemError(error, `cannot read ${quoted(directory)}`);
  });
  return all.filter((file) => file.endsWith('.parquet'));
}

/** In one step, to outlast a crash of the machine. An older file of that name is replaced. */
export async function moveInto(from: string, to: string): Promise<void> {
  await sync(from);
  await mkdir(dirname(to), { recursive: true });
  await rename(from, to);
  await sync(dirname(to));
}

/** What DuckDB or Spark would take for no host at all is spelt otherwise. */
function partitionValue(host: string): string {
  if (/^(null|__HIVE_DEFAULT_PARTITION__)$/i.test(host))
    return `%${host.charCodeAt(0).toString(16)}${host.slice(1)}`;
  return encodeURIComponent(host);
}

async function identityOf(directory: string): Promise<FleetIdentity | undefined> {
  const path = join(directory, IDENTITY_FILE);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw systemError(error, `cannot read ${quoted(path)}`);
  });
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Said below, as of any other text.
  }
  if (!identityFile.Check(value))
    throw new KsmdError('EINVAL', `${quoted(path)} does not say what the fleet is of: restore it`);
  return value;
}

async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
