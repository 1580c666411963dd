/**
 * npm run spark: whether Spark gives the rows that DuckDB does, in this process's machine and on a
 * cluster of a master and two workers; of a made-up fleet, or of one that is there. Installs Spark
 * from PyPI unless it was before. Exit status 0 if all rows are equal.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { addRecording, DEFAULT_SAMPLE, identityFor } from '../src/fleet/add.js';
import { Dataset } from '../src/fleet/dataset.js';
import { DuckDBEngine } from '../src/fleet/duckdb.js';
import { Recording } from '../src/recording/recording.js';
import { duration } from '../src/wording/amounts.js';
import { MadeUpFleet } from './fleet/made-up-fleet.js';
import { fileName, record } from './fleet/recording.js';
import { startCluster } from './spark/cluster.js';
import { compare } from './spark/compare.js';
import { installedSpark, installSpark, whyNoSpark } from './spark/installed.js';

/** For two cores and minutes, not the hundreds and the days that Spark has in mind. */
const SPARK_SQL = [
  'spark-sql --conf spark.sql.shuffle.partitions=8',
  ...['driver', 'executor'].map(
    (part) => `--conf spark.${part}.extraJavaOptions=-XX:+UseParallelGC`,
  ),
].join(' ');

const program = new Command('spark')
  .description('Puts the queries of a fleet to DuckDB and to Spark.')
  .option('--fleet <dir>', 'one that is there (default: a made-up one)')
  .option('--hosts <n>', 'of the made-up one', Number, 6)
  .option('--memory <size>', 'of each worker, as Spark has it', '2g');
program.parse();
const { fleet, hosts, memory } = program.opts<{ fleet?: string; hosts: number; memory: string }>();
const missing = whyNoSpark();
if (missing !== undefined) program.error(`spark: ${missing}`);
const spark = installedSpark() ?? installSpark();
Object.assign(process.env, spark.environment);

const folder = mkdtempSync(join(tmpdir(), 'ksmd-spark-'));
let unequal = 0;
try {
  const dataset = await Dataset.open(fleet ?? (await made()));
  await ask('in one process', dataset, `${SPARK_SQL} --driver-memory ${memory}`);
  const cluster = await startCluster(spark, 2, memory, folder);
  try {
    const command = `${SPARK_SQL} --master ${cluster.master} --executor-memory ${memory}`;
    await ask('on a master and two workers', dataset, command);
  } finally {
    await cluster.stop();
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = unequal === 0 ? 0 : 1;

async function ask(where: string, dataset: Dataset, sparkSql: string): Promise<void> {
  console.log(`Spark ${where}`);
  for await (const each of compare(dataset, sparkSql)) {
    if (!each.areEqual) unequal++;
    const equal = each.areEqual ? 'equal' : 'NOT EQUAL';
    const took = `DuckDB ${duration(each.duckdbMs)}, Spark ${duration(each.sparkMs)}`;
    console.log(`  ${each.query}: ${each.rows} rows, ${equal}; ${took}`);
  }
}

/** Small machines, many of them alike. */
async function made(): Promise<string> {
  const size = { hosts, guestsAHost: 10, pages: 65_536, sample: DEFAULT_SAMPLE, families: 8 };
  const madeUp = new MadeUpFleet({ seed: 1, ...size });
  const engine = await DuckDBEngine.open();
  const directory = join(folder, 'fleet');
  for (let host = 0; host < hosts; host++) {
    const path = join(folder, fileName({ host, day: 0, sweeps: 1 }));
    record(madeUp, { host, day: 0, sweeps: 1 }, path);
    const recording = await Recording.open(path);
    const identity = identityFor(recording, DEFAULT_SAMPLE);
    const dataset = await Dataset.openOrCreate(directory, identity);
    for await (const _day of addRecording(dataset, engine, recording));
    await recording.close();
  }
  await engine.close();
  return directory;
}
