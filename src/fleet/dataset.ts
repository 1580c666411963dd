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
import { errnoOf, KsmdError, systemError } from '../errors.js';
import { quoted, shellWord } from '../printable.js';
import { sealOf } from './seal.js';

const IDENTITY_FILE = '_ksmd-fleet.json';

/** So many files are read at a time: a network's disk has them sooner. */
const CHECKED_AT_ONCE = 8;

const IdentitySchema = Type.Object({
  version: Type.Literal(1),
  /** Id of the key that all fingerprints are made with. */
  keyId: Type.String({ pattern: '^[0-9a-f]{16}$' }),
  /** One content in so many has rows. */
  sample: Type.Integer({ minimum: 1, maximum: 65_536 }),
  pageSize: Type.Integer({ minimum: 1024, maximum: 65_536 }),
  /** All its files have a checksum; else those have none that were added before there were any. */
  sealed: Type.Optional(Type.Boolean()),
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
        `${quoted(directory)} is no fleet: ` +
          `'ksmd fleet add ${shellWord(directory)} RECORDING' makes one`,
      );
    return new Dataset(resolve(directory), identity);
  }

  /** The one that is there, or a new one; of two that make it at once both get the same. */
  static async openOrCreate(directory: string, wanted: FleetIdentity): Promise<Dataset> {
    await makeDirectory(resolve(directory));
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

  /**
   * EIO names a file that is damaged, or guests whose pages are not there: what they have would
   * count as saved. Of pages only those are read that tell how the fleet is now. Returns how many
   * files have no checksum, so that it is not known of them.
   */
  async assertWhole(): Promise<number> {
    const [guests, pages] = [this.table('guests'), this.table('pages')];
    const files = await filesIn(guests);
    for (const file of files) {
      if ((await stat(join(pages, file)).catch(() => undefined)) !== undefined) continue;
      throw new KsmdError(
        'EIO',
        // Whole, however long they are: they are to be copied.
        `${join(pages, file)} is not there: remove ${shellWord(join(guests, file))}, ` +
          'and add its recording again',
      );
    }
    const newest = newestDays(files);
    const asked = [
      ...files.map((file) => join('guests', file)),
      ...files.filter((file) => newest.has(dirname(file))).map((file) => join('pages', file)),
    ];
    let unsealed = 0;
    const left = asked.values();
    const check = async (): Promise<void> => {
      for (const file of left) if (!(await this.isSealed(file))) unsealed++;
    };
    await Promise.all(Array.from({ length: CHECKED_AT_ONCE }, check));
    return unsealed;
  }

  /** EIO if it is damaged. */
  private async isSealed(file: string): Promise<boolean> {
    const found = await sealOf(join(this.directory, file)).catch((error: unknown) => {
      throw systemError(error, `cannot read ${file} of the fleet`);
    });
    if (found === 'broken' || (found === 'none' && this.identity.sealed)) throw damaged(file);
    return found === 'intact';
  }

  /** Where to make a directory of one's own. What who died has left in it is in nobody's way. */
  unfinished(): string {
    return join(this.directory, '_unfinished', randomUUID());
  }
}

/**
 * And those that it is in. One after the other: where none can be made, as below /proc, Node's own
 * way tries for ever.
 */
async function makeDirectory(path: string): Promise<void> {
  const code = await mkdirCode(path);
  if (code === undefined || (code === 'EEXIST' && (await isDirectory(path)))) return;
  if (code === 'EEXIST' || code === 'ENOTDIR') throw noDirectory(path);
  const above = dirname(path);
  if (code !== 'ENOENT' || above === path || (await isDirectory(above)))
    throw new KsmdError(
      errnoOf(code),
      `cannot make the directory ${quoted(path)} (${code}): name another one for the fleet`,
    );
  await makeDirectory(above);
  await makeDirectory(path);
}

async function mkdirCode(path: string): Promise<string | undefined> {
  try {
    await mkdir(path);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'EIO';
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}

function noDirectory(path: string): KsmdError {
  return new KsmdError(
    'ENOTDIR',
    `${quoted(path)} is or lies below a file: name a directory for the fleet`,
  );
}

/** By their places in it; none if there is no such directory. */
async function filesIn(directory: string): Promise<string[]> {
  const all = await readdir(directory, { recursive: true }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw systemError(error, `cannot read ${quoted(directory)}`);
  });
  return all.filter((file) => file.endsWith('.parquet'));
}

/** Of each host the directory of its newest day. */
function newestDays(files: readonly string[]): Set<string> {
  const newest = new Map<string, string>();
  for (const day of files.map(dirname)) {
    const host = dirname(day);
    if (day > (newest.get(host) ?? '')) newest.set(host, day);
  }
  return new Set(newest.values());
}

export function damaged(file: string): KsmdError {
  return new KsmdError(
    'EIO',
    `${file} of the fleet is damaged: remove it, and its like in the other table, and add its ` +
      'recording again',
  );
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
    if (error.code === 'ENOTDIR') throw noDirectory(directory);
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
