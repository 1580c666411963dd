/** Spark: what is given to its command line, and what is made of what that prints. */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Dataset } from '../../src/fleet/dataset.js';
import { QUERIES } from '../../src/fleet/queries.js';
import { SparkEngine } from '../../src/fleet/spark.js';
import { compare, RUNS } from '../../tools/spark/compare.js';
import { installedSpark } from '../../tools/spark/installed.js';
import { FleetDirectory } from './small-fleet.js';

let directory: FleetDirectory;
let dataset: Dataset;

beforeAll(async () => {
  directory = new FleetDirectory();
  for (const [host, guests] of Object.entries({
    "it's": { vm: [1, 2, 3, 0, 0, -1], twin: [1, 2, 4] },
    'x y/z': { vm: [1, 2, 2, 5], other: [9] },
  }))
    await directory.add(directory.record({ host }, [{ atMs: 0, guests }]));
  dataset = await Dataset.open(directory.fleet);
});
afterAll(() => directory.remove());

/** A program that keeps what it is told in a file, prints, and ends so. */
function standIn(printed: string, complaint = '', status = 0): string {
  const path = join(directory.path, 'spark-sql');
  const answer = join(directory.path, 'answer');
  writeFileSync(answer, printed);
  writeFileSync(join(directory.path, 'complaint'), complaint);
  writeFileSync(
    path,
    `#!/bin/sh
cd '${directory.path}'
echo "$@" > arguments
for last; do :; done
cat "$last" > script
cat answer
cat complaint >&2
exit ${status}
`,
  );
  chmodSync(path, 0o755);
  return path;
}

const kept = (name: string): string => readFileSync(join(directory.path, name), 'utf8');

test('rows are lines of JSON, whatever else is printed', async () => {
  const path = standIn(
    'a warning\n0\t{"host":"a","pages":3,"none":null}\n0\t{"host":"b\\n","pages":4}\n',
  );
  const spark = await SparkEngine.of(dataset, `${path} --master local[2]`);
  expect(await spark.rows(['CREATE VIEW one AS SELECT 1', 'SELECT * FROM one'])).toEqual([
    { host: 'a', pages: 3, none: null },
    { host: 'b\n', pages: 4 },
  ]);
  await spark.close();
  expect(kept('arguments')).toMatch(/^--master local\[2\] --conf spark\.sql\.sources\./);
  const script = kept('script');
  expect(script).toContain(`USING parquet OPTIONS (path '${dataset.table('pages')}')`);
  expect(script).toMatch(
    /CREATE VIEW one AS SELECT 1;\n\nSELECT 0, to_json\(.*FROM \(SELECT \* FROM/,
  );
});

test('several queries are one run, and each has its rows', async () => {
  const spark = await SparkEngine.of(dataset, standIn('1\t{"b":1}\n0\t{"a":1}\n1\t{"b":2}\n'));
  expect(await spark.rowsOfEach([['SELECT 1'], ['SELECT 2'], ['SELECT 3']])).toEqual([
    [{ a: 1 }],
    [{ b: 1 }, { b: 2 }],
    [],
  ]);
  await spark.close();
  expect(kept('script').match(/^SELECT \d, to_json/gm)).toHaveLength(3);
});

test('what is asked more than once is a table in the fleet meanwhile, which is gone after', async () => {
  const path = standIn('0\t{"host":"a"}\n');
  const spark = await SparkEngine.of(dataset, path);
  const view = 'CREATE OR REPLACE TEMPORARY VIEW /* kept */ one AS\nSELECT 1';
  await spark.rows([view, 'SELECT * FROM one']);
  const [, warehouse = ''] = /spark\.sql\.warehouse\.dir=(\S+)/.exec(kept('arguments')) ?? [];
  expect(warehouse).toContain(join(directory.fleet, '_unfinished'));
  expect(kept('script')).toContain('CREATE TABLE one USING parquet AS SELECT 1;\n');
  mkdirSync(warehouse, { recursive: true });
  await spark.close();
  expect(existsSync(warehouse)).toBe(false);
});

test('what Spark says is wrong is told in one line', async () => {
  const complaint = 'WARN something\n[PATH_NOT_FOUND] Path does not exist: x\n\tat java.lang\n';
  const spark = await SparkEngine.of(dataset, standIn('', complaint, 1));
  await expect(spark.rows(['SELECT 1'])).rejects.toThrow('Spark: [PATH_NOT_FOUND] Path does not');
  await spark.close();
});

test('no query is left out where the two are compared', () => {
  expect(RUNS.flat().sort()).toEqual([...QUERIES].sort());
});

const spark = installedSpark();

test.skipIf(spark === undefined)(
  "Spark's rows are DuckDB's ('npm run spark' installs Spark)",
  async () => {
    Object.assign(process.env, spark?.environment);
    for await (const compared of compare(dataset, 'spark-sql'))
      expect(compared).toMatchObject({ areEqual: true });
  },
  600_000,
);
