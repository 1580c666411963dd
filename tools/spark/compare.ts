/** Questions to a fleet, put to DuckDB and to Spark: the rows, and how long each has taken. */
import type { Dataset } from '../../src/fleet/dataset.js';
import { DuckDBEngine } from '../../src/fleet/duckdb.js';
import type { Engine, Row } from '../../src/fleet/engine.js';
import { QUERIES, type QueryName, statementsOf } from '../../src/fleet/queries.js';
import { sketchOf } from '../../src/fleet/sketch.js';
import { SparkEngine } from '../../src/fleet/spark.js';

export interface Compared {
  readonly query: QueryName;
  readonly rows: number;
  readonly areEqual: boolean;
  readonly duckdbMs: number;
  readonly sparkMs: number;
}

export async function* compare(
  dataset: Dataset,
  sparkSql: string,
): AsyncGenerator<Compared, void, undefined> {
  const duckdb = await DuckDBEngine.of(dataset);
  const spark = new SparkEngine(dataset, sparkSql);
  try {
    const [size] = await duckdb.rows(statementsOf('size'));
    const sampledPages = Number(size?.sampled_pages);
    const { lowest, highest } = sketchOf(dataset.identity, sampledPages);
    const choices = { lowest, highest, pairs: '(1, 2), (1, 3)', guests: '1, 2, 3' };
    for (const query of QUERIES) {
      const statements = statementsOf(query, choices);
      const [ours, duckdbMs] = await timed(duckdb, statements);
      const [theirs, sparkMs] = await timed(spark, statements);
      const areEqual = JSON.stringify(ours) === JSON.stringify(theirs);
      yield { query, rows: ours.length, areEqual, duckdbMs, sparkMs };
    }
  } finally {
    await spark.close();
    await duckdb.close();
  }
}

async function timed(engine: Engine, statements: readonly string[]): Promise<[Row[], number]> {
  const from = performance.now();
  const rows = await engine.rows(statements);
  return [rows, performance.now() - from];
}
