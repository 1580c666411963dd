/** `ksmd fleet`: many hosts' recordings, added and asked. */
import { InvalidArgumentError } from 'commander';
import { Dataset } from '../../../fleet/dataset.js';
import { DuckDBEngine } from '../../../fleet/duckdb.js';
import type { Engine } from '../../../fleet/engine.js';
import { QUERIES, REPORT_QUERIES, sqlOf } from '../../../fleet/queries.js';
import { SparkEngine } from '../../../fleet/spark.js';
import { count } from '../../../wording/amounts.js';
import { complain } from '../../terminal/output.js';
import type { Action, Session } from '../../verb.js';
import { add } from './add.js';
import { tellPairs } from './pairs.js';
import { type PlaceOptions, placeGuests } from './place.js';
import { tellReport } from './report.js';
import { withEngine } from './with-engine.js';

interface FleetOptions extends PlaceOptions {
  readonly sample?: number;
  readonly engine?: 'duckdb' | 'spark';
  readonly sparkSql?: string;
  readonly top?: number;
}

/** Of hosts, pairs and the like, where nobody says otherwise. */
const TOP = 20;

type FleetAction = 'add' | 'report' | 'pairs' | 'place' | 'sql';

export const action: Action<[FleetAction, string, readonly string[]], FleetOptions> = async (
  session,
  [what, directory, paths],
  options,
) => {
  refuseOptionsOfOthers(what, options);
  if (what === 'add') return add(session, directory, paths, options.sample);
  if (paths.length > 0) throw new InvalidArgumentError(`${what} takes no recordings: add does`);
  if (what === 'sql') return printQuery(session, directory);
  const dataset = await Dataset.open(directory);
  const { identity } = dataset;
  const unsealed = await dataset.assertWhole();
  if (unsealed > 0)
    complain(
      `${count(unsealed, 'file')} of the fleet without a checksum, added before there were any: ` +
        'damage in them is not seen',
    );
  await withEngine(await engineOf(dataset, options), (engine) => {
    const { top = TOP } = options;
    if (what === 'report') return tellReport(session, engine, identity, top);
    if (what === 'pairs') return tellPairs(session, engine, identity, top);
    return placeGuests(session, engine, identity, options, top);
  });
  return undefined;
};

/** Options by the actions that take them. */
const OPTIONS_OF: readonly [
  actions: readonly FleetAction[],
  does: string,
  options: readonly (keyof FleetOptions)[],
][] = [
  [['add'], 'add does', ['sample']],
  [['place'], 'place does', ['hosts', 'memory', 'tenants', 'maxMoves', 'margin']],
  [['report', 'pairs', 'place'], 'report, pairs and place do', ['engine', 'sparkSql', 'top']],
];

function refuseOptionsOfOthers(what: FleetAction, options: FleetOptions): void {
  for (const [actions, does, names] of OPTIONS_OF)
    for (const option of names)
      if (!actions.includes(what) && options[option] !== undefined) {
        const name = option.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`);
        throw new InvalidArgumentError(`${what} takes no --${name}: ${does}`);
      }
  if (options.sparkSql !== undefined && options.engine !== 'spark')
    throw new InvalidArgumentError("--spark-sql is what '--engine spark' runs: say that as well");
}

async function engineOf(
  dataset: Dataset,
  { engine, sparkSql = 'spark-sql' }: FleetOptions,
): Promise<Engine> {
  return engine === 'spark' ? new SparkEngine(dataset, sparkSql) : DuckDBEngine.of(dataset);
}

function printQuery({ print }: Session, name: string): undefined {
  const queries = name === 'report' ? REPORT_QUERIES : QUERIES.filter((each) => each === name);
  if (queries.length === 0)
    throw new InvalidArgumentError(`no query is called '${name}': report, ${QUERIES.join(', ')}`);
  print(...sqlOf(queries).trimEnd().split('\n'));
}
