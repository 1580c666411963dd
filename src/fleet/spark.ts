/**
 * Apache Spark, asked by its own command line: what it is, where its cluster is and how much memory
 * it takes are its own to configure. Each call starts it anew.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KsmdError, systemError } from '../errors.js';
import type { Dataset, FleetTable } from './dataset.js';
import { DAY_COLUMNS, GUEST_COLUMNS, PARTITIONS } from './day-rows.js';
import type { Engine, Row } from './engine.js';
import { keptView } from './queries.js';

/** Host and day are texts, whatever they look like; and no catalog is made of a query. */
const SETTINGS = [
  'spark.sql.sources.partitionColumnTypeInference.enabled=false',
  'spark.sql.catalogImplementation=in-memory',
];

const GUESTS = Object.entries({ ...DAY_COLUMNS, ...GUEST_COLUMNS, ...PARTITIONS })
  .map(([name, type]) => `${name} ${type === 'VARCHAR' ? 'STRING' : type}`)
  .join(', ');

/** Of what Spark says before it ends, so much is read for its error. */
const MOST_COMPLAINT = 64 * 1024;

export class SparkEngine implements Engine {
  private running: ChildProcess | undefined;

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
    const script = [
      view(this.dataset, 'guests'),
      view(this.dataset, 'pages'),
      ...queries.flatMap((statements, number) => asScript(statements, number)),
    ];
    const path = join(this.directory, 'query.sql');
    await writeFile(path, script.map((statement) => `${statement};\n`).join('\n'));
    const printed = await this.run(['-S', '-f', path]);
    await rm(this.warehouse, { recursive: true, force: true });
    const answers: Row[][] = queries.map(() => []);
    for (const line of printed.split('\n')) {
      const [, number, row] = /^(\d+)\t(\{.*)$/.exec(line) ?? [];
      if (row !== undefined) answers[Number(number)]?.push(JSON.parse(row) as Row);
    }
    return answers;
  }

  async close(): Promise<void> {
    const { running } = this;
    if (running !== undefined) {
      running.kill();
      await once(running, 'close');
    }
    for (const directory of [this.directory, this.warehouse])
      await rm(directory, { recursive: true, force: true });
  }

  /** What it prints. */
  private run(args: readonly string[]): Promise<string> {
    const [program = 'spark-sql', ...given] = this.command;
    const warehouse = `spark.sql.warehouse.dir=${this.warehouse}`;
    const settings = [...SETTINGS, warehouse].flatMap((setting) => ['--conf', setting]);
    const spark = spawn(program, [...given, ...settings, ...args], {
      cwd: this.directory,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.running = spark;
    const printed: Buffer[] = [];
    let complaint = '';
    spark.stdout.on('data', (part: Buffer) => printed.push(part));
    spark.stderr.on('data', (part: Buffer) => {
      complaint = `${complaint}${part}`.slice(-MOST_COMPLAINT);
    });
    return new Promise((resolve, reject) => {
      spark.once('error', (error: NodeJS.ErrnoException) =>
        reject(
          error.code === 'ENOENT'
            ? new KsmdError(
                'ENOENT',
                `'${program}' is not here: name Spark's with --spark-sql, or leave --engine out`,
              )
            : systemError(error, `cannot run ${program}`),
        ),
      );
      spark.once('close', (status) => {
        this.running = undefined;
        if (status === 0) resolve(Buffer.concat(printed).toString('utf8'));
        else reject(new KsmdError('EIO', `Spark: ${reasonOf(complaint)}`));
      });
    });
  }
}

/** Each row is printed as a line: the query's number, and the row as JSON. */
function asScript(statements: readonly string[], number: number): string[] {
  const rows = `SELECT ${number}, to_json(struct(*), map('ignoreNullFields', 'false'))`;
  return [...statements.slice(0, -1).flatMap(kept), `${rows} FROM (${statements.at(-1) ?? ''})`];
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

/** Spark has backslashes mean what they mean in C. */
function literal(text: string): string {
  return `'${text.replaceAll(/[\\']/g, '\\$&')}'`;
}

/** Its first line that says what is wrong; else its last one. */
function reasonOf(complaint: string): string {
  const lines = complaint.split('\n').filter((line) => line.trim() !== '');
  const named = lines.find((line) =>
    /^(Error|Exception|Caused by|\[[A-Z_.]+\])|Exception:/.test(line),
  );
  return (named ?? lines.at(-1) ?? 'it has said nothing').trim();
}
