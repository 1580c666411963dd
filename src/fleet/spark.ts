/**
 * Apache Spark, asked by its own command line: what it is, where its cluster is and how much memory
 * it takes are its own to configure. It is started with the first question.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Dataset, FleetTable } from './dataset.js';
import { DAY_COLUMNS, GUEST_COLUMNS, PARTITIONS } from './day-rows.js';
import type { Engine, Row } from './engine.js';
import { keptView, notYetRun } from './queries.js';
import { SparkSession } from './spark-session.js';

const SETTINGS = [
  // Host and day are texts, whatever they look like.
  'spark.sql.sources.partitionColumnTypeInference.enabled=false',
  // No catalog is made of a query.
  'spark.sql.catalogImplementation=in-memory',
  // A fleet lies in a file system that ksmd reads too: to list it takes less than tasks that do.
  'spark.sql.sources.parallelPartitionDiscovery.threshold=1000000',
];

const GUESTS = Object.entries({ ...DAY_COLUMNS, ...GUEST_COLUMNS, ...PARTITIONS })
  .map(([name, type]) => `${name} ${type === 'VARCHAR' ? 'STRING' : type}`)
  .join(', ');

export class SparkEngine implements Engine {
  private session: SparkSession | undefined;
  /** What the last query began with, which is still there. */
  private begun: readonly string[] = [];

  private constructor(
    private readonly dataset: Dataset,
    private readonly command: readonly string[],
    /** Its own: Spark leaves files where it runs. */
    private readonly directory: string,
    /** In the fleet, where all of a cluster see it. */
    private readonly warehouse: string,
  ) {}

  /** `command`: `spark-sql`, and options of it if need be, a space between two. */
  static async of(dataset: Dataset, command: string): Promise<SparkEngine> {
    const directory = await mkdtemp(join(tmpdir(), 'ksmd-spark-'));
    const words = command.split(' ').filter(Boolean);
    return new SparkEngine(dataset, words, directory, dataset.unfinished());
  }

  async rows(statements: readonly string[]): Promise<Row[]> {
    const session = await this.started();
    const rest = notYetRun(statements, this.begun);
    const gone = this.begun.slice(statements.length - rest.length);
    const told = [
      ...gone.flatMap((statement) => dropped(statement)),
      ...rest.slice(0, -1).map((statement) => made(statement)),
      `SELECT to_json(struct(*), map('ignoreNullFields', 'false')) FROM (${rest.at(-1) ?? ''})`,
    ];
    const rows: Row[] = [];
    await session.ask(told, (line) => {
      if (line.startsWith('{')) rows.push(JSON.parse(line) as Row);
    });
    this.begun = statements.slice(0, -1);
    return rows;
  }

  async close(): Promise<void> {
    await this.session?.close();
    for (const directory of [this.directory, this.warehouse])
      await rm(directory, { recursive: true, force: true });
  }

  private async started(): Promise<SparkSession> {
    if (this.session !== undefined) return this.session;
    const warehouse = `spark.sql.warehouse.dir=${this.warehouse}`;
    const settings = [...SETTINGS, warehouse].flatMap((setting) => ['--conf', setting]);
    const session = await SparkSession.start([...this.command, ...settings], this.directory);
    this.session = session;
    await session.ask([view(this.dataset, 'guests'), view(this.dataset, 'pages')]);
    return session;
  }
}

/**
 * A kept view is a table, in files: of a view, cached or not, Spark puts the text wherever it is
 * named, and plans a query of a dozen such for hours.
 */
function made(statement: string): string {
  const view = keptView(statement);
  if (view === undefined) return statement;
  return `CREATE TABLE ${view.name} USING parquet AS ${view.select}`;
}

/** What is left of such a one is dropped, so that there is room for the next. */
function dropped(statement: string): string[] {
  const view = keptView(statement);
  return view === undefined ? [] : [`DROP TABLE ${view.name}`];
}

/** Guests have all their columns, also where files of before there was one are first. */
function view(dataset: Dataset, table: FleetTable): string {
  const path = literal(dataset.table(table));
  const columns = table === 'guests' ? ` (${GUESTS})` : '';
  return `CREATE OR REPLACE TEMPORARY VIEW ${table}${columns} USING parquet OPTIONS (path ${path})`;
}

/** Spark has backslashes mean what they mean in C. */
function literal(text: string): string {
  return `'${text.replaceAll(/[\\']/g, '\\$&')}'`;
}
