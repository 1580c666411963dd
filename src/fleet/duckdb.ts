/**
 * DuckDB, which writes a fleet and asks it: a package that whoever has a fleet installs beside
 * ksmd. What does not fit in memory it keeps in files meanwhile, which are gone at the end; who is
 * killed leaves them where temporary files are.
 */
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { KsmdError } from '../errors.js';
import { type Dataset, damaged, type FleetTable } from './dataset.js';
import { type Engine, literal, type Row } from './engine.js';
import type { Value } from './page-rows.js';
import { keptView, notYetRun } from './queries.js';

const MIB = 2 ** 20;
/** Beyond it goes to files: a thousand hosts are no more than a laptop has room for. */
const MOST_MEMORY_BYTES = 5 * 2 ** 30;

const INTERRUPT_MS = 20;
/** So few that a range of what a file is sorted by leaves most of it unread. */
const ROW_GROUP_ROWS = 20_480;

export type Columns = Readonly<Record<string, 'BIGINT' | 'BOOLEAN' | 'INTEGER' | 'VARCHAR'>>;

export interface Appender {
  /** Values by column; 2,048 rows at most. */
  append(values: readonly (readonly Value[])[], rows: number): void;
  close(): void;
}

type DuckDB = typeof import('@duckdb/node-api');

/** ENOSYS if it is not installed, and how it is to be. */
async function loadDuckDB(): Promise<DuckDB> {
  try {
    return await import('@duckdb/node-api');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new KsmdError(
      'ENOSYS',
      "a fleet is kept with DuckDB, which is not installed: 'npm install -g @duckdb/node-api' " +
        'adds it',
    );
  }
}

export class DuckDBEngine implements Engine {
  /** What is asked and not answered yet: until it is, nothing that it works on is closed. */
  private readonly underWay = new Set<Promise<unknown>>();
  private closing: Promise<void> | undefined;
  /** What the last query began with, which is still there. */
  private begun: readonly string[] = [];

  private constructor(
    private readonly duckdb: DuckDB,
    private readonly connection: DuckDBConnection,
    /** Its own: what does not fit in memory is there. */
    private readonly directory: string,
    private readonly end: () => Promise<void>,
  ) {}

  /** With nothing in it. */
  static async open(): Promise<DuckDBEngine> {
    const duckdb = await loadDuckDB();
    const spill = await mkdtemp(join(tmpdir(), 'ksmd-fleet-'));
    const instance = await duckdb.DuckDBInstance.create(':memory:', {
      temp_directory: spill,
      memory_limit: `${Math.floor(Math.min(totalmem() / 2, MOST_MEMORY_BYTES) / MIB)}MiB`,
      // Nothing is fetched from anywhere.
      autoinstall_known_extensions: 'false',
    });
    const connection = await instance.connect();
    return new DuckDBEngine(duckdb, connection, spill, async () => {
      connection.closeSync();
      instance.closeSync();
      await rm(spill, { recursive: true, force: true });
    });
  }

  /** With the tables of a fleet, of which it is known that it is whole. */
  static async of(dataset: Dataset): Promise<DuckDBEngine> {
    const engine = await DuckDBEngine.open();
    try {
      // A name of ours for its directory: its own may be a pattern, or look like a host's.
      const link = join(engine.directory, 'fleet');
      await symlink(dataset.directory, link);
      await engine.run(view(dataset, 'guests', link), view(dataset, 'pages', link));
      return engine;
    } catch (error) {
      await engine.close();
      throw error;
    }
  }

  async run(...statements: readonly string[]): Promise<void> {
    for (const statement of statements) await this.ask(() => this.connection.run(statement));
  }

  /** A table of these columns, with nothing in it; one of that name is gone. */
  create(table: string, columns: Columns): Promise<void> {
    const types = Object.entries(columns).map(([name, type]) => `${name} ${type}`);
    return this.run(`CREATE OR REPLACE TABLE ${table} (${types.join(', ')})`);
  }

  async appender(table: string, columns: Columns): Promise<Appender> {
    const { DuckDBDataChunk, ...types } = this.duckdb;
    const appender = await this.ask(() => this.connection.createAppender(table));
    const chunk = DuckDBDataChunk.create(Object.values(columns).map((type) => types[type]));
    return {
      append: (values, rows) => {
        this.assertOpen();
        chunk.reset();
        chunk.rowCount = rows;
        chunk.setColumns(values);
        appender.appendDataChunk(chunk);
      },
      close: () => {
        this.assertOpen();
        appender.closeSync();
      },
    };
  }

  /** The rows of a query with these constants, as a Parquet file. */
  async write(
    query: string,
    constants: Readonly<Record<string, number | bigint>>,
    path: string,
  ): Promise<void> {
    const filled = query.replace(/\$(\w+)/g, (_all, name: string) => String(constants[name]));
    const how = `FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${ROW_GROUP_ROWS}`;
    await this.run(`COPY (${filled}) TO ${literal(path)} (${how})`);
  }

  async rows(statements: readonly string[]): Promise<Row[]> {
    const { connection, begun } = this;
    const rest = notYetRun(statements, begun);
    // Of what fails on the way nothing is taken for run.
    this.begun = [];
    for (const gone of begun.slice(statements.length - rest.length)) {
      const view = keptView(gone);
      if (view !== undefined) await this.run(`DROP TABLE ${view.name}`);
    }
    for (const statement of rest.slice(0, -1)) {
      const view = keptView(statement);
      await this.run(
        view === undefined
          ? statement
          : `CREATE OR REPLACE TEMPORARY TABLE ${view.name} AS ${view.select}`,
      );
    }
    this.begun = statements.slice(0, -1);
    const reader = await this.ask(() => connection.runAndReadAll(rest.at(-1) ?? ''));
    return reader.getRowObjectsJS().map((row) => {
      const values = Object.entries(row).map(([name, value]) => [
        name,
        typeof value === 'bigint' ? Number(value) : value,
      ]);
      return Object.fromEntries(values) as Row;
    });
  }

  /** What is under way ends early, and whatever is asked from here on fails with ECANCELED. */
  close(): Promise<void> {
    this.closing ??= this.closeOnce();
    return this.closing;
  }

  private async closeOnce(): Promise<void> {
    // Of what has not quite begun an interruption is lost.
    while (this.underWay.size > 0) {
      this.connection.interrupt();
      await Promise.race([Promise.allSettled(this.underWay), delay(INTERRUPT_MS)]);
    }
    await this.end();
  }

  private async ask<T>(work: () => Promise<T>): Promise<T> {
    this.assertOpen();
    const asked = told(work);
    this.underWay.add(asked);
    try {
      return await asked;
    } finally {
      this.underWay.delete(asked);
    }
  }

  /** DuckDB ends the process where something closed is used. */
  private assertOpen(): void {
    if (this.closing !== undefined)
      throw new KsmdError('ECANCELED', 'the fleet is not asked any more');
  }
}

/** Host and day are texts, whatever they look like. */
function view(dataset: Dataset, table: FleetTable, link: string): string {
  const files = literal(link + dataset.files(table).slice(dataset.directory.length));
  const partitions = 'hive_partitioning = true, hive_types_autocast = false';
  // What older files have not is NULL, also where all are older.
  const select =
    table === 'pages'
      ? `SELECT * FROM read_parquet(${files}, ${partitions})`
      : `SELECT * FROM read_parquet(${files}, ${partitions}, union_by_name = true) ` +
        'UNION ALL BY NAME SELECT NULL::VARCHAR AS who WHERE false';
  return `CREATE VIEW ${table} AS ${select}`;
}

/** DuckDB's own message, a sentence of it, and what to do if a file is damaged. */
async function told<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw failed((error as Error).message);
  }
}

function failed(message: string): KsmdError {
  const [first = ''] = message.split('\n');
  const [, file] = /\/fleet\/((?:guests|pages)\/\S*\.parquet)/.exec(message) ?? [];
  if (/No files found/.test(first))
    return new KsmdError('ENODATA', 'the fleet has no hosts yet: add recordings');
  if (file === undefined) return new KsmdError('EIO', `DuckDB: ${first}`);
  const reason = /Cannot open file .*: (.+)$/.exec(first)?.[1];
  if (reason !== undefined)
    return new KsmdError(
      reason === 'Permission denied' ? 'EACCES' : 'EIO',
      `cannot read ${file} of the fleet: ${reason}`,
    );
  return damaged(file);
}
