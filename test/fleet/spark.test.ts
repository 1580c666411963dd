/** Spark: what is given to its command line, and what is made of what that prints. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { KsmdError } from '../../src/errors.js';
import { Dataset } from '../../src/fleet/dataset.js';
import { SparkEngine } from '../../src/fleet/spark.js';
import { compare } from '../../tools/spark/compare.js';
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

/**
 * A program that runs a file as spark-sql does, as far as a session needs it: it keeps statements
 * in a file, and answers each that wants rows; or has a complaint about it, and ends.
 */
function standIn(answer: string, complaint = ''): string {
  const path = join(directory.path, 'spark-sql');
  for (const [name, text] of Object.entries({ answer, complaint, script: '' }))
    writeFileSync(join(directory.path, name), text);
  writeFileSync(
    path,
    `#!/bin/sh
kept='${directory.path}'
echo "$@" > "$kept/arguments"
echo $$ > "$kept/pid"
echo 'WARN x: java.io.IOException: harmless' >&2
for last; do :; done
through() {
  while IFS= read -r line; do
    line=\${line%;}
    case "$line" in
      '!'*) sh -c "\${line#!}" || exit 1 ;;
      'source '*) through "\${line#source }" ;;
      "SELECT 'through "*) line=\${line#*\\'}; echo "\${line%\\'}" ;;
      *) echo "$line;" >> "$kept/script" ;;
    esac
    case "$line" in "SELECT 'row'"*)
      cat "$kept/answer"
      if [ -s "$kept/complaint" ]; then cat "$kept/complaint" >&2; exit 1; fi ;;
    esac
  done < "$1"
}
through "$last"
`,
  );
  chmodSync(path, 0o755);
  return path;
}

const kept = (name: string): string => readFileSync(join(directory.path, name), 'utf8');

test('rows are lines of JSON, whatever else is printed', async () => {
  // Of ends of lines that texts may have in them, some are no ends of Spark's lines.
  const rows = [
    { host: 'a', pages: 3, none: null },
    { host: 'b\n\u2028c', pages: 4 },
  ];
  const path = standIn(
    ['a warning', '{"ts":"a log"}', ...rows.map((row) => `row\t${JSON.stringify(row)}`), ''].join(
      '\n',
    ),
  );
  const spark = new SparkEngine(dataset, `${path} --master local[2]`);
  expect(await spark.rows(['CREATE VIEW one AS SELECT 1', 'SELECT * FROM one'])).toEqual(rows);
  await spark.close();
  expect(kept('arguments')).toMatch(/^--conf spark\.sql\.sources\..* --master local\[2\] -S -f /);
  const script = kept('script');
  expect(script).toContain(`USING parquet OPTIONS (path '${dataset.table('pages')}')`);
  expect(script).toMatch(
    /CREATE VIEW one AS SELECT 1;\nSELECT 'row', to_json\(.*FROM \(SELECT \* FROM/,
  );
});

test('several questions are one session, and what they begin with is run once', async () => {
  const spark = new SparkEngine(dataset, standIn('row\t{"a":1}\n'));
  const one = 'CREATE OR REPLACE TEMPORARY VIEW /* kept */ one AS\nSELECT 1';
  const two = 'CREATE OR REPLACE TEMPORARY VIEW /* kept */ two AS\nSELECT 2';
  for (const begin of [[one], [one, two], [one]])
    expect(await spark.rows([...begin, 'SELECT * FROM one'])).toEqual([{ a: 1 }]);
  await spark.close();
  const script = kept('script');
  expect(script.match(/VIEW guests/g)).toHaveLength(1);
  expect(script.match(/(CREATE|DROP) TABLE \w+/g)).toEqual([
    'CREATE TABLE one',
    'CREATE TABLE two',
    'DROP TABLE two',
  ]);
  expect(script.match(/^SELECT 'row', to_json/gm)).toHaveLength(3);
});

test('what is asked more than once is a table in the fleet meanwhile, which is gone after', async () => {
  const path = standIn('row\t{"host":"a"}\n');
  const spark = new SparkEngine(dataset, path);
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
  const spark = new SparkEngine(dataset, standIn('', complaint));
  await expect(spark.rows(['SELECT 1'])).rejects.toThrow('Spark: [PATH_NOT_FOUND] Path does not');
  await spark.close();
});

test('of a Spark that is gone it is told how it ended', async () => {
  const spark = new SparkEngine(dataset, standIn('row\t{"a":1}\n'));
  await spark.rows(['SELECT 1']);
  process.kill(Number(kept('pid')), 'SIGKILL');
  await expect(spark.rows(['SELECT 2'])).rejects.toThrow('Spark: it has ended with SIGKILL');
  await spark.close();
});

test.each([
  ['before anything is asked', () => undefined],
  ['while it starts', (engine: SparkEngine) => engine.rows(['SELECT 1'])],
])('an engine is closed %s, and again', async (_when, ask) => {
  const spark = new SparkEngine(dataset, standIn('row\t{"a":1}\n'));
  const asked = ask(spark)?.catch((error: unknown) => error);
  await Promise.all([spark.close(), spark.close()]);
  await spark.close();
  // Answered just before, or not any more.
  expect(await asked).toSatisfy(
    (told) => told === undefined || Array.isArray(told) || isOver(told),
  );
});

const isOver = (error: unknown): boolean =>
  error instanceof KsmdError || (error as NodeJS.ErrnoException).code === 'ENOENT';

test('who has no Spark is told how to do without', async () => {
  const spark = new SparkEngine(dataset, join(directory.path, 'none'));
  await expect(spark.rows(['SELECT 1'])).rejects.toThrow(/^'.*none' is not here: name Spark's/);
  await spark.close();
});

test('a session whose ksmd was killed ends', async () => {
  const path = standIn('row\t{"a":1}\n');
  // As a program of its own, which asks and then has no end.
  const asking = spawn(process.execPath, ['--import', 'tsx', '-e', asker(path)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // Where it leaves what it cannot take away any more.
    env: { ...process.env, TMPDIR: directory.path },
  });
  await once(asking.stdout, 'data');
  asking.kill('SIGKILL');
  const session = Number(kept('pid'));
  await vi.waitUntil(() => !isAlive(session), { timeout: 10_000 });
});

/** What prints once it has its rows. */
function asker(command: string): string {
  const [engine, datasets] = ['spark', 'dataset'].map((file) =>
    JSON.stringify(fileURLToPath(new URL(`../../src/fleet/${file}.ts`, import.meta.url))),
  );
  return `
    const { SparkEngine } = await import(${engine});
    const { Dataset } = await import(${datasets});
    const dataset = await Dataset.open(${JSON.stringify(directory.fleet)});
    const spark = new SparkEngine(dataset, ${JSON.stringify(command)});
    console.log(await spark.rows(['SELECT 1']));
    setInterval(() => {}, 1000);
  `;
}

function isAlive(process_: number): boolean {
  try {
    return process.kill(process_, 0);
  } catch {
    return false;
  }
}

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
