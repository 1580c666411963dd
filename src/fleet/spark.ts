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

/** What lines begin with that have a row. */
const ROW = 'row';

export class SparkEngine implements Engine {
  private session: Promise<SparkSession> | undefined;
  private closing: Promise<void> | undefined;
  /** What the last query began with, which is still there. */
  private begun: readonly string[] = [];

  private readonly command: readonly string[];
  /** Its own: Spark leaves files where it runs. */
  private directory: string | undefined;
  /** In the fleet, where all of a cluster see it. */
  private readonly warehouse: string;

  /** `command`: `spark-sql`, and options of it if need be, a space between two. */
  constructor(
    private readonly dataset: Dataset,
    command: string,
  ) {
    this.command = command.split(' ').filter(Boolean);
    this.warehouse = dataset.unfinished();
  }

  async rows(statements: readonly string[]): Promise<Row[]> {
    this.session ??= this.start();
    const session = await this.session;
    const all = [view(this.dataset, 'guests'), view(this.dataset, 'pages'), ...statements];
    const rest = notYetRun(all, this.begun);
    const gone = this.begun.slice(all.length - rest.length);
    const told = [
      ...gone.flatMap((statement) => dropped(statement)),
      ...rest.slice(0, -1).map((statement) => made(statement)),
      `SELECT '${ROW}', to_json(struct(*), map('ignoreNullFields', 'false')) ` +
        `FROM (${rest.at(-1) ?? ''})`,
    ];
    const rows: Row[] = [];
    await session.ask(told, (line) => {
      if (line.startsWith(`${ROW}\t`)) rows.push(JSON.parse(line.slice(ROW.length + 1)) as Row);
    });
    this.begun = all.slice(0, -1);
    return rows;
  }

  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private async end(): Promise<void> {
    try {
      // Of one that has not come up whoever asked is told.
      const session = await this.session?.catch(() => undefined);
      await session?.close();
    } finally {
      for (const directory of [this.directory ?? [], this.warehouse].flat())
        await rm(directory, { recursive: true, force: true });
    }
  }

  private async start(): Promise<SparkSession> {
    const directory = await mkdtemp(join(tmpdir(), 'ksmd-spark-'));
    this.directory = directory;
    const warehouse = `spark.sql.warehouse.dir=${this.warehouse}`;
    const settings = [...SETTINGS, warehouse].flatMap((setting) => ['--conf', setting]);
    const [program = 'spark-sql', ...given] = this.command;
    // What the user says comes last, and holds.
    return SparkSession.start([program, ...settings, ...given], directory);
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
