/** Questions to a fleet, put to DuckDB and to Spark: the rows, and how long each has taken. */
import type { Dataset } from '../../src/fleet/dataset.js';
import { DuckDBEngine } from '../../src/fleet/duckdb.js';
import type { Engine, Row } from '../../src/fleet/engine.js';
import { type QueryName, REPORT_QUERIES, statementsOf } from '../../src/fleet/queries.js';
import { sketchOf } from '../../src/fleet/sketch.js';
import { SparkEngine } from '../../src/fleet/spark.js';

/** As the verbs ask: what is asked at once is one run of Spark. */
export const RUNS: readonly (readonly QueryName[])[] = [
  ['size', 'names'],
  ['guests'],
  REPORT_QUERIES,
  ['pairs'],
  ['common'],
  ['crowd'],
];

export interface Compared {
  readonly queries: readonly QueryName[];
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
  const spark = await SparkEngine.of(dataset, sparkSql);
  try {
    const [size] = await duckdb.rows(statementsOf('size'));
    const sampledPages = Number(size?.sampled_pages);
    const { lowest, highest } = sketchOf(dataset.identity, sampledPages);
    const choices = { lowest, highest, pairs: '(1, 2), (1, 3)' };
    for (const queries of RUNS) {
      const asked = queries.map((query) => statementsOf(query, choices));
      const [ours, duckdbMs] = await timed(duckdb, asked);
      const [theirs, sparkMs] = await timed(spark, asked);
      const areEqual = JSON.stringify(ours) === JSON.stringify(theirs);
      yield { queries, rows: ours.flat().length, areEqual, duckdbMs, sparkMs };
    }
  } finally {
    await spark.close();
    await duckdb.close();
  }
}

async function timed(engine: Engine, queries: readonly string[][]): Promise<[Row[][], number]> {
  const from = performance.now();
  const rows = await engine.rowsOfEach(queries);
  return [rows, performance.now() - from];
}
