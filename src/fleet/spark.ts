/**
 * Apache Spark, asked by its own command line: what it is, where its cluster is and how much memory
 * it takes are its own to configure. It is started once, with the first question.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Dataset, FleetTable } from './dataset.js';
import { DAY_COLUMNS, GUEST_COLUMNS, PARTITIONS } from './day-rows.js';
import type { Engine, Row } from './engine.js';
import { keptView } from './queries.js';
import { SparkSession } from './spark-session.js';

/** Host and day are texts, whatever they look like; and no catalog is made of a query. */
const SETTINGS = [
  'spark.sql.sources.partitionColumnTypeInference.enabled=false',
  'spark.sql.catalogImplementation=in-memory',
];

const GUESTS = Object.entries({ ...DAY_COLUMNS, ...GUEST_COLUMNS, ...PARTITIONS })
  .map(([name, type]) => `${name} ${type === 'VARCHAR' ? 'STRING' : type}`)
  .join(', ');

/** What comes after the rows of a query, if it has worked. */
const ALL = 'all';

export class SparkEngine implements Engine {
  private session: SparkSession | undefined;

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
    const [rows = []] = await this.rowsOfEach([statements]);
    return rows;
  }

  async rowsOfEach(queries: readonly (readonly string[])[]): Promise<Row[][]> {
    const session = await this.started();
    const lines = await session.ask(queries.flatMap(asScript));
    const answers: Row[][] = queries.map(() => []);
    const whole = new Set<number>();
    for (const line of lines) {
      // A prompt may be before it.
      const [, number, row] = /(\d+)\t(\{.*|all)$/.exec(line) ?? [];
      if (row === ALL) whole.add(Number(number));
      else if (row !== undefined) answers[Number(number)]?.push(JSON.parse(row) as Row);
    }
    if (whole.size === queries.length) return answers;
    this.session = undefined;
    throw await session.reason();
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
    const session = new SparkSession([...this.command, ...settings, '-S'], this.directory);
    this.session = session;
    await session.ask([view(this.dataset, 'guests'), view(this.dataset, 'pages')]);
    return session;
  }
}

/** Each row is a line: the query's number, and the row as JSON; and after all of them one more. */
function asScript(statements: readonly string[], number: number): string[] {
  const rows = `SELECT ${number}, to_json(struct(*), map('ignoreNullFields', 'false'))`;
  const last = `${rows} FROM (${statements.at(-1) ?? ''}) UNION ALL SELECT ${number}, '${ALL}'`;
  return [...statements.slice(0, -1).flatMap(kept), last];
}

/**
 * A kept view is a table, in files: of a view, cached or not, Spark puts the text wherever it is
 * named, and plans a query of a dozen such for hours.
 */
function kept(statement: string): string[] {
  const found = keptView(statement);
  if (found === undefined) return [statement];
  const { name, select } = found;
  return [`DROP TABLE IF EXISTS ${name}`, `CREATE TABLE ${name} USING parquet AS ${select}`];
}

/** Guests have all their columns, also where files of before there was one are first. */
function view(dataset: Dataset, table: FleetTable): string {
  const path = literal(dataset.table(table));
  const columns = table === 'guests' ? ` (${GUESTS})` : '';
  return `CREATE OR REPLACE TEMPORARY VIEW ${table}${columns} USING parquet OPTIONS (path ${path})`;
}

/** Spark has backslashes mean what they mean in C, and takes a line after the other. */
function literal(text: string): string {
  return `'${text.replaceAll(/[\\']/g, '\\$&').replaceAll('\n', '\\n')}'`;
}
